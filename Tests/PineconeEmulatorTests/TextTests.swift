import Testing

@testable import PineconeEmulator

struct TextTests {
    @Test func `members keep their order and strings are escaped`() throws {
        let json: JSON = [
            "b": "a\"\\\n\u{1}é", "a": [1, .null, .bool(true), .number(1.5)], "empty": [:],
        ]
        let text = #"{"b":"a\"\\\n\u0001é","a":[1,null,true,1.5],"empty":{}}"#
        #expect(json.text == text)
        let read = try JSON(reading: Array(text.utf8))
        #expect(read["b"] == json["b"])
        #expect(read["a"] == json["a"])
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777_000, "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT"),
            (1_709_164_800_999, "2024-02-29T00:00:00Z", "Thu, 29 Feb 2024 00:00:00 GMT"),
            (4_102_444_799_000, "2099-12-31T23:59:59Z", "Thu, 31 Dec 2099 23:59:59 GMT"),
            (-1000, "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT"),
        ] as [(Int64, String, String)])
    func `moments are spelt as RFC 3339 and RFC 9110 have it`(
        _ ms: Int64, _ rfc3339: String, _ httpDate: String
    ) {
        #expect(Timestamp(ms: ms).rfc3339(.seconds) == rfc3339)
        #expect(Timestamp(ms: ms).httpDate == httpDate)
    }

    @Test func `milliseconds have three digits`() {
        #expect(Timestamp(ms: 1_700_000_000_007).rfc3339(.milliseconds).hasSuffix("20.007Z"))
    }

    @Test func `the same seed makes the same ids and secrets`() {
        var (one, two, other) = (Mint(seed: 1), Mint(seed: 1), Mint(seed: 2))
        #expect(one.identifier() == two.identifier())
        let secret = one.clientSecret()
        #expect(secret == two.clientSecret())
        _ = other.identifier()
        #expect(secret != other.clientSecret())
        #expect(secret.utf8.count == 64)
        #expect(throws: Never.self) { try Call.uuid(other.identifier(), of: "id") }
    }

    @Test func `targets and forms are decoded`() {
        let request = Request(
            method: "GET", target: "/a%20b?x=1%2B1&y&x=a+b%zz", headers: [:])
        #expect(request.path == "/a b")
        #expect(request.query("x") == "a b%zz")
        #expect(request.query("y") == "")
        #expect(request.query("z") == nil)
    }
}
