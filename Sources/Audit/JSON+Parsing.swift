/// Why a text is not of the canonical subset.
package struct JSONError: Error, Hashable, Sendable {
    /// The byte at which reading stopped, counted from 0.
    package let offset: Int
}

extension JSON {
    /// At most this many levels; an entry has three.
    private static let maximumDepth = 16

    /// Reads `bytes`, which must be exactly the canonical text of a value: anything that could hide
    /// in another spelling of the same value is refused where it stands.
    package init(canonical bytes: [UInt8]) throws(JSONError) {
        var reader = Reader(bytes: bytes)
        self = try reader.value(depth: 0)
        guard reader.offset == bytes.count else { throw reader.failure }
    }

    private struct Reader {
        let bytes: [UInt8]
        var offset = 0

        var failure: JSONError { JSONError(offset: offset) }
        var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

        /// Goes on if the next byte is this one.
        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard next == UInt8(ascii: character) else { return false }
            offset += 1
            return true
        }

        mutating func take(_ character: Unicode.Scalar) throws(JSONError) {
            guard skip(character) else { throw failure }
        }

        mutating func value(depth: Int) throws(JSONError) -> JSON {
            guard depth < JSON.maximumDepth, let byte = next else { throw failure }
            switch byte {
            case UInt8(ascii: "{"): return .object(try members(depth: depth))
            case UInt8(ascii: "["): return .array(try items(depth: depth))
            case UInt8(ascii: "\""): return .string(try string())
            case UInt8(ascii: "t"):
                for character in "true".unicodeScalars { try take(character) }
                return .boolean(true)
            case UInt8(ascii: "f"):
                for character in "false".unicodeScalars { try take(character) }
                return .boolean(false)
            default: return .integer(try integer())
            }
        }

        mutating func members(depth: Int) throws(JSONError) -> [String: JSON] {
            var members: [String: JSON] = [:]
            var last = ""
            try take("{")
            if skip("}") { return members }
            repeat {
                let key = try string()
                // In order and no two alike. Beyond ASCII, orders and equivalences differ between
                // readers.
                guard key.utf8.allSatisfy({ $0 < 0x80 }),
                    members.isEmpty || last.utf8.lexicographicallyPrecedes(key.utf8)
                else { throw failure }
                last = key
                try take(":")
                members[key] = try value(depth: depth + 1)
            } while skip(",")
            try take("}")
            return members
        }

        mutating func items(depth: Int) throws(JSONError) -> [JSON] {
            var items: [JSON] = []
            try take("[")
            if skip("]") { return items }
            repeat { items.append(try value(depth: depth + 1)) } while skip(",")
            try take("]")
            return items
        }

        /// Digits without leading zeros; no minus before a zero.
        mutating func integer() throws(JSONError) -> Int64 {
            let isNegative = skip("-")
            let start = offset
            var value: Int64 = 0
            while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
                offset += 1
                guard value <= JSON.maximumInteger else { throw failure }
            }
            let isZero = offset == start + 1 && value == 0
            guard offset > start, bytes[start] != UInt8(ascii: "0") || isZero && !isNegative
            else { throw failure }
            return isNegative ? -value : value
        }

        /// Only what must be escaped is, and in the one way of RFC 8785.
        mutating func string() throws(JSONError) -> String {
            try take("\"")
            let start = offset
            while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\""),
                byte != UInt8(ascii: "\\")
            {
                offset += 1
            }
            var raw = bytes[start..<offset]
            while let byte = next, byte != UInt8(ascii: "\"") {
                guard byte >= 0x20 else { throw failure }
                offset += 1
                raw.append(byte == UInt8(ascii: "\\") ? try escaped() : byte)
            }
            try take("\"")
            guard let text = String(validating: raw, as: UTF8.self) else { throw failure }
            return text
        }

        /// The byte that an escape stands for.
        private mutating func escaped() throws(JSONError) -> UInt8 {
            guard let escape = next else { throw failure }
            offset += 1
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): return escape
            case UInt8(ascii: "b"): return 0x08
            case UInt8(ascii: "t"): return 0x09
            case UInt8(ascii: "n"): return 0x0a
            case UInt8(ascii: "f"): return 0x0c
            case UInt8(ascii: "r"): return 0x0d
            case UInt8(ascii: "u"): return try control()
            default: throw failure
            }
        }

        /// The four digits after `\u`: only of control characters without a letter of their own,
        /// and in lower case.
        private mutating func control() throws(JSONError) -> UInt8 {
            try take("0")
            try take("0")
            guard let high = next, high == UInt8(ascii: "0") || high == UInt8(ascii: "1")
            else { throw failure }
            offset += 1
            guard let low = next else { throw failure }
            let digit: UInt8
            switch low {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = low - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = low - UInt8(ascii: "a") + 10
            default: throw failure
            }
            offset += 1
            let value = (high - UInt8(ascii: "0")) << 4 | digit
            guard ![0x08, 0x09, 0x0a, 0x0c, 0x0d].contains(value) else { throw failure }
            return value
        }
    }
}
