import Rotations
import Secrets

/// An account that may administer, without its secret.
package struct AdminAccount: Hashable, Sendable {
    /// The name in the connection's `admins:`.
    package let name: String
    /// The account's id at Pinecone.
    package let id: String
    package let clientID: String
    /// The version of its secret, so that a token of an older one is not used.
    package let version: Int

    package init(name: String, id: String, clientID: String, version: Int) {
        self.name = name
        self.id = id
        self.clientID = clientID
        self.version = version
    }
}

/// Where the admins of a connection come from.
package struct AdminAccess: Sendable {
    /// The logged-in admins, in the order in which they are tried.
    package let accounts: @Sendable () async -> [AdminAccount]
    /// The secret of one of them; nil when the vault does not give it out.
    package let secret: @Sendable (AdminAccount) async -> SecretBytes?

    package init(
        accounts: @escaping @Sendable () async -> [AdminAccount],
        secret: @escaping @Sendable (AdminAccount) async -> SecretBytes?
    ) {
        self.accounts = accounts
        self.secret = secret
    }
}

/// An access token, for as long as the run lasts.
final class AccessToken: Sendable {
    let bytes: SecretBytes
    let expiresAt: Timestamp

    init(bytes: consuming SecretBytes, expiresAt: Timestamp) {
        self.bytes = bytes
        self.expiresAt = expiresAt
    }
}
