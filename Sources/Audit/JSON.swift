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
    package var canonical: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .object(let members):
            text += "{"
            var isFirst = true
            // Keys are ASCII, so the order of code units is the order of bytes.
            for (key, value) in members.sorted(by: {
                $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
            }) {
                if !isFirst { text += "," }
                isFirst = false
                Self.write(key, to: &text)
                text += ":"
                value.write(to: &text)
            }
            text += "}"
        case .array(let items):
            text += "["
            for (index, item) in items.enumerated() {
                if index > 0 { text += "," }
                item.write(to: &text)
            }
            text += "]"
        case .string(let string): Self.write(string, to: &text)
        case .integer(let integer):
            precondition(abs(integer) <= Self.maximumInteger, "an integer too large for JSON")
            text += String(integer)
        case .boolean(let boolean): text += boolean ? "true" : "false"
        }
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\u{8}": text += "\\b"
            case "\t": text += "\\t"
            case "\n": text += "\\n"
            case "\u{c}": text += "\\f"
            case "\r": text += "\\r"
            case "\u{0}"..."\u{1f}":
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
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
