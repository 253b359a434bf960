import OpenSSL
import Rotations

/// Where a sealed value belongs. It is bound to the value by associated data, so a record that was
/// moved does not open.
package struct Place: Hashable, Sendable {
    /// What the value is for.
    package enum Purpose: String, Sendable, CaseIterable {
        /// One version of a secret.
        case value
        /// A provider's answer, before it was decoded.
        case answer
        /// The seed of the key that signs checkpoints.
        case signingKey = "signing-key"
    }

    package let purpose: Purpose
    /// The row that it belongs to: the secret's id, the effect's, or the log's origin.
    package let owner: String
    /// The version's number; 0 for what has none.
    package let number: Int
    /// When it was sealed.
    package let createdAt: Timestamp

    package init(purpose: Purpose, owner: String, number: Int, createdAt: Timestamp) {
        self.purpose = purpose
        self.owner = owner
        self.number = number
        self.createdAt = createdAt
    }
}

/// A value under its own data key, and the data key under the vault's wrapping key. FORMAT.md has
/// the bytes.
package struct SealedRecord: Hashable, Sendable {
    /// The version of this format.
    package static let formatVersion: UInt32 = 1

    package let place: Place
    /// Names the root key.
    package let keyID: String
    /// 32 bytes.
    package let salt: [UInt8]
    /// 32 bytes.
    package let commitment: [UInt8]
    /// 12 bytes.
    package let wrapNonce: [UInt8]
    /// The data key, 32 bytes and a tag of 16.
    package let wrappedKey: [UInt8]
    /// 12 bytes.
    package let nonce: [UInt8]
    /// The value and a tag of 16 bytes.
    package let ciphertext: [UInt8]

    package init(
        place: Place, keyID: String, salt: [UInt8], commitment: [UInt8], wrapNonce: [UInt8],
        wrappedKey: [UInt8], nonce: [UInt8], ciphertext: [UInt8]
    ) {
        self.place = place
        self.keyID = keyID
        self.salt = salt
        self.commitment = commitment
        self.wrapNonce = wrapNonce
        self.wrappedKey = wrappedKey
        self.nonce = nonce
        self.ciphertext = ciphertext
    }

    /// The whole record as bytes, each field with its length before it: what the spool holds, and
    /// what `hash` is over.
    package var encoded: [UInt8] {
        var writer = FieldWriter()
        writer.put("keyturn-record")
        writer.put(Self.formatVersion)
        writer.put(place)
        writer.put(keyID)
        for field in [salt, commitment, wrapNonce, wrappedKey, nonce, ciphertext] {
            writer.put(field)
        }
        return writer.bytes
    }

    /// SHA-256 of `encoded`. It stands in the audit trail, so that a swapped or rolled-back row is
    /// found without opening it.
    package var hash: [UInt8] { SHA256.hash(encoded) }

    /// Reads what `encoded` wrote. Nil when it is anything else.
    package init?(encoded: [UInt8]) {
        var reader = FieldReader(bytes: encoded)
        guard reader.text() == "keyturn-record", reader.number() == Self.formatVersion,
            let place = reader.place(), let keyID = reader.text(), let salt = reader.field(),
            let commitment = reader.field(), let wrapNonce = reader.field(),
            let wrappedKey = reader.field(), let nonce = reader.field(),
            let ciphertext = reader.field(), reader.isAtEnd
        else { return nil }
        self.init(
            place: place, keyID: keyID, salt: salt, commitment: commitment, wrapNonce: wrapNonce,
            wrappedKey: wrappedKey, nonce: nonce, ciphertext: ciphertext)
    }
}
