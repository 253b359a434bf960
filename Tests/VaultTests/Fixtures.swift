import Rotations
import Secrets
import Testing
import Vault
import VectorFiles

/// A secret that holds this text.
func secret(_ text: String) throws -> SecretBytes {
    try SecretBytes(copying: Array(text.utf8).span)
}

/// The root key whose bytes are all `byte`.
func rootKey(_ byte: UInt8 = 1) throws -> RootKey {
    let text = try SecretBytes(copying: [UInt8](repeating: byte, count: 32).span)
    return try RootKey(reading: text)
}

/// A vault under the root key whose bytes are all `byte`.
func makeVault(_ id: String = "vault-1", key byte: UInt8 = 1) throws -> Vault {
    let key = try rootKey(byte)
    return try Vault(id: id, rootKey: key)
}

let here = Place(
    purpose: .value, owner: "01J00000000000000000000SEC", number: 7,
    createdAt: Timestamp(milliseconds: 1_777_887_000_250))

extension Vault {
    /// A record that holds this text.
    func sealed(_ text: String, for place: Place = here) throws -> SealedRecord {
        let value = try secret(text)
        return try seal(value, for: place)
    }

    /// What a record holds, seen.
    @discardableResult
    func opened(_ record: SealedRecord) throws -> [UInt8] {
        let value = try open(record)
        return array(value.bytes)
    }
}
