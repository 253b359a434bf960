import Testing

@testable import Secrets

/// The scanner that reads answers with secrets in them, where they lie.
@Suite struct SecretJSONTests {
    private func secret(_ path: [String], in document: String) -> String? {
        let bytes = Array(document.utf8)
        guard let value = SecretJSON.secret(path, in: bytes.span) else { return nil }
        let span = value.bytes
        return String(decoding: span.indices.map { span[$0] }, as: UTF8.self)
    }

    private func plain(_ path: [String], in document: String) -> String? {
        let bytes = Array(document.utf8)
        return SecretJSON.plain(path, in: bytes.span)
    }

    private let answer = """
        { "service_account" : {"id":"3f0c","tags":[1,-2.5e3,{"id":"other"}],"name":null},
          "client_secret":"se\\"cr\\u0065t\\ud83d\\ude00\\n/\\/" , "more": [true,false,null,[]] }
        """

    @Test func `finds what is asked for, and nothing of the same name elsewhere`() {
        #expect(secret(["client_secret"], in: answer) == "se\"cret😀\n//")
        #expect(plain(["service_account", "id"], in: answer) == "3f0c")
        #expect(plain(["id"], in: answer) == nil)
        #expect(plain(["service_account", "name"], in: answer) == nil)
        #expect(plain(["service_account"], in: answer) == nil)
        #expect(secret(["client_secret", "id"], in: answer) == nil)
    }

    @Test func `an answer that is cut anywhere is no answer`() {
        let bytes = Array(answer.utf8)
        for count in 0..<bytes.count {
            let cut = Array(bytes[..<count])
            #expect(SecretJSON.plain(["service_account", "id"], in: cut.span) == nil, "\(count)")
        }
    }

    @Test(arguments: [
        "", " ", "null", "[]", "\"client_secret\"", "<html>client_secret</html>",
        #"{"client_secret":"a"}x"#, #"{"client_secret":"a"}{}"#, #"{"client_secret":"a",}"#,
        #"{"client_secret" "a"}"#, #"{client_secret:"a"}"#, #"{"client_secret":'a'}"#,
        #"{"client_secret":"\x"}"#, #"{"client_secret":"\u12"}"#, #"{"client_secret":"\ud800"}"#,
        #"{"client_secret":"\ud800\u0041"}"#, #"{"client_secret":5}"#, #"{"client_secret":{}}"#,
        "{\"client_secret\":\"a\nb\"}", #"{"client_secret":"a}"#, #"{"client_secret":"a\"}"#,
    ])
    func `what is not a whole object with that string is refused`(_ document: String) {
        #expect(secret(["client_secret"], in: document) == nil)
    }

    @Test func `nesting without end is refused`() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep =
                String(repeating: open, count: 100_000) + "1"
                + String(repeating: close, count: 100_000)
            #expect(plain(["value"], in: #"{"x":\#(deep),"value":"v"}"#) == nil)
        }
    }

    @Test func `every byte that is changed gives another answer, or none, and never a crash`() {
        let original = Array(#"{"key":{"id":"k1","name":"n"},"value":"pcsk_1"}"#.utf8)
        for index in original.indices {
            for change: UInt8 in [1, 0x20, 0x80] {
                var bytes = original
                bytes[index] ^= change
                let value = SecretJSON.plain(["value"], in: bytes.span)
                #expect(value == nil || value?.utf8.count ?? 0 <= 64)
            }
        }
    }

    @Test func `whole numbers are read, and nothing else for one`() {
        func number(_ document: String) -> Int? {
            let bytes = Array(document.utf8)
            return SecretJSON.number(["expires_in"], in: bytes.span)
        }
        #expect(number(#"{"expires_in":1800}"#) == 1800)
        for other in ["-1", "1.5", "1e3", "\"1800\"", "null", "99999999999999999999"] {
            #expect(number(#"{"expires_in":\#(other)}"#) == nil, "\(other)")
        }
    }
}
