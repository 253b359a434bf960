import Rotations
import SQLite
import Vault

/// A policy as it is stored.
package struct StoredPolicy: Hashable, Sendable {
    package let secret: SecretReference
    package let policy: Policy
    package let registeredAt: Timestamp
    package let rotatedAt: Timestamp?
    package let phase: UInt64
    package let pausedUntil: Timestamp?
    package let pausedReason: String?

    /// What the schedule needs.
    package var standing: Scheduling.Standing {
        Scheduling.Standing(
            policy: policy, registeredAt: registeredAt, rotatedAt: rotatedAt, phase: phase,
            hold: pausedUntil.map {
                Hold(until: $0, isAbsolute: pausedReason == Moved.reason)
            })
    }
}

/// A credential at a provider, whatever connection leads there.
package struct Identity: Hashable, Sendable {
    package let apiHost: String
    package let kind: Target.Kind
    package let providerID: String

    package init(apiHost: String, kind: Target.Kind, providerID: String) {
        self.apiHost = apiHost
        self.kind = kind
        self.providerID = providerID
    }
}

/// What an apply changes. It is decided beforehand, and carried out in one transaction.
package enum ConfigurationChange: Sendable {
    case addConnection(Connection)
    case changeConnection(Connection)
    /// A policy for a credential that no secret stands for yet.
    case adopt(Policy, rotatedAt: Timestamp?)
    /// A policy for a secret that is there without one: an admin's credential.
    case attach(Policy, to: SecretReference, rotatedAt: Timestamp?)
    case change(Policy, of: SecretReference)
    case rename(Policy, of: SecretReference)
    case remove(SecretReference)
    case setFreezes([Freeze])
    case setAnchors(AnchorSettings)
    case setNotifications(NotificationSettings)

    /// The secret that it changes; nil for a new one, and for what is about none.
    var secret: SecretReference? {
        switch self {
        case .attach(_, let secret, _), .change(_, let secret), .rename(_, let secret),
            .remove(let secret):
            secret
        case .addConnection, .changeConnection, .adopt, .setFreezes, .setAnchors,
            .setNotifications:
            nil
        }
    }
}

extension Store {
    // MARK: Reading

    /// All connections, by name. Once the state is unlocked, so that credentials may be sent to
    /// them, each must be the one that the signed trail has.
    package func connections() throws(StorageError) -> [Connection] {
        let connections = try read { try Self.connections(in: $0) }
        if isUnlocked { try attest(connections) }
        return connections
    }

    static func connections(in database: Database) throws -> [Connection] {
        try database.all(
            "SELECT name, api, login, ca_file FROM connection ORDER BY name"
        ) { row in
            (row.text(0), row.text(1), row.text(2), row.optionalText(3))
        }.map { name, api, login, caFile in
            Connection(
                name: name, api: api, login: login, caFile: caFile,
                admins: try database.all(
                    "SELECT name FROM admin WHERE connection = ? ORDER BY position",
                    [.text(name)]
                ) { $0.text(0) })
        }
    }

    /// All policies, by name.
    package func policies() throws(StorageError) -> [StoredPolicy] {
        try read { try $0.all("\(Self.policyColumns) ORDER BY s.name", [], Self.policy) }
    }

    /// The policy of this name.
    package func policy(named name: String) throws(StorageError) -> StoredPolicy? {
        try read {
            try $0.first("\(Self.policyColumns) WHERE s.name = ?", [.text(name)], Self.policy)
        }
    }

    /// The freezes of the file.
    package func freezes() throws(StorageError) -> [Freeze] {
        try read(Self.freezes)
    }

    static func freezes(_ database: Database) throws -> [Freeze] {
        let text = try database.first("SELECT value FROM setting WHERE name = 'freezes'") {
            $0.text(0)
        }
        return try text.map { try Documents.decode([Freeze].self, $0) } ?? []
    }

    /// The secret of every id that a secret ever had at a provider (P1).
    package func identities() throws(StorageError) -> [Identity: SecretReference] {
        try read { database in
            let rows = try database.all(
                """
                SELECT s.id, s.name, i.api_host, i.kind, i.provider_id
                FROM identity i JOIN secret s ON s.id = i.secret_id
                """
            ) { row in
                (
                    Identity(
                        apiHost: row.text(2),
                        kind: Target.Kind(rawValue: row.text(3)) ?? .serviceAccount,
                        providerID: row.text(4)), try Self.reference(row)
                )
            }
            return Dictionary(uniqueKeysWithValues: rows)
        }
    }

    /// Every secret by its name, those without a policy included.
    package func secretNames() throws(StorageError) -> [String: SecretReference] {
        try read { database in
            let secrets = try database.all("SELECT id, name FROM secret", [], Self.reference)
            return Dictionary(uniqueKeysWithValues: secrets.map { ($0.name, $0) })
        }
    }

    static let policyColumns = """
        SELECT s.id, s.name, p.document, s.created_at_ms, s.rotated_at_ms, p.phase,
          p.paused_until_ms, p.paused_reason
        FROM policy p JOIN secret s ON s.id = p.secret_id
        """

    static func policy(_ row: Row) throws -> StoredPolicy {
        StoredPolicy(
            secret: try reference(row), policy: try Documents.decode(Policy.self, row.text(2)),
            registeredAt: Timestamp(milliseconds: row.integer(3)),
            rotatedAt: row.optionalInteger(4).map(Timestamp.init(milliseconds:)),
            phase: UInt64(row.integer(5)),
            pausedUntil: row.optionalInteger(6).map(Timestamp.init(milliseconds:)),
            pausedReason: row.optionalText(7))
    }

    /// A secret's id and name in the first two columns.
    static func reference(_ row: Row) throws -> SecretReference {
        guard let id = Identifier(row.text(0)) else {
            throw StorageError.damaged("a secret's id is none")
        }
        return SecretReference(id: id, name: row.text(1))
    }

    // MARK: Writing

    /// Carries the changes out, all or none.
    package func apply(_ changes: [ConfigurationChange]) async throws(StorageError) {
        guard !changes.isEmpty else { return }
        let vault = vault
        // It is there, empty, before its absence means something.
        for case .setAnchors(let settings) in changes { try Self.makeAnchorFile(of: settings) }
        try await commit(unattested: changes.compactMap(\.secret)) { transaction in
            for change in changes { try transaction.apply(change, vault) }
            try transaction.schedule()
        }
    }

    /// Holds a policy's schedule until then. Debts, proofs and people go on.
    package func pause(
        _ secret: SecretReference, until: Timestamp, reason: String
    ) async throws(StorageError) {
        try await commit(unattested: [secret]) {
            try $0.pause(secret, until: until, reason: reason)
        }
    }

    /// Lets the schedules of paused policies go on.
    package func resume(_ secrets: [SecretReference]) async throws(StorageError) {
        try await commit(unattested: secrets) { transaction in
            for secret in secrets {
                try transaction.database.run(
                    """
                    UPDATE policy SET paused_until_ms = NULL, paused_reason = NULL
                    WHERE secret_id = ?
                    """, [.text(secret.id.text)])
                transaction.append(
                    Event(.policyResumed) {
                        $0.secret = secret
                        $0.policy = secret.name
                    })
            }
        }
    }

    /// A new identifier.
    package nonisolated func makeIdentifier() throws(StorageError) -> Identifier {
        do {
            return Identifier(at: environment.clock.now(), random: try randomBytes(10))
        } catch {
            throw StorageError(error)
        }
    }
}
