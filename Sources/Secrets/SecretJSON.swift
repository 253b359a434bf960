import OpenSSL

/// Reads JSON that may hold a secret where it lies: no String, Data or Array is made of it, save of
/// the fields that are asked for as plain text.
///
/// It reads what RFC 8259 allows and refuses everything that is not whole.
package enum SecretJSON {
    private static let maximumDepth = 32

    /// The string at a path of keys, as a secret. Nil when the document is not whole and
    /// well-formed, has no string there, or secure memory has run out.
    package static func secret(_ path: [String], in document: Span<UInt8>) -> SecretBytes? {
        guard let range = find(path, in: document), isString(document, range),
            // Out of secure memory is one way of not being readable.
            var value = try? SecretBytes(capacity: range.count)
        else { return nil }
        guard unescape(document, range, { value.append($0) }) else { return nil }
        return consume value
    }

    /// The string at a path of keys, which is no secret: an id, a name, a client id.
    package static func plain(_ path: [String], in document: Span<UInt8>) -> String? {
        guard let range = find(path, in: document), isString(document, range) else { return nil }
        var bytes: [UInt8] = []
        guard unescape(document, range, { bytes.append($0) }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The whole number at a path of keys.
    package static func number(_ path: [String], in document: Span<UInt8>) -> Int? {
        guard let range = find(path, in: document), range.count <= 18 else { return nil }
        var value = 0
        for index in range {
            guard let digit = digit(document[index], radix: 10) else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    // MARK: -

    /// Where the value at a path is, if the document is one well-formed object and nothing else.
    private static func find(_ path: [String], in document: Span<UInt8>) -> Range<Int>? {
        var index = 0
        skipBlanks(document, &index)
        guard skipValue(document, &index, depth: 0) else { return nil }
        skipBlanks(document, &index)
        guard index == document.count else { return nil }
        index = 0
        skipBlanks(document, &index)
        for key in path {
            guard enter(Array(key.utf8), document, &index) else { return nil }
        }
        let start = index
        guard skipValue(document, &index, depth: 0) else { return nil }
        return start..<index
    }

    /// Moves from the start of an object to the value of one of its keys.
    private static func enter(
        _ key: [UInt8], _ document: Span<UInt8>, _ index: inout Int
    ) -> Bool {
        guard take("{", document, &index) else { return false }
        skipBlanks(document, &index)
        while !isNext("}", document, index) {
            let start = index
            guard skipString(document, &index) else { return false }
            let isWanted = equals(key, document, (start + 1)..<(index - 1))
            skipBlanks(document, &index)
            guard take(":", document, &index) else { return false }
            skipBlanks(document, &index)
            if isWanted { return true }
            guard skipValue(document, &index, depth: 0) else { return false }
            skipBlanks(document, &index)
            guard take(",", document, &index) else { return false }
            skipBlanks(document, &index)
        }
        return false
    }

    private static func skipValue(
        _ document: Span<UInt8>, _ index: inout Int, depth: Int
    ) -> Bool {
        guard depth < maximumDepth, index < document.count else { return false }
        switch document[index] {
        case UInt8(ascii: "\""): return skipString(document, &index)
        case UInt8(ascii: "{"):
            return skipItems("{", "}", document, &index) { document, index in
                guard skipString(document, &index) else { return false }
                skipBlanks(document, &index)
                guard take(":", document, &index) else { return false }
                skipBlanks(document, &index)
                return skipValue(document, &index, depth: depth + 1)
            }
        case UInt8(ascii: "["):
            return skipItems("[", "]", document, &index) { document, index in
                skipValue(document, &index, depth: depth + 1)
            }
        default:
            let start = index
            while index < document.count, isWordByte(document[index]) { index += 1 }
            return index > start
        }
    }

    private static func skipItems(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ document: Span<UInt8>,
        _ index: inout Int, _ skipItem: (Span<UInt8>, inout Int) -> Bool
    ) -> Bool {
        guard take(open, document, &index) else { return false }
        skipBlanks(document, &index)
        if take(close, document, &index) { return true }
        while true {
            guard skipItem(document, &index) else { return false }
            skipBlanks(document, &index)
            if take(close, document, &index) { return true }
            guard take(",", document, &index) else { return false }
            skipBlanks(document, &index)
        }
    }

    private static func skipString(_ document: Span<UInt8>, _ index: inout Int) -> Bool {
        guard take("\"", document, &index) else { return false }
        while index < document.count {
            let byte = document[index]
            index += 1
            if byte == UInt8(ascii: "\"") { return true }
            if byte == UInt8(ascii: "\\") { index += 1 }
            if byte < 0x20 { return false }
        }
        return false
    }

    private static func isString(_ document: Span<UInt8>, _ range: Range<Int>) -> Bool {
        range.count >= 2 && document[range.lowerBound] == UInt8(ascii: "\"")
    }

    /// Hands out the bytes of a string without its quotes and escapes. False for a bad escape.
    private static func unescape(
        _ document: Span<UInt8>, _ range: Range<Int>, _ append: (UInt8) -> Void
    ) -> Bool {
        var index = range.lowerBound + 1
        let end = range.upperBound - 1
        while index < end {
            let byte = document[index]
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                append(byte)
                continue
            }
            guard index < end else { return false }
            let escape = document[index]
            index += 1
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): append(escape)
            case UInt8(ascii: "b"): append(0x08)
            case UInt8(ascii: "f"): append(0x0c)
            case UInt8(ascii: "n"): append(0x0a)
            case UInt8(ascii: "r"): append(0x0d)
            case UInt8(ascii: "t"): append(0x09)
            case UInt8(ascii: "u"):
                guard let scalar = scalar(document, &index, end) else { return false }
                for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                    append(unit)
                }
            default: return false
            }
        }
        return true
    }

    /// The scalar of `\uXXXX`, or of a pair of them.
    private static func scalar(
        _ document: Span<UInt8>, _ index: inout Int, _ end: Int
    ) -> Unicode.Scalar? {
        guard let first = unit(document, &index, end) else { return nil }
        guard (0xd800..<0xdc00).contains(first) else { return Unicode.Scalar(first) }
        guard index + 1 < end, document[index] == UInt8(ascii: "\\"),
            document[index + 1] == UInt8(ascii: "u")
        else { return nil }
        index += 2
        guard let second = unit(document, &index, end), (0xdc00..<0xe000).contains(second)
        else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
    }

    private static func unit(
        _ document: Span<UInt8>, _ index: inout Int, _ end: Int
    ) -> UInt32? {
        guard index + 4 <= end else { return nil }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = digit(document[index], radix: 16) else { return nil }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }

    private static func equals(
        _ key: [UInt8], _ document: Span<UInt8>, _ range: Range<Int>
    ) -> Bool {
        range.count == key.count
            && key.indices.allSatisfy { key[$0] == document[range.lowerBound + $0] }
    }

    private static func skipBlanks(_ document: Span<UInt8>, _ index: inout Int) {
        while index < document.count, [0x20, 0x09, 0x0a, 0x0d].contains(document[index]) {
            index += 1
        }
    }

    private static func isNext(
        _ character: Unicode.Scalar, _ document: Span<UInt8>, _ index: Int
    ) -> Bool {
        index < document.count && document[index] == UInt8(ascii: character)
    }

    private static func take(
        _ character: Unicode.Scalar, _ document: Span<UInt8>, _ index: inout Int
    ) -> Bool {
        guard isNext(character, document, index) else { return false }
        index += 1
        return true
    }

    /// The bytes of numbers, `true`, `false` and `null`.
    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func digit(_ byte: UInt8, radix: Int) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f") where radix == 16:
            Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F") where radix == 16:
            Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}
