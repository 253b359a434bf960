extension SecretBytes {
    /// Adds a text as it stands between the quotes of a JSON string (RFC 8259, section 7). What has
    /// to be escaped takes up to six bytes for one.
    package mutating func append(jsonEscaped text: Span<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(text[index])
            case 0..<0x20:
                append(plain: "\\u00")
                append(digits[Int(text[index] >> 4)])
                append(digits[Int(text[index] & 15)])
            default: append(text[index])
            }
        }
    }
}
