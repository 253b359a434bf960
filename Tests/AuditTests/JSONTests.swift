import Audit
import FoundationEssentials
import Testing
import VectorFiles

struct JSONTests {
    @Test(arguments: ["structures", "unicode"])
    func `texts of RFC 8785's author that are in our subset are read and written as they stand`(
        _ name: String
    ) throws {
        let text = try output(name)
        #expect(try JSON(canonical: Array(text.utf8)).canonical == text)
    }

    @Test(arguments: ["arrays", "values", "french", "weird"])
    func `texts with null, floats or keys beyond ASCII are refused`(_ name: String) throws {
        let text = try output(name)
        #expect(throws: JSONError.self) { try JSON(canonical: Array(text.utf8)) }
    }

    @Test func `strings are escaped as RFC 8785 escapes them`() throws {
        struct Values: Decodable { let string: String }
        let input: Values = try VectorFile.json("jcs-rfc8785/input/values.json")
        let written = JSON.string(input.string).canonical
        #expect(try output("values").contains("\"string\":\(written)"))
        #expect(written == #""€$\u000f\nA'B\"\\\\\"/""#)
        let weird: [String: String] = try VectorFile.json("jcs-rfc8785/input/weird.json")
        let canonical = try output("weird")
        #expect(weird.count == 9)
        for (key, value) in weird {
            let member = JSON.string(key).canonical + ":" + JSON.string(value).canonical
            #expect(canonical.contains(member))
            #expect(try JSON(canonical: Array(JSON.string(key).canonical.utf8)).text == key)
        }
    }

    @Test func `each control character has its one escape`() throws {
        for value in UInt8(0)..<0x80 {
            let text = String(UnicodeScalar(value))
            let written = JSON.string(text).canonical
            let expected: String
            switch value {
            case 0x08: expected = #"\b"#
            case 0x09: expected = #"\t"#
            case 0x0a: expected = #"\n"#
            case 0x0c: expected = #"\f"#
            case 0x0d: expected = #"\r"#
            case 0..<0x10: expected = #"\u000"# + String(value, radix: 16)
            case 0x10..<0x20: expected = #"\u001"# + String(value & 15, radix: 16)
            case UInt8(ascii: "\""): expected = #"\""#
            case UInt8(ascii: "\\"): expected = #"\\"#
            default: expected = text
            }
            #expect(written == "\"\(expected)\"")
            #expect(try JSON(canonical: Array(written.utf8)) == .string(text))
        }
    }

    @Test func `whatever is read is written again as it stood`() {
        let texts = [
            #"{"a":[0,-1,{"b":"x\n\u0001\"\\"}],"c":true,"d":"é€😀","e":9007199254740991}"#,
            #"["\b\t\f\r",false,{},[],10,-20]"#,
        ]
        for text in texts {
            let original = Array(text.utf8)
            #expect((try? JSON(canonical: original))?.canonical == text)
            for index in original.indices {
                for byte in UInt8.min...UInt8.max {
                    var bytes = original
                    bytes[index] = byte
                    guard let value = try? JSON(canonical: bytes) else { continue }
                    #expect(Array(value.canonical.utf8) == bytes)
                }
                var shorter = original
                shorter.remove(at: index)
                if let value = try? JSON(canonical: shorter) {
                    #expect(Array(value.canonical.utf8) == shorter)
                }
            }
        }
    }

    @Test func `keys stand in the order of their code units`() throws {
        let value = JSON.object([
            "b": .integer(1), "a": .boolean(true), "B": .array([]), "": .string(""),
            "10": .object([:]),
            "1": .boolean(false), "aa": .integer(-5), "_": .array([.integer(0), .string("x")]),
        ])
        let text =
            #"{"":"","1":false,"10":{},"B":[],"_":[0,"x"],"a":true,"aa":-5,"b":1}"#
        #expect(value.canonical == text)
        #expect(try JSON(canonical: Array(text.utf8)) == value)
    }

    @Test func `integers are read up to the largest that every reader gets right`() throws {
        for value in [0, 1, -1, JSON.maximumInteger, -JSON.maximumInteger] as [Int64] {
            #expect(try JSON(canonical: Array("\(value)".utf8)) == .integer(value))
            #expect(JSON.integer(value).canonical == "\(value)")
        }
    }

    @Test(arguments: [
        // Numbers
        "1.0", "1.5", "1e3", "1E3", "-0", "+1", "01", "-01", "-", "0x1", ".5", "NaN", "Infinity",
        "9007199254740992", "-9007199254740992", "9223372036854775807", "-9223372036854775808",
        "9223372036854775808", "-9223372036854775809", "1_000",
        // Words
        "null", "True", "tru", "truex", "",
        // White space, a byte order mark, more than one value
        " 1", "1 ", "1\n", "[1, 2]", "[ ]", #"{"a" :1}"#, #"{"a": 1}"#, "\u{feff}1", "1 2", "1,2",
        // Structure
        "[", "]", "[1", "[1,]", "[,1]", "{", "}", "{1:2}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#,
        #"{"a":1"#, #"{,"a":1}"#,
        // Keys out of order, twice, or beyond ASCII
        #"{"b":1,"a":2}"#, #"{"a":1,"a":1}"#, #"{"a":1,"a":2}"#, #"{"a":1,"b":2,"a":3}"#,
        #"{"é":1}"#, "{\"\u{212a}\":1}",
        // Strings
        #"""#, #""a"#, #""\"#, #""\x""#, #""\/""#, #""\'""#, #""\u0041""#, #""\u000A""#,
        #""\u000a""#, #""\u0008""#, #""\u001F""#, #""\u00""#, #""\u00e9""#, #""\ud83d\ude00""#,
        #""\ud800""#, #""\U000f""#, #""\u+00f""#, "\"\u{1}\"", "\"\t\"", "\"\n\"", "'a'",
    ])
    func `every other spelling is refused`(_ text: String) {
        #expect(throws: JSONError.self) { try JSON(canonical: Array(text.utf8)) }
    }

    @Test(
        arguments: [
            [0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22],  // an overlong NUL
            [0x22, 0xed, 0xa0, 0x80, 0x22],  // a surrogate
            [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22],  // above U+10FFFF
            [0x22, 0xe2, 0x82, 0x22], [0xef, 0xbb, 0xbf, 0x31], [0x00], [0x31, 0x00],
        ] as [[UInt8]])
    func `what is not UTF-8 is refused`(_ bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSON(canonical: bytes) }
    }

    @Test func `sixteen levels are read and no more`() throws {
        func nested(_ levels: Int) -> [UInt8] {
            Array(
                (String(repeating: "[", count: levels)
                    + String(repeating: "]", count: levels)).utf8)
        }
        #expect(throws: Never.self) { try JSON(canonical: nested(16)) }
        for levels in [17, 1_000_000] {
            let error = #expect(throws: JSONError.self) { try JSON(canonical: nested(levels)) }
            #expect(error?.offset == 16)
        }
    }

    @Test func `the error tells where reading stopped`() {
        for (text, offset) in [("[1,x]", 3), ("1 ", 1), (#"{"a":null}"#, 5), ("", 0)] {
            let error = #expect(throws: JSONError.self) {
                try JSON(canonical: Array(text.utf8))
            }
            #expect(error?.offset == offset, "\(text)")
        }
    }
}

private func output(_ name: String) throws -> String {
    try VectorFile.text("jcs-rfc8785/output/\(name).json")
}
