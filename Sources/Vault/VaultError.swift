/// Why the vault did not open or seal a value.
package enum VaultError: Error, Hashable, Sendable {
    /// The record names another root key than the one in hand.
    case otherKey(expected: String, found: String)
    /// The record does not open under its own key: it was changed, moved or damaged.
    case damaged
    /// The value is longer than the room that was prepared for it.
    case tooLong
    /// libcrypto failed, or the secure heap is full.
    case cryptography
    /// A root key has another form than 32 raw bytes, 64 hexadecimal digits or 44 of base64.
    case malformedKey
}
