import FoundationEssentials

/// The bytes of standard base64 (RFC 4648, section 4) in the one spelling that encoding them gives;
/// nil for anything else. The decoder alone would let stray bits and surplus padding through.
func bytes(base64 text: some StringProtocol) -> [UInt8]? {
    let text = String(text)
    guard let data = Data(base64Encoded: text), data.base64EncodedString() == text else {
        return nil
    }
    return Array(data)
}
