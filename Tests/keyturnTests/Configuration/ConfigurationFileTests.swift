import Testing

@testable import keyturn

/// A text and the one thing that is wrong with it.
struct Wrong: Sendable, CustomTestStringConvertible {
    let text: String
    let expected: String

    init(_ text: String, _ expected: String) {
        self.text = text
        self.expected = expected
    }

    var testDescription: String { expected }
}

/// A wrong file says where, what was found, what was expected, and the nearest key.
@Suite struct ConfigurationFileTests {
    static let wholeFile = [
        Wrong("", "1:1: the file is empty"),
        Wrong("# only a comment\n", "1:1: the file is empty"),
        Wrong("- 1\n", "1:1: the file is expected to be a mapping of keys, and this is a list"),
        Wrong("policies: []\n", "1:1: the file needs the key `version` (write version: 1)"),
        Wrong(
            "version: 2\n",
            "1:10: `version` is expected to be a whole number from 1 to 1, and this is `2`"),
        Wrong(
            "version: 1\npolices: []\n",
            "2:1: the file has no key `polices` (did you mean `policies`?)"),
        Wrong(
            "version: 1\nnotify: [{ run: [mail] }]\n",
            "2:18: a program must be an absolute path, and this is `mail` "
                + "(no shell and no PATH are used)"),
        Wrong(
            "version: 1\nnotify: [{ run: [/bin/tell], on: [faild] }]\n",
            "2:35: there is nothing to be told of that is called `faild` (did you mean `failed`?)"),
        Wrong(
            "version: 1\nnotify: [{ run: [/bin/tell], every: 1d }]\n",
            "2:30: an item of `notify` has no key `every` (the keys of an item of `notify` are run, timeout, on, not-again-for)"
        ),
        Wrong(
            "version: 1\npolicies: 3\n",
            "2:11: `policies` is expected to be a list, and this is `3` (begin each item with `- `)"
        ),
        Wrong("version: 1\nversion: 1\n", "2:1: `version` is here twice"),
        Wrong(
            "version: 1\n---\nversion: 1\n", "2:1: a second document begins here; one is expected"),
        Wrong(
            "version: 1\npolicies:\n\t- name: ci\n",
            "3:1: while scanning for the next token: found character that cannot start any token"),
        Wrong(
            "version: 1\npolicies: &all []\nfreezes: *all\n",
            "2:11: anchors and aliases are not read here"),
        Wrong(
            "version: 1\nconnections: [pinecone]\n",
            "2:14: `connections` is expected to be a mapping, and this is a list"),
    ]

    static let connections = [
        Wrong(
            "Pinecone: { admins: [a] }",
            "3:3: `Pinecone` is no name for a connection (\(Names.hint))"),
        Wrong(
            "pinecone: {}",
            "3:13: a connection needs the key `admins` (name at least one, such as admins: [ops-a, ops-b]; two can rotate each other)"
        ),
        Wrong(
            "pinecone: { admin: [a], admins: [a] }",
            "3:15: a connection has no key `admin` (did you mean `admins`?)"),
        Wrong("pinecone: { admins: [a, a] }", "3:27: the admin `a` is named twice"),
        Wrong("pinecone: { admins: [A] }", "3:24: `A` is no name for an admin (\(Names.hint))"),
        Wrong(
            "pinecone: { kind: weaviate, admins: [a] }",
            "3:21: `kind` is expected to be one of pinecone, and this is `weaviate`"),
        Wrong(
            "pinecone: { api: \"http://api.pinecone.io\", admins: [a] }",
            "3:20: `api`: http:// is accepted to 127.0.0.0/8, [::1] and localhost only; use https://"
        ),
        Wrong(
            "pinecone: { login: ftp://x, admins: [a] }",
            "3:22: `login`: the address must begin with https://"),
        Wrong(
            "pinecone: { ca-file: ca.pem, admins: [a] }",
            "3:24: `ca-file` must be an absolute path, and this is `ca.pem`"),
    ]

    @Test(arguments: wholeFile)
    func `a file that is wrong as a whole says so`(_ wrong: Wrong) {
        #expect(Reading.problems(wrong.text) == [wrong.expected])
    }

    @Test(arguments: connections)
    func `a connection that is wrong says so`(_ wrong: Wrong) {
        let problems = Reading.problems("version: 1\nconnections:\n  \(wrong.text)\n")
        #expect(problems == [wrong.expected])
    }

    @Test func `plain http to this machine is read`() {
        let text =
            "version: 1\nconnections:\n  p: { api: \"http://127.0.0.1:8080\", admins: [a] }\n"
        #expect(Reading.problems(text) == [])
    }

    @Test func `everything that is wrong is told at once, in the order of the file`() {
        let text = """
            version: 1
            connections:
              pinecone: { admins: [ops-a], colour: blue }
            policies:
              - name: Ci
                service-account: { connection: pincone, id: 12 }
                every: 30x
                max-age: soon
                deliver:
                  - file: { path: relative }
                  - file: { path: /var/lib/keyturn/x }
                keep: 0
                wibble: 1
            """
        #expect(
            Reading.problems(text).map { $0.prefix { $0 != " " } } == [
                "3:32:", "5:11:", "6:36:", "7:12:", "10:23:", "11:23:", "12:11:", "13:5:",
            ])
    }

    @Test func `a connection that is wrong is not missing besides`() {
        let text = """
            version: 1
            connections:
              pinecone: { admins: [] }
            policies:
              - name: ci
                service-account: { connection: pinecone, id: \(Reading.account) }
                every: 30d
            """
        let problems = Reading.problems(text)
        #expect(problems.count == 1)
        #expect(problems.first?.contains("needs the key `admins`") == true)
    }

    @Test func `a default that is wrong is told once, where it stands`() {
        let text = """
            version: 1
            connections: { pinecone: { admins: [ops-a] } }
            defaults: { every: often, sprad: 1h }
            policies:
              - name: a
                service-account: { connection: pinecone, id: \(Reading.account) }
              - name: b
                service-account: { connection: pinecone, id: \(Reading.other) }
            """
        #expect(
            Reading.problems(text) == [
                "3:20: `every` is expected to be a duration, and this is `often` "
                    + "(write a whole number and one of s, m, h, d, w, such as 30d)",
                "3:27: `defaults` has no key `sprad` (did you mean `spread`?)",
            ])
    }
}
