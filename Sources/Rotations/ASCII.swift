/// Kinds of bytes, for the parsers here that read ASCII alone.
extension UInt8 {
    /// 0 to 9.
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= self }

    /// A to Z, or a to z.
    var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")) ~= self | 0x20 }
}
