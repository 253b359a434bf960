import Rotations

/// Finds members in leaves without building all of them: for whoever reads a million.
///
/// It trusts that a leaf has the form that it was stored in. Whether each byte of it is canonical is
/// for `Entry` to say, and for whoever verifies the log.
package struct LeafReader: Sendable {
    private var leaf: [UInt8] = []
    /// Where the keys, without their marks, and the values stand.
    private var members: [(key: Range<Int>, value: Range<Int>)] = []

    package init() {}

    /// Turns to this leaf. False when it is no object.
    package mutating func read(_ leaf: [UInt8]) -> Bool {
        self.leaf = leaf
        members.removeAll(keepingCapacity: true)
        return Self.scan(leaf.span, from: 0, into: &members)
    }

    /// The text of a member.
    package func text(_ key: String) -> String? { value(key).flatMap(text) }

    /// The text of a member of an object, such as the `id` of `secret`.
    package func text(_ key: String, of object: String) -> String? {
        guard let range = value(object) else { return nil }
        var inner: [(key: Range<Int>, value: Range<Int>)] = []
        _ = Self.scan(leaf.span, from: range.lowerBound, into: &inner)
        return find(key, in: inner).flatMap(text)
    }

    /// The value of a member that is an integer from zero on.
    package func integer(_ key: String) -> Int64? {
        guard let range = value(key), range.count <= 16 else { return nil }
        var number: Int64 = 0
        for index in range {
            guard (0x30...0x39).contains(leaf[index]) else { return nil }
            number = number * 10 + Int64(leaf[index] & 15)
        }
        return number
    }

    /// The time of a member.
    package func time(_ key: String) -> Timestamp? {
        guard let range = value(key), range.count == 26 else { return nil }
        func number(_ offset: Int, _ count: Int) -> Int? {
            var number = 0
            for index in range.lowerBound + offset..<range.lowerBound + offset + count {
                guard (0x30...0x39).contains(leaf[index]) else { return nil }
                number = number * 10 + Int(leaf[index] & 15)
            }
            return number
        }
        // "2026-05-04T09:30:01.250Z" and its quotation marks.
        guard let year = number(1, 4), let month = number(6, 2), let day = number(9, 2),
            let date = CivilDate(year: year, month: month, day: day), let hour = number(12, 2),
            let minute = number(15, 2), let second = number(18, 2), let part = number(21, 3)
        else { return nil }
        let seconds = ((date.dayNumber * 24 + hour) * 60 + minute) * 60 + second
        return Timestamp(milliseconds: Int64(seconds) * 1000 + Int64(part))
    }

    /// A member whole.
    package func json(_ key: String) -> JSON? {
        // What is no JSON is no member.
        value(key).flatMap { try? JSON(canonical: Array(leaf[$0])) }
    }

    private func value(_ key: String) -> Range<Int>? { find(key, in: members) }

    private func find(
        _ key: String, in members: [(key: Range<Int>, value: Range<Int>)]
    ) -> Range<Int>? {
        let key = key.utf8
        return members.first {
            $0.key.count == key.count && leaf[$0.key].elementsEqual(key)
        }?.value
    }

    private func text(_ value: Range<Int>) -> String? {
        guard value.count >= 2, leaf[value.lowerBound] == UInt8(ascii: "\"") else { return nil }
        let inside = leaf.span.extracting(value.lowerBound + 1..<value.upperBound - 1)
        var isPlain = true
        for index in inside.indices where inside[index] == UInt8(ascii: "\\") { isPlain = false }
        return isPlain
            ? Self.string(inside) : (try? JSON(canonical: Array(leaf[value])))?.text  // as above
    }

    private static func string(_ bytes: Span<UInt8>) -> String {
        unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Finds the members of the object that begins here. False where it is none.
    private static func scan(
        _ bytes: Span<UInt8>, from start: Int,
        into members: inout [(key: Range<Int>, value: Range<Int>)]
    ) -> Bool {
        guard byte(bytes, start) == UInt8(ascii: "{") else { return false }
        var offset = start
        repeat {
            offset += 1
            let key = offset
            guard skipString(bytes, &offset), byte(bytes, offset) == UInt8(ascii: ":") else {
                return false
            }
            let keyEnd = offset
            offset += 1
            let value = offset
            guard skipValue(bytes, &offset) else { return false }
            members.append((key + 1..<keyEnd - 1, value..<offset))
        } while byte(bytes, offset) == UInt8(ascii: ",")
        return byte(bytes, offset) == UInt8(ascii: "}")
    }

    private static func byte(_ bytes: Span<UInt8>, _ offset: Int) -> UInt8 {
        offset < bytes.count ? bytes[offset] : 0
    }

    /// Passes over a string, its marks included.
    private static func skipString(_ bytes: Span<UInt8>, _ offset: inout Int) -> Bool {
        guard byte(bytes, offset) == UInt8(ascii: "\"") else { return false }
        offset += 1
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") {
            offset += bytes[offset] == UInt8(ascii: "\\") ? 2 : 1
        }
        offset += 1
        return offset <= bytes.count
    }

    private static func skipValue(_ bytes: Span<UInt8>, _ offset: inout Int) -> Bool {
        var depth = 0
        while true {
            switch byte(bytes, offset) {
            case UInt8(ascii: "\""): guard skipString(bytes, &offset) else { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                offset += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                offset += 1
            case 0: return false
            default: offset += 1
            }
            guard depth <= 0 else { continue }
            let next = byte(bytes, offset)
            if next == UInt8(ascii: ",") || next == UInt8(ascii: "}") || next == 0 {
                return depth == 0
            }
        }
    }
}
