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
}
