/// The top of everything. Objects of another organization are 404.
struct Organization: Sendable, Hashable {
    let id: String
    var name: String
    let createdAt: Timestamp
}

/// Owns API keys.
struct Project: Sendable, Hashable {
    let id: String
    let organizationID: String
    var name: String
    var maxPods: Int64
    var forceEncryptionWithCMEK: Bool
    let createdAt: Timestamp
}

/// A principal with one client secret, which rotation replaces.
package struct ServiceAccount: Sendable, Hashable {
    /// What paths and bindings call it.
    package let id: String
    /// The organization that alone sees it.
    package let organizationID: String
    /// 1 to 80 bytes, not unique.
    package internal(set) var name: String
    /// What it calls itself in a token exchange; never changes.
    package let clientID: String
    let createdAt: Timestamp
    /// Moved by renaming, and by nothing else.
    package internal(set) var updatedAt: Timestamp
    /// The last is the one secret that stays; those before it live on for a while.
    var secrets: [IssuedValue]
    /// Set by deletion: from here on it is no longer shown. Nil while it lives.
    package internal(set) var shownUntil: Timestamp?

    /// The secret issued last.
    package var clientSecret: String {
        secrets.last?.value ?? ""
    }
}

/// One value of a secret and the time in which it is accepted.
struct IssuedValue: Sendable, Hashable {
    let value: String
    /// Accepted from here on…
    let from: Timestamp
    /// … until before here; nil is for ever.
    var until: Timestamp?

    /// Whether it is accepted at `now`.
    func isAccepted(at now: Timestamp) -> Bool {
        now >= from && until.map { now < $0 } ?? true
    }
}

/// A bearer token of a service account.
struct AccessToken: Sendable, Hashable {
    let accountID: String
    /// Refused from here on.
    var until: Timestamp
}

/// A credential of one project's data.
package struct APIKey: Sendable, Hashable {
    /// What paths call it; not the value.
    package let id: String
    /// The project it opens.
    package let projectID: String
    /// 1 to 80 bytes, not unique.
    package internal(set) var name: String
    /// What it may do there.
    package internal(set) var roles: [Role]
    var issued: IssuedValue
    /// Set by deletion: from here on it is no longer shown. Nil while it lives.
    package internal(set) var shownUntil: Timestamp?

    /// The value that opens the project.
    package var value: String {
        issued.value
    }
}

/// A role held by a principal. Immutable.
struct RoleBinding: Sendable, Hashable {
    /// Who may hold a role. Users and invites are not modelled beyond their bindings.
    enum PrincipalType: String, Sendable, Hashable, CaseIterable {
        case user
        case serviceAccount = "service_account"
        case apiKey = "api_key"
        case invite
    }

    let id: String
    let organizationID: String
    let principalType: PrincipalType
    let principalID: String
    let grant: Grant
    let createdAt: Timestamp
    /// Set by deletion: from here on it is no longer shown. Nil while it lives.
    var shownUntil: Timestamp?

    /// Always filled in: the organization's id for that scope.
    var resourceID: String {
        switch grant.scope {
        case .organization: organizationID
        case .project(let id): id
        }
    }
}
