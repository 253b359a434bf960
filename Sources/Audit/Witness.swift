import FoundationEssentials
import OpenSSL

/// A witness's public key, in the form of a vkey (https://c2sp.org/tlog-cosignature).
package struct WitnessKey: Hashable, Sendable, CustomStringConvertible {
    /// The witness's name.
    package let name: String
    private let publicKey: [UInt8]
    private let id: [UInt8]

    /// A timestamped Ed25519 cosignature. OpenSSL 3.0 has nothing for the other, ML-DSA-44.
    private static let algorithm: UInt8 = 0x04

    /// Reads a vkey. Nil when it is malformed or of another algorithm.
    package init?(_ text: String) {
        guard let parts = NoteKey(text, algorithm: Self.algorithm) else { return nil }
        name = parts.name
        publicKey = parts.publicKey
        id = parts.id
    }

    package var description: String {
        NoteKey(name: name, algorithm: Self.algorithm, publicKey: publicKey).text
    }

    /// When the witness says that it cosigned `checkpoint`: the time in its line. Nil when the line
    /// is not its cosignature of this text.
    package func time(of line: String, over checkpoint: String) -> Int64? {
        guard let signature = SignedNote.Signature(line: line), signature.name == name,
            signature.keyID == id, signature.bytes.count == 8 + Ed25519.signatureByteCount
        else { return nil }
        let time = signature.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let message = "cosignature/v1\ntime \(time)\n\(checkpoint)"
        guard let seconds = Int64(exactly: time),
            Ed25519.isValid(
                Array(signature.bytes.dropFirst(8)), over: Array(message.utf8),
                publicKey: publicKey)
        else { return nil }
        return seconds
    }
}
