/// Reads header lines one by one and keeps the head of the final answer.
///
/// Heads of interim answers (1xx) are forgotten when the next begins; trailers are not looked at.
struct CurlHeadReader {
    /// The longest value that is kept; the rest of it is cut off.
    private static let valueLimit = 256

    private var status = 0
    private var headers: [String: String] = [:]
    /// The head, once its blank line was read.
    private(set) var final: CurlHead?

    /// Takes the next line, its line break included.
    mutating func read(_ line: UnsafeBufferPointer<UInt8>, keeping kept: [String]) {
        guard final == nil else { return }
        let text = line.prefix { $0 != 13 && $0 != 10 }
        if text.isEmpty {
            if status >= 200 { final = CurlHead(status: status, headers: headers) }
        } else if text.starts(with: "HTTP/".utf8) {
            status = Self.status(text)
            headers = [:]
        } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
            let name = text[..<colon]
            guard let name = kept.first(where: { Self.equal($0, name) }), headers[name] == nil
            else { return }
            headers[name] = Self.value(text[(colon + 1)...])
        }
    }

    /// The number after the first space: `HTTP/1.1 200 OK`, `HTTP/2 200`.
    private static func status(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        let digits = line.drop { $0 != 32 }.dropFirst().prefix { $0 != 32 }
        guard digits.count == 3 else { return 0 }
        return digits.reduce(0) { sum, digit in
            (48...57).contains(digit) && sum >= 0 ? sum * 10 + Int(digit) - 48 : -1
        }
    }

    private static func equal(
        _ name: String, _ bytes: Slice<UnsafeBufferPointer<UInt8>>
    ) -> Bool {
        bytes.elementsEqual(name.utf8) { byte, expected in
            ((65...90).contains(byte) ? byte + 32 : byte) == expected
        }
    }

    /// The printable ASCII of a value, trimmed at the front.
    private static func value(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> String {
        let trimmed = bytes.drop { $0 == 32 || $0 == 9 }.prefix(valueLimit)
        return String(decoding: trimmed.filter { (32...126).contains($0) }, as: UTF8.self)
    }
}
