import Rotations
import Testing

@testable import keyturn

/// Who may receive a secret, and how it is told that somebody may not.
@Suite struct DestinationReaderTests {
    /// The item on line 9, from column 9 on.
    static let items = [
        Wrong(
            "fil: { path: /run/x }", "9:9: a destination has no key `fil` (did you mean `file`?)"),
        Wrong(
            "{}",
            "9:9: a destination needs one of the keys `file` and `command` (for example - file: { path: /run/app/pinecone.env, format: env })"
        ),
        Wrong("file: { format: env }", "9:15: `file` needs the key `path`"),
        Wrong(
            "file: { path: run/x }",
            "9:23: `path` must be an absolute path without `..`, and this is `run/x`"),
        Wrong(
            "file: { path: /run/../etc/x }",
            "9:23: `path` must be an absolute path without `..`, and this is `/run/../etc/x`"),
        Wrong(
            "file: { path: /run/x/ }",
            "9:23: `path` must be an absolute path without `..`, and this is `/run/x/`"),
        Wrong(
            "file: { path: /var/lib/keyturn/x }",
            "9:23: /var/lib/keyturn/x is inside the state directory /var/lib/keyturn (deliver to a place that consumers may read)"
        ),
        Wrong(
            "file: { path: /run/x, format: yaml }",
            "9:39: `format` is expected to be one of raw, env, json, template, and this is `yaml`"),
        Wrong(
            "file: { path: /run/x, format: template }",
            "9:39: `format: template` needs the key `template`, the text with its placeholders (for example template: \"token={{client_secret}}\\n\")"
        ),
        Wrong(
            "file: { path: /run/x, format: env, template: \"{{client_secret}}\" }",
            "9:39: there is a `template`, and `format` is `env` (leave `format` out)"),
        Wrong(
            "file: { path: /run/x, template: \"a\\n{{client_secrets}}\" }",
            "9:41: line 2 of `template`: `{{client_secrets}}` names no field; they are client_id, client_secret, api_key, name, version"
        ),
        Wrong(
            "file: { path: /run/x, template: \"{{client_secret|html}}\" }",
            "9:41: line 1 of `template`: `{{client_secret|html}}` names no escape; they are json, env, xml, base64, percent"
        ),
        Wrong(
            "file: { path: /run/x, template: \"{{client_secret}\" }",
            "9:41: line 1 of `template`: a placeholder has no end; `{{{{` stands for two braces"
        ),
        Wrong(
            "file: { path: /run/x, template: \"{{api_key}}\" }",
            "9:23: the template names {{api_key}}, which this target has not (it has client_id, client_secret, name, version)"
        ),
        Wrong(
            "file: { path: /run/x, template: \"{{client_id}}\" }",
            "9:23: the template does not name the secret: nothing would be delivered (it has client_id, client_secret, name, version)"
        ),
        Wrong(
            "file: { path: /run/x, mode: 0440 }",
            "9:37: `mode` is expected to be permission bits in quotes, and this is `0440` (write mode: \"0440\"; others may never write)"
        ),
        Wrong(
            "file: { path: /run/x, mode: \"0666\" }",
            "9:37: `mode` is expected to be permission bits in quotes, and this is `0666` (write mode: \"0440\"; others may never write)"
        ),
        Wrong(
            "file: { path: /run/x, mode: \"0840\" }",
            "9:37: `mode` is expected to be permission bits in quotes, and this is `0840` (write mode: \"0440\"; others may never write)"
        ),
        Wrong(
            "file: { path: /run/x, required: maybe }",
            "9:41: `required` is expected to be true or false, and this is `maybe`"),
        Wrong(
            "command: { input: json }",
            "9:18: `command` needs the key `run`, a program and its arguments (for example run: [/usr/local/libexec/push, ci])"
        ),
        Wrong(
            "command: { run: /bin/push }",
            "9:25: `run` is expected to be a list, and this is `/bin/push` (begin each item with `- `)"
        ),
        Wrong(
            "command: { run: [push, ci] }",
            "9:26: a program must be an absolute path, and this is `push` (no shell and no PATH are used)"
        ),
        Wrong(
            "command: { run: [/bin/push], timeout: 2h }",
            "9:47: `timeout` is expected to be 1s to 1h"),
        Wrong(
            "command: { run: [/bin/push], input: xml }",
            "9:45: `input` is expected to be one of raw, env, json, and this is `xml`"),
    ]

    @Test(arguments: items)
    func `a destination that is wrong says so`(_ wrong: Wrong) {
        let text = Reading.policy("deliver:", "  - \(wrong.text)")
        #expect(Reading.problems(text) == [wrong.expected])
    }

    @Test func `a destination that is here twice is refused where it is the second time`() {
        let text = Reading.policy(
            "deliver:", "  - file: { path: /run/x }", "  - file: { path: /run/x, format: env }")
        #expect(
            Reading.problems(text) == ["10:23: this destination is here twice: file:/run/x"])
    }

    @Test func `what is not said has its default`() throws {
        let file = try Reading.parse(
            Reading.policy(
                "deliver:", "  - file: { path: /run/x }", "  - command: { run: [/bin/push] }"))
        let destinations = try #require(file.policies.first).policy.terms.destinations
        #expect(
            destinations == [
                Destination(
                    receiver: .file(
                        FileTerms(
                            path: "/run/x", format: .raw, owner: nil, group: nil, mode: 0o600)),
                    isRequired: true),
                Destination(
                    receiver: .command(
                        CommandTerms(
                            run: ["/bin/push"], input: .json, timeout: Interval(seconds: 30))),
                    isRequired: true),
            ])
    }
}
