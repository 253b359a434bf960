/// Why the vault did not open or seal a value.
package enum VaultError: Error, Hashable, Sendable {
    /// The record names another root key than the one in hand.
    case otherKey(expected: String, found: String)
    /// The record does not open under its own key: it was changed, moved or damaged.
    case damaged
    /// The value is longer than the room that was prepared for it, or than 1 MiB.
    case tooLong
    /// libcrypto failed, or the secure heap is full.
    case cryptography
    /// A root key has another form than 32 raw bytes or 64 hexadecimal digits.
    case malformedKey
}
