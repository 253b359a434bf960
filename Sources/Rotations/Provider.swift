import Secrets

/// The other side: what issues, proves and retires credentials. It speaks our words; a client of
/// its own speaks the provider's.
package protocol Provider: Sendable {
    /// Looks the credential up with an admin that is not the credential's own account (P7, P30), and
    /// lists what is there (P11). Refuses with `no-admin`, `lock-out`, `target-missing` and the like.
    func survey(_ credential: CredentialReference) async -> Outcome<Survey>

    /// Asks a credential whether it lives. Says `refused` only with a control on the same endpoint
    /// within the minute, otherwise `no-verdict` (P20); never `not-held`.
    func ask(_ credential: borrowing Credential) async -> Verdict

    /// Sends the call that mints a secret, once (P12). The answer is not looked at.
    func issue(_ order: Order) async -> Outcome<SecretBytes>

    /// Decodes an answer of `issue`. It may hold a secret, so the error says nothing of it.
    func read(_ answer: borrowing SecretBytes, of order: Order) throws(UndecodableAnswer) -> Issued

    /// Looks for what an unsettled order may have made. In place there is nothing to find.
    func find(_ order: Order) async -> Outcome<[CredentialReference]>

    /// What the one credential may do and the other may not.
    func compareRights(
        of new: CredentialReference, with old: CredentialReference
    ) async -> Outcome<RightsDifference>

    /// Gives the credential rights. What it has already is `done`.
    func grant(_ rights: [Right], to credential: CredentialReference) async -> Outcome<Void>

    /// Deletes a credential. Absent already, with a control, is `done` (P20).
    func retire(_ credential: CredentialReference) async -> Outcome<Void>

    /// Milliseconds by which the provider's clock was ahead of ours in its last answer; nil before
    /// the first (P28).
    var clockOffsetMilliseconds: Int64? { get async }
}

/// A credential at the provider, without its value.
package struct CredentialReference: Hashable, Sendable {
    package let kind: Target.Kind
    package let providerID: String
    /// The name that it is recorded under; nil when nobody has said one.
    package let name: String?
    /// The public half, of a service account.
    package let clientID: String?
    /// The project, of an API key.
    package let project: String?

    package init(
        kind: Target.Kind, providerID: String, name: String?, clientID: String?, project: String?
    ) {
        self.kind = kind
        self.providerID = providerID
        self.name = name
        self.clientID = clientID
        self.project = project
    }
}

/// A credential with its value.
package struct Credential: ~Copyable, Sendable {
    package let reference: CredentialReference
    package let value: SecretBytes

    package init(reference: CredentialReference, value: consuming SecretBytes) {
        self.reference = reference
        self.value = value
    }
}

/// What was found at prepare.
package struct Survey: Hashable, Sendable {
    /// The credential as the provider has it now.
    package let found: CredentialReference
    /// All credentials of its kind beside it, and itself, before anything is made.
    package let listed: [CredentialReference]
    /// The admin whose token was used.
    package let admin: String

    package init(found: CredentialReference, listed: [CredentialReference], admin: String) {
        self.found = found
        self.listed = listed
        self.admin = admin
    }
}

/// Something that a credential may do: a role, and where.
package struct Right: Codable, Hashable, Sendable {
    package let role: String
    /// `organization` or `project`; nil for the role of an API key.
    package let resourceType: String?
    /// The project; nil for the organization.
    package let resourceID: String?

    package init(role: String, resourceType: String?, resourceID: String?) {
        self.role = role
        self.resourceType = resourceType
        self.resourceID = resourceID
    }

    /// The right for a person: `ProjectEditor of project ID`.
    package var text: String {
        let place = [resourceType, resourceID].compactMap(\.self).joined(separator: " ")
        return place.isEmpty ? role : "\(role) of \(place)"
    }
}

/// In what the rights of a new credential differ from those of the old one.
package struct RightsDifference: Hashable, Sendable {
    package let missing: [Right]
    package let extra: [Right]

    package init(missing: [Right], extra: [Right]) {
        self.missing = missing
        self.extra = extra
    }

    /// The difference between two sets, each side in a fixed order.
    package init(of new: Set<Right>, with old: Set<Right>) {
        self.init(
            missing: old.subtracting(new).sorted { $0.text < $1.text },
            extra: new.subtracting(old).sorted { $0.text < $1.text })
    }

    /// What differs, as a clause for a person; nil when nothing does.
    var text: String? {
        let missing = missing.map(\.text).joined(separator: ", ")
        let extra = extra.map(\.text).joined(separator: ", ")
        switch (missing.isEmpty, extra.isEmpty) {
        case (true, true): return nil
        case (false, true): return "lacks \(missing)"
        case (true, false): return "has besides \(extra)"
        case (false, false): return "lacks \(missing), and has besides \(extra)"
        }
    }
}

/// A call that mints a secret.
package struct Order: Hashable, Sendable {
    package let strategy: Strategy
    /// The credential whose secret is replaced, or whose rights the new one gets.
    package let credential: CredentialReference
    /// The name of what is made beside it, unique to this attempt (P6); nil in place.
    package let attemptName: String?

    package init(strategy: Strategy, credential: CredentialReference, attemptName: String?) {
        self.strategy = strategy
        self.credential = credential
        self.attemptName = attemptName
    }
}

/// What an answer holds.
package struct Issued: ~Copyable, Sendable {
    package let credential: Credential

    package init(_ credential: consuming Credential) { self.credential = credential }
}

/// An answer that nobody can make sense of. It says no more, since the answer may hold a secret.
package struct UndecodableAnswer: Error, Hashable, Sendable {
    /// `answer-undecodable`, or `answer-for-another` when it is about another credential.
    package let cause: Cause

    package init(_ cause: Cause) { self.cause = cause }
}
