/// Something that a person does at the provider to an account or a key, and that is no rotation.
package struct Administration: Codable, Hashable, Sendable {
    /// What is done.
    package enum Action: String, Codable, Sendable, CaseIterable {
        case create
        case rename
        /// Gives an account roles.
        case grant
        /// Takes roles from an account.
        case revoke
        /// Gives a key these roles and no others.
        case setRoles = "set-roles"
        case delete
        /// Obtains an access token for an account. Nothing at the provider changes.
        case token
    }

    /// Where it stands. What is settled has no row any longer.
    package enum State: String, Codable, Sendable, CaseIterable {
        /// It is to be done at its date, and can be taken back.
        case scheduled
        /// It was begun; whether it happened is not known.
        case intended
        /// No usable answer came. Evidence settles it.
        case unsettled
        /// It was created, and its answer was lost; should that come back, it is taken in.
        case lost
    }

    package let id: Identifier
    package let action: Action
    package let connection: String
    package let kind: Target.Kind
    /// The provider's id; empty for what is to be created.
    package let providerID: String
    /// The name at the provider, as it is, or is to be.
    package let name: String
    /// The project, of a key.
    package let project: String?
    /// The name that it is to be given.
    package let newName: String?
    /// What is granted, revoked, set, or created with.
    package let rights: [Right]
    /// The name here of the secret that is created.
    package let secretName: String?
    /// The ids of all of its kind before it was created: what appears besides may be it.
    package let listed: [String]
    package let reason: String?
    package let begunAt: Timestamp
    /// When it is to be done, where that is later.
    package let dueAt: Timestamp?

    package init(
        id: Identifier, _ action: Action, of kind: Target.Kind, on connection: String,
        providerID: String = "", name: String, project: String? = nil, newName: String? = nil,
        rights: [Right] = [], secretName: String? = nil, listed: [String] = [],
        reason: String? = nil, at begunAt: Timestamp, dueAt: Timestamp? = nil
    ) {
        self.begunAt = begunAt
        self.id = id
        self.action = action
        self.kind = kind
        self.connection = connection
        self.providerID = providerID
        self.name = name
        self.project = project
        self.newName = newName
        self.rights = rights
        self.secretName = secretName
        self.listed = listed
        self.reason = reason
        self.dueAt = dueAt
    }
}
