import Synchronization

/// The versions that proved themselves at the provider in this run: only such a version is
/// delivered (P21), and only beside such a version does anything end (invariant 4).
package final class ProvedAlive: Sendable {
    private struct Key: Hashable {
        let secret: Identifier
        let version: Int
    }

    private let versions = Mutex<Set<Key>>([])

    package init() {}

    /// Remembers that the version was accepted.
    func insert(_ version: Int, of secret: SecretReference) {
        versions.withLock { _ = $0.insert(Key(secret: secret.id, version: version)) }
    }

    /// Whether the version was accepted in this run.
    func contains(_ version: Int, of secret: SecretReference) -> Bool {
        versions.withLock { $0.contains(Key(secret: secret.id, version: version)) }
    }
}
