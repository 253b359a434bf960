import OpenSSL
import Rotations
import Secrets

/// Seals and opens values. It holds the keys that were derived from the root key, and nothing on
/// disk: rows are Storage's.
///
/// - Each value has a random data key of its own, used for exactly one encryption.
/// - The data key is wrapped under a key that HKDF makes from the wrapping key and a random salt,
///   with a commitment that is checked first: GCM alone does not commit to its key.
/// - Associated data binds vault, owner, version and purpose, so nothing opens elsewhere.
package final class Vault: Sendable {
    /// The vault's own id, part of every associated data.
    package let id: String
    /// Names the root key: made from it, so that a wrong key is told from a damaged row.
    package let keyID: String

    private let wrappingKey: SecretBytes
    private let fingerprintKey: SecretBytes
    private let spreadKey: SecretBytes

    /// Derives the keys of the vault with this id.
    package init(id: String, rootKey: borrowing RootKey) throws(VaultError) {
        self.id = id
        wrappingKey = try rootKey.derive("wrap")
        fingerprintKey = try rootKey.derive("fingerprint")
        spreadKey = try rootKey.derive("spread")
        let checkKey = try rootKey.derive("key-id")
        do throws(OpenSSLError) {
            let code = try Self.code(over: Array(id.utf8).span, under: checkKey)
            var text = ""
            for byte in code.prefix(8) {
                text += String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }
            keyID = text
        } catch {
            throw .cryptography
        }
    }

    /// Prepares to seal one value of at most `capacity` bytes: data key, wrap, nonces and buffers
    /// are there when this returns, so that sealing what arrives later cannot fail for want of
    /// them (P10). Throws `tooLong` for more than 1 MiB.
    package func prepare(for place: Place, capacity: Int) throws(VaultError) -> Sealing {
        do throws(OpenSSLError) {
            let dataKey = SecretBytes(try Random.secret(AESGCM.keyByteCount))
            let salt = try Random.bytes(32)
            let wrapNonce = try Random.bytes(AESGCM.nonceByteCount)
            let nonce = try Random.bytes(AESGCM.nonceByteCount)
            let wrapData = associatedData(of: place, role: "wrap", keyID: keyID)
            let material = try Self.wrapMaterial(
                of: wrappingKey, salt: salt, associatedData: wrapData)
            let wrapped = try AESGCM.seal(
                dataKey.bytes, key: material.bytes.extracting(first: 32), nonce: wrapNonce,
                associatedData: wrapData)
            let sealer = try AESGCM.Sealer(
                key: dataKey.bytes, nonce: nonce,
                associatedData: associatedData(of: place, role: "body", keyID: nil),
                capacity: capacity)
            let commitment = material.bytes.extracting(last: 32)
            return Sealing(
                place: place, keyID: keyID, salt: salt,
                commitment: commitment.indices.map { commitment[$0] }, wrapNonce: wrapNonce,
                wrappedKey: wrapped, nonce: nonce, sealer: sealer)
        } catch {
            throw error == .invalidLength ? .tooLong : .cryptography
        }
    }

    /// Seals a value that is at hand.
    package func seal(
        _ value: borrowing SecretBytes, for place: Place
    ) throws(VaultError) -> SealedRecord {
        let sealing = try prepare(for: place, capacity: value.count)
        return try sealing.seal(value)
    }

    /// Opens a record in its place.
    ///
    /// Throws `otherKey` when it was sealed under another root key, `damaged` when it was changed,
    /// or when the place is not the one it was sealed for.
    package func open(_ record: SealedRecord) throws(VaultError) -> SecretBytes {
        guard record.keyID == keyID else {
            throw .otherKey(expected: record.keyID, found: keyID)
        }
        guard record.salt.count == 32, record.commitment.count == 32 else { throw .damaged }
        do throws(OpenSSLError) {
            let wrapData = associatedData(of: record.place, role: "wrap", keyID: keyID)
            let material = try Self.wrapMaterial(
                of: wrappingKey, salt: record.salt, associatedData: wrapData)
            guard
                ConstantTime.equal(material.bytes.extracting(last: 32), record.commitment.span)
            else { throw OpenSSLError.authenticationFailed }
            let dataKey = try AESGCM.open(
                record.wrappedKey.span, key: material.bytes.extracting(first: 32),
                nonce: record.wrapNonce, associatedData: wrapData)
            return SecretBytes(
                try AESGCM.open(
                    record.ciphertext.span, key: dataKey.bytes, nonce: record.nonce,
                    associatedData: associatedData(of: record.place, role: "body", keyID: nil)))
        } catch {
            switch error {
            case .authenticationFailed, .invalidLength: throw .damaged
            case .secureHeapExhausted, .failed: throw .cryptography
            }
        }
    }

    /// A keyed fingerprint of 16 bytes: equal for equal values, useless to a reader.
    package func fingerprint(_ value: Span<UInt8>) throws(VaultError) -> [UInt8] {
        do throws(OpenSSLError) {
            return Array(try Self.code(over: value, under: fingerprintKey).prefix(16))
        } catch {
            throw .cryptography
        }
    }

    /// The keyed hash of a secret's name that spreads rotations: always the same, and not to be
    /// foreseen without the key.
    package func spread(of name: String) throws(VaultError) -> UInt64 {
        do throws(OpenSSLError) {
            let code = try Self.code(over: Array(name.utf8).span, under: spreadKey)
            return code.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        } catch {
            throw .cryptography
        }
    }

    /// Seals and opens a probe, to find out before a minting call whether both work (P10).
    package func checkCanary(at now: Timestamp) throws(VaultError) {
        let place = Place(purpose: .answer, owner: "canary", number: 0, createdAt: now)
        do throws(OpenSSLError) {
            let probe = try SecretBytes.random(32)
            let opened = try? open(try seal(probe, for: place))  // either way it is .cryptography
            guard let opened, opened.equals(probe) else { throw OpenSSLError.authenticationFailed }
        } catch {
            throw .cryptography
        }
    }

    /// 64 bytes: the key that wraps one data key, and the commitment to it.
    private static func wrapMaterial(
        of wrappingKey: borrowing SecretBytes, salt: [UInt8], associatedData: [UInt8]
    ) throws(OpenSSLError) -> SecureBuffer {
        try HKDF.sha256(
            key: wrappingKey.bytes, salt: salt,
            info: Array("keyturn/data-key-wrap/v1".utf8) + associatedData, count: 64)
    }

    private static func code(
        over message: Span<UInt8>, under key: borrowing SecretBytes
    ) throws(OpenSSLError) -> [UInt8] {
        try HMAC.sha256(key: key.bytes, message: message)
    }

    private func associatedData(of place: Place, role: String, keyID: String?) -> [UInt8] {
        var writer = FieldWriter()
        writer.put("keyturn-vault")
        writer.put(SealedRecord.formatVersion)
        writer.put("AES-256-GCM")
        writer.put(id)
        writer.put(role)
        writer.put(place)
        if let keyID { writer.put(keyID) }
        return writer.bytes
    }
}

/// A sealing that waits for its value, and holds all it needs.
package struct Sealing: ~Copyable {
    let place: Place
    let keyID: String
    let salt: [UInt8]
    let commitment: [UInt8]
    let wrapNonce: [UInt8]
    let wrappedKey: [UInt8]
    let nonce: [UInt8]
    var sealer: AESGCM.Sealer

    /// Seals the value. Throws `tooLong` when it exceeds the prepared room.
    package consuming func seal(
        _ value: borrowing SecretBytes
    ) throws(VaultError) -> SealedRecord {
        do throws(OpenSSLError) {
            let ciphertext = try sealer.seal(value.bytes)
            return SealedRecord(
                place: place, keyID: keyID, salt: salt, commitment: commitment,
                wrapNonce: wrapNonce, wrappedKey: wrappedKey, nonce: nonce, ciphertext: ciphertext)
        } catch {
            throw error == .invalidLength ? .tooLong : .cryptography
        }
    }
}
