import FoundationEssentials
import Rotations
import Secrets
import Testing

@testable import Handoff

/// The formats of CONTRACT.md.
@Suite struct RenderingTests {
    private func payload(
        _ value: String, kind: Target.Kind = .serviceAccount, clientID: String? = "client"
    ) throws -> Payload {
        let secret = try SecretBytes(copying: Array(value.utf8).span)
        return Payload(
            label: PayloadLabel(name: "ci", version: 7, kind: kind, rotation: nil),
            credential: Credential(
                reference: CredentialReference(
                    kind: kind, providerID: "id", name: nil, clientID: clientID, project: nil),
                value: secret), names: EnvironmentNames())
    }

    private func text(_ value: String, _ format: PayloadFormat, kind: Target.Kind = .serviceAccount)
        throws -> String
    {
        let payload = try payload(value, kind: kind)
        let rendered = try Rendering.render(payload, as: format)
        let bytes = rendered.bytes
        return String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }

    @Test func `raw is the secret alone, without a newline`() throws {
        #expect(try text("s3cret", .raw) == "s3cret")
        #expect(try text("with \"all\" \\ of it\n", .raw) == "with \"all\" \\ of it\n")
    }

    @Test func `env is a line for each name`() throws {
        #expect(
            try text("s3cret", .env)
                == "PINECONE_CLIENT_ID=client\nPINECONE_CLIENT_SECRET=s3cret\n")
        #expect(try text("pcsk_1", .env, kind: .apiKey) == "PINECONE_API_KEY=pcsk_1\n")
    }

    @Test(arguments: ["a b", "a$b", "a#b", "a;b", "`a`", "a&b", "a*b", "!a"])
    func `what a shell would read otherwise stands in single quotes`(_ value: String) throws {
        #expect(try text(value, .env, kind: .apiKey) == "PINECONE_API_KEY='\(value)'\n")
    }

    @Test(arguments: ["a'b", "a\"b", "a\\b", "a\nb", "a\tb", "ä", "a\u{7f}"])
    func `what no two readers of env agree on is refused, and json is named`(
        _ value: String
    ) throws {
        let payload = try payload(value, kind: .apiKey)
        let refused = #expect(throws: Unfit.self) { _ = try Rendering.render(payload, as: .env) }
        #expect(refused?.cause == .valueUnfit)
        #expect(refused?.hint?.contains("json") == true)
        #expect(refused?.description.contains(value) == false)
    }

    @Test func `json is one object on one line, whatever the secret holds`() throws {
        #expect(
            try text("a\"b\\c\nd", .json)
                == #"{"client_id":"client","client_secret":"a\"b\\c\u000ad","name":"ci","version":7}"#
                + "\n")
        #expect(
            try text("pcsk_1", .json, kind: .apiKey)
                == #"{"api_key":"pcsk_1","name":"ci","version":7}"# + "\n")
    }

    // MARK: Templates

    private func filled(_ template: String, _ value: String) throws -> String {
        try text(value, .template(PayloadTemplate(parsing: template)))
    }

    @Test func `a template is written as it stands, with its placeholders filled`() throws {
        #expect(
            try filled(
                """
                [pinecone]
                id = {{client_id}}
                secret = {{ client_secret }}
                # {{name}} {{version}} {{{{not one}} {"a":{}}

                """, "s3cret")
                    == """
                    [pinecone]
                    id = client
                    secret = s3cret
                    # ci 7 {{not one}} {"a":{}}

                    """)
    }

    @Test(arguments: [
        ("json", "a\"b\\c\nd/é", #"a\"b\\c\u000ad/é"#),
        ("env", "a b", "'a b'"), ("env", "ab", "ab"),
        ("xml", "<a b=\"c\">'&'", "&lt;a b=&quot;c&quot;&gt;&#39;&amp;&#39;"),
        ("base64", "", ""), ("base64", "f", "Zg=="), ("base64", "fo", "Zm8="),
        ("base64", "foo", "Zm9v"), ("base64", "foob", "Zm9vYg=="), ("base64", "fooba", "Zm9vYmE="),
        ("base64", "foobar", "Zm9vYmFy"), ("base64", "a\nb", "YQpi"),
        ("base64", "??>>~~", "Pz8+Pn5+"),
        ("base64", "\u{ff}\u{fe}", "w7/Dvg=="),
        ("percent", "a b/c?d=e&f~g-h_i.j%é\n", "a%20b%2Fc%3Fd%3De%26f~g-h_i.j%25%C3%A9%0A"),
    ])
    func `an escape makes a value mean itself where it stands`(
        _ escape: String, _ value: String, _ expected: String
    ) throws {
        #expect(try filled("<{{client_secret|\(escape)}}>", value) == "<\(expected)>")
    }

    @Test(arguments: ["a\nb", "a\rb", "a\u{0}b", "a\u{7f}b"])
    func `a value that would break a line is not written as it is`(_ value: String) throws {
        for template in ["{{client_secret}}", "{{client_secret|xml}}"] {
            let refused = #expect(throws: Unfit.self) { _ = try filled(template, value) }
            #expect(refused?.cause == .valueUnfit)
            #expect(refused?.description.contains(value) == false)
            #expect(refused?.hint?.contains("|json") == true)
        }
    }

    @Test func `a format of a policy from before templates is still written as it was`() throws {
        let encoder = JSONEncoder()
        #expect(String(decoding: try encoder.encode(PayloadFormat.env), as: UTF8.self) == "\"env\"")
        let template = PayloadFormat.template(try PayloadTemplate(parsing: "{{api_key|json}}\n"))
        for format in [PayloadFormat.raw, .env, .json, template] {
            #expect(
                try JSONDecoder().decode(PayloadFormat.self, from: try encoder.encode(format))
                    == format)
        }
    }
}
