/// The name of a row that must be recognized again elsewhere: 26 characters of Crockford's base 32,
/// the first ten a time in milliseconds, the others random, so that they sort by age.
package struct Identifier: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// 26 characters, digits and capital letters.
    package let text: String

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// A new identifier.
    /// - Parameter random: 10 bytes.
    package init(at time: Timestamp, random: [UInt8]) {
        precondition(random.count == 10)
        var characters: [UInt8] = []
        let milliseconds = UInt64(max(time.milliseconds, 0))
        for shift in stride(from: 45, through: 0, by: -5) {
            characters.append(Self.alphabet[Int(milliseconds >> UInt64(shift)) & 31])
        }
        var bits: UInt64 = 0
        var count = 0
        for byte in random {
            bits = bits << 8 | UInt64(byte)
            count += 8
            while count >= 5 {
                count -= 5
                characters.append(Self.alphabet[Int(bits >> UInt64(count)) & 31])
            }
            bits &= (1 << UInt64(count)) - 1
        }
        text = String(decoding: characters, as: UTF8.self)
    }

    /// An identifier that was stored. Nil when it has another form.
    package init?(_ text: String) {
        guard text.utf8.count == 26, text.utf8.allSatisfy({ Self.alphabet.contains($0) })
        else { return nil }
        self.text = text
    }

    package var description: String { text }

    package static func < (left: Identifier, right: Identifier) -> Bool { left.text < right.text }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = Identifier(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not an identifier")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// The name that we give to a credential of our making, so that it is found again (P6).
package enum AttemptName {
    /// The longest name that Pinecone takes, in UTF-8 bytes.
    package static let maximumByteCount = 80

    /// `BASE~ATTEMPT`: the base cut at a UTF-8 boundary to 53 bytes, an earlier `~…` dropped.
    ///
    /// The identifier is that of the attempt's intent, not of its rotation: a rotation may mint
    /// more than once, and a late commit of one attempt must not pass for another (P16).
    package static func make(base: String, attempt: Identifier) -> String {
        var name = base
        if isOurs(base), let tilde = base.lastIndex(of: "~") { name = String(base[..<tilde]) }
        while name.utf8.count > maximumByteCount - 1 - 26 { name.unicodeScalars.removeLast() }
        return "\(name)~\(attempt.text)"
    }

    /// Whether a name has the form of ours. Other states, and copies of this one, give such names
    /// too.
    package static func isOurs(_ name: String) -> Bool {
        guard let tilde = name.lastIndex(of: "~") else { return false }
        return Identifier(String(name[name.index(after: tilde)...])) != nil
    }
}
