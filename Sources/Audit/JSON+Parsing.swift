/// Why a text is not of the canonical subset.
package struct JSONError: Error, Hashable, Sendable {
    /// The byte at which reading stopped, counted from 0.
    package let offset: Int
}

extension JSON {
    /// At most this many levels; an entry has three.
    private static let maximumDepth = 16

    /// Reads `bytes`, which must be exactly the canonical text of a value: anything that could hide
    /// in another spelling of the same value is refused.
    package init(canonical bytes: [UInt8]) throws(JSONError) {
        var reader = Reader(bytes: bytes)
        self = try reader.value(depth: 0)
        guard reader.offset == bytes.count, Array(canonical.utf8) == bytes else {
            throw JSONError(offset: reader.offset)
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        var offset = 0

        var failure: JSONError { JSONError(offset: offset) }
        var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

        mutating func take(_ text: StaticString) throws(JSONError) {
            let wanted = Array(text.description.utf8)
            guard bytes.dropFirst(offset).starts(with: wanted) else { throw failure }
            offset += wanted.count
        }

        mutating func value(depth: Int) throws(JSONError) -> JSON {
            guard depth < JSON.maximumDepth, let byte = next else { throw failure }
            switch byte {
            case UInt8(ascii: "{"): return .object(try members(depth: depth))
            case UInt8(ascii: "["): return .array(try items(depth: depth))
            case UInt8(ascii: "\""): return .string(try string())
            case UInt8(ascii: "t"):
                try take("true")
                return .boolean(true)
            case UInt8(ascii: "f"):
                try take("false")
                return .boolean(false)
            default: return .integer(try integer())
            }
        }

        mutating func members(depth: Int) throws(JSONError) -> [String: JSON] {
            var members: [String: JSON] = [:]
            try take("{")
            if next == UInt8(ascii: "}") {
                offset += 1
                return members
            }
            while true {
                let key = try string()
                // Beyond ASCII, orders and equivalences differ between readers.
                guard key.utf8.allSatisfy({ $0 < 0x80 }) else { throw failure }
                try take(":")
                let value = try value(depth: depth + 1)
                guard members.updateValue(value, forKey: key) == nil else { throw failure }
                guard next == UInt8(ascii: ",") else { break }
                offset += 1
            }
            try take("}")
            return members
        }

        mutating func items(depth: Int) throws(JSONError) -> [JSON] {
            var items: [JSON] = []
            try take("[")
            if next == UInt8(ascii: "]") {
                offset += 1
                return items
            }
            while true {
                items.append(try value(depth: depth + 1))
                guard next == UInt8(ascii: ",") else { break }
                offset += 1
            }
            try take("]")
            return items
        }

        mutating func integer() throws(JSONError) -> Int64 {
            let start = offset
            if next == UInt8(ascii: "-") { offset += 1 }
            while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                offset += 1
            }
            let text = String(decoding: bytes[start..<offset], as: UTF8.self)
            // `abs` would trap on the smallest Int64.
            guard let value = Int64(text),
                (-JSON.maximumInteger...JSON.maximumInteger).contains(value)
            else { throw failure }
            return value
        }

        mutating func string() throws(JSONError) -> String {
            try take("\"")
            var raw: [UInt8] = []
            while let byte = next, byte != UInt8(ascii: "\"") {
                offset += 1
                guard byte == UInt8(ascii: "\\") else {
                    raw.append(byte)
                    continue
                }
                guard let escape = next else { throw failure }
                offset += 1
                switch escape {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): raw.append(escape)
                case UInt8(ascii: "b"): raw.append(0x08)
                case UInt8(ascii: "t"): raw.append(0x09)
                case UInt8(ascii: "n"): raw.append(0x0a)
                case UInt8(ascii: "f"): raw.append(0x0c)
                case UInt8(ascii: "r"): raw.append(0x0d)
                case UInt8(ascii: "u"): raw.append(try control())
                default: throw failure
                }
            }
            try take("\"")
            guard let text = String(validating: raw, as: UTF8.self) else { throw failure }
            return text
        }

        /// The four digits after `\u`: in canonical text only control characters are so written.
        mutating func control() throws(JSONError) -> UInt8 {
            guard offset + 4 <= bytes.count else { throw failure }
            let digits = String(decoding: bytes[offset..<(offset + 4)], as: UTF8.self)
            guard let value = UInt8(digits, radix: 16), value < 0x20 else { throw failure }
            offset += 4
            return value
        }
    }
}
