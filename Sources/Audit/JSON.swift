/// JSON in a strict subset of RFC 8785: ASCII keys in order, no white space, integers within
/// ±(2^53−1), no floats, no null, no duplicate keys. Entries and `--json` lines are written in it.
package enum JSON: Hashable, Sendable {
    case object([String: JSON])
    case array([JSON])
    case string(String)
    case integer(Int64)
    case boolean(Bool)

    /// The largest integer that every reader of JSON gets right.
    package static let maximumInteger: Int64 = (1 << 53) - 1

    /// The one canonical text of the value.
    package var canonical: String { String(decoding: canonicalBytes, as: UTF8.self) }

    /// The same in UTF-8.
    package var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return bytes
    }

    private func write(to bytes: inout [UInt8]) {
        switch self {
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            var isFirst = true
            // Keys are ASCII, so the order of code units is the order of bytes.
            for (key, value) in members.sorted(by: {
                $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
            }) {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                Self.write(key, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        case .array(let items):
            bytes.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                item.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .string(let string): Self.write(string, to: &bytes)
        case .integer(let integer):
            precondition(abs(integer) <= Self.maximumInteger, "an integer too large for JSON")
            bytes += String(integer).utf8
        case .boolean(let boolean): bytes += (boolean ? "true" : "false").utf8
        }
    }

    private static func write(_ string: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x08: bytes += "\\b".utf8
            case 0x09: bytes += "\\t".utf8
            case 0x0a: bytes += "\\n".utf8
            case 0x0c: bytes += "\\f".utf8
            case 0x0d: bytes += "\\r".utf8
            case ..<0x20: bytes += "\\u00\(hexadecimal([byte]))".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension JSON {
    /// The members of an object; nil for everything else.
    package var members: [String: JSON]? {
        if case .object(let members) = self { members } else { nil }
    }
    /// The text of a string; nil for everything else.
    package var text: String? { if case .string(let text) = self { text } else { nil } }
    /// The value of an integer; nil for everything else.
    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
}
