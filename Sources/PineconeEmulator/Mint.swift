/// Makes identifiers and secrets: the same ones again from the same seed.
///
/// Nothing here is meant to be hard to guess. Values of two worlds with different seeds differ.
struct Mint: Sendable {
    private var state: UInt64

    /// A mint whose whole output follows from `seed`.
    init(seed: UInt64) {
        state = seed
    }

    /// Identifier of an object: a lower-case UUID of version 4.
    mutating func identifier() -> String {
        var bytes = (0..<16).map { _ in UInt8(truncatingIfNeeded: next()) }
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        let digits = bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0\(text)" : text
        }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }
            .joined(separator: "-")
    }

    /// An OAuth client id: 32 letters and digits.
    mutating func clientID() -> String {
        text(32, from: Self.alphanumeric)
    }

    /// A client secret: 64 characters of URL-safe text, as in Pinecone's published examples.
    mutating func clientSecret() -> String {
        text(64, from: Self.urlSafe)
    }

    /// An API key's value, in the shape that is issued (`pcsk_…`), not the documented one.
    mutating func apiKeyValue() -> String {
        "pcsk_\(text(5, from: Self.alphanumeric))_\(text(64, from: Self.alphanumeric))"
    }

    /// An opaque access token: three parts joined by dots, of a JSON Web Token's length.
    mutating func accessToken() -> String {
        "\(text(36, from: Self.urlSafe)).\(text(200, from: Self.urlSafe))"
            + ".\(text(86, from: Self.urlSafe))"
    }

    private static let alphanumeric = Array(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
    private static let urlSafe = alphanumeric + Array("-_".utf8)

    private mutating func text(_ count: Int, from alphabet: [UInt8]) -> String {
        let bytes = (0..<count).map { _ in alphabet[Int(next() % UInt64(alphabet.count))] }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    private mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
