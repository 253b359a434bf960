/// One value of a secret.
package struct Version: Hashable, Sendable {
    /// What a version is to its secret.
    package enum State: String, Sendable, CaseIterable {
        /// Sealed, but not yet what consumers should use.
        case pending
        /// What consumers should use. At most one for a secret.
        case current
        /// Still alive beside its successor, or dying; it has a date.
        case retiring
        /// Dead at the provider.
        case retired
        /// Issued, and never seen by us.
        case lost
        /// Its value is erased; the row stays.
        case destroyed
    }

    /// Counts from 1 within its secret.
    package let number: Int
    package var state: State
    /// The provider's id of the credential that it belongs to (P5).
    package let providerID: String
    /// The provider's name of it when it was issued (P5).
    package let providerName: String?
    /// The public half of a service account's credential.
    package let clientID: String?
    /// Whether the vault holds its value. An adopted credential has none at first.
    package let isHeld: Bool
    package let issuedAt: Timestamp
    /// When it proved itself at the provider.
    package var provedAt: Timestamp?
    /// When it may be retired. Set while `retiring`.
    package var retireAt: Timestamp?
    /// When the provider took it away or replaced it. It may be accepted for some seconds more.
    package var endedAt: Timestamp?
    /// When a person said that its consumers have moved to it (P25).
    package var acknowledgedAt: Timestamp?

    package init(
        number: Int, state: State, providerID: String, providerName: String?, clientID: String?,
        isHeld: Bool, issuedAt: Timestamp, provedAt: Timestamp? = nil, retireAt: Timestamp? = nil,
        endedAt: Timestamp? = nil, acknowledgedAt: Timestamp? = nil
    ) {
        self.number = number
        self.state = state
        self.providerID = providerID
        self.providerName = providerName
        self.clientID = clientID
        self.isHeld = isHeld
        self.issuedAt = issuedAt
        self.provedAt = provedAt
        self.retireAt = retireAt
        self.endedAt = endedAt
        self.acknowledgedAt = acknowledgedAt
    }

    /// Whether consumers may depend on the credential of this id by this version.
    func isLive(as credential: CredentialReference) -> Bool {
        providerID == credential.providerID && [.pending, .current].contains(state)
    }
}

/// Names a secret: by its row, which never changes, and by its name, which people use.
package struct SecretReference: Hashable, Sendable {
    package let id: Identifier
    package let name: String

    package init(id: Identifier, name: String) {
        self.id = id
        self.name = name
    }
}
