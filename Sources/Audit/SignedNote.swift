import FoundationEssentials
import OpenSSL

/// A public key that verifies notes, in C2SP's vkey form `NAME+HASH+BASE64`
/// (https://c2sp.org/signed-note).
package struct VerifierKey: Hashable, Sendable, CustomStringConvertible {
    /// The key name: without blanks and plus signs.
    package let name: String
    /// The Ed25519 public key, 32 bytes.
    package let publicKey: [UInt8]
    /// The first four bytes of `SHA-256(NAME ‖ 0x0A ‖ 0x01 ‖ key)`.
    package let id: [UInt8]

    /// The note signature algorithm Ed25519.
    private static let algorithm: UInt8 = 0x01

    /// The verifier of a key pair.
    package init(name: String, publicKey: [UInt8]) {
        self.name = name
        self.publicKey = publicKey
        let message = Array(name.utf8) + [0x0a, Self.algorithm] + publicKey
        id = Array(SHA256.hash(message).prefix(4))
    }

    /// Reads a vkey. Nil when it is malformed, of another algorithm, or its hash does not match.
    package init?(_ text: String) {
        // The base64 part may hold a plus sign: split at the first two only.
        let parts = text.unicodeScalars
            .split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, VerifierKey.isName(parts[0]), parts[1].utf8.count == 8,
            let hash = bytes(hexadecimal: parts[1]),
            let data = bytes(base64: parts[2]), data.first == Self.algorithm,
            data.count == 1 + Ed25519.publicKeyByteCount
        else { return nil }
        self.init(name: parts[0], publicKey: Array(data.dropFirst()))
        guard id == hash else { return nil }
    }

    package var description: String {
        "\(name)+\(hexadecimal(id))+\(Data([Self.algorithm] + publicKey).base64EncodedString())"
    }

    static func isName(_ name: String) -> Bool {
        // By scalars: a plus sign with a combining mark is another Character, and still a plus sign.
        !name.isEmpty
            && !name.unicodeScalars.contains { $0 == "+" || $0.properties.isWhitespace }
    }
}

/// A private key that signs notes.
package struct NoteSigner: Sendable {
    private let key: Ed25519.PrivateKey
    /// What verifies its signatures.
    package let verifier: VerifierKey

    /// The signer with this key name and this seed of 32 bytes.
    package init(name: String, seed: Span<UInt8>) throws(OpenSSLError) {
        key = try Ed25519.PrivateKey(seed: seed)
        verifier = VerifierKey(name: name, publicKey: key.publicKey)
    }

    /// The note: `text`, which ends in a newline, an empty line, and one signature line.
    package func sign(_ text: String) throws(OpenSSLError) -> String {
        precondition(text.hasSuffix("\n"))
        let signature = try key.sign(Array(text.utf8))
        let line = Data(verifier.id + signature).base64EncodedString()
        return "\(text)\n\u{2014} \(verifier.name) \(line)\n"
    }
}

/// A note as it was read, before anybody believes it.
package struct SignedNote: Sendable {
    /// A signature line.
    package struct Signature: Hashable, Sendable {
        package let name: String
        package let keyID: [UInt8]
        package let bytes: [UInt8]
    }

    /// The signed text, with its last newline.
    package let text: String
    package let signatures: [Signature]

    /// 1 MB, as Go's reader has it.
    static let maximumByteCount = 1_000_000
    private static let maximumSignatureCount = 100

    /// Takes a note apart. Nil when it is malformed.
    package init?(_ note: String) {
        guard note.utf8.count <= Self.maximumByteCount, note.hasSuffix("\n"),
            !note.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\n" })
        else { return nil }
        // The last empty line divides the text from the signatures.
        let raw = Array(note.utf8)
        guard
            let split = raw.indices.dropLast().last(where: {
                raw[$0] == 0x0a && raw[$0 + 1] == 0x0a
            })
        else { return nil }
        text = String(decoding: raw[...split], as: UTF8.self)
        let lines = String(decoding: raw[(split + 2)...], as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        var signatures: [Signature] = []
        for line in lines {
            guard signatures.count < Self.maximumSignatureCount, line.hasPrefix("\u{2014} ")
            else { return nil }
            let parts = line.dropFirst(2).split(
                separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 2, VerifierKey.isName(String(parts[0])),
                let data = bytes(base64: parts[1]), data.count > 4
            else { return nil }
            signatures.append(
                Signature(
                    name: String(parts[0]), keyID: Array(data.prefix(4)),
                    bytes: Array(data.dropFirst(4))))
        }
        guard !signatures.isEmpty else { return nil }
        self.signatures = signatures
    }

    /// Whether `key` signed it: at least one line of this name and key id, and none of them wrong.
    package func isSigned(by key: VerifierKey) -> Bool {
        let ours = signatures.filter { $0.name == key.name && $0.keyID == key.id }
        let message = Array(text.utf8)
        return !ours.isEmpty
            && ours.allSatisfy {
                Ed25519.isValid($0.bytes, over: message, publicKey: key.publicKey)
            }
    }
}
