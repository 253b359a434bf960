import OpenSSL
import Rotations
import SQLite
import Vault

/// Random bytes for identifiers.
func randomBytes(_ count: Int) throws -> [UInt8] { try Random.bytes(count) }

extension Transaction {
    /// Carries one change out, with its entry.
    func apply(_ change: ConfigurationChange, _ vault: Vault) throws {
        switch change {
        case .addConnection(let connection): try put(connection, .connectionAdded)
        case .changeConnection(let connection): try put(connection, .connectionChanged)
        case .adopt(let policy, let rotatedAt):
            let secret = try adopt(policy, rotatedAt: rotatedAt)
            try put(policy, of: secret, .policyAdded, vault)
        case .attach(let policy, let secret, let rotatedAt):
            let renamed = try rename(secret, to: policy.name)
            if let rotatedAt {
                try database.run(
                    "UPDATE secret SET rotated_at_ms = ? WHERE id = ?",
                    [.integer(rotatedAt.milliseconds), .text(secret.id.text)])
            }
            try put(policy, of: renamed, .policyAdded, vault)
        case .change(let policy, let secret): try put(policy, of: secret, .policyChanged, vault)
        case .rename(let policy, let secret):
            let renamed = try rename(secret, to: policy.name)
            try put(policy, of: renamed, .policyRenamed, vault)
        case .remove(let secret): try remove(secret)
        case .setFreezes(let freezes): try set("freezes", freezes, .freezesChanged)
        case .setAnchors(let settings): try set("anchors", settings, .anchorsChanged)
        case .setNotifications(let settings): try set("notify", settings, .notifyChanged)
        }
    }

    private func set(_ name: String, _ value: some Encodable, _ type: EventType) throws {
        let document = try Documents.encode(value)
        let before = try database.first(
            "SELECT value FROM setting WHERE name = ?", [.text(name)]
        ) { $0.text(0) }
        try database.run(
            """
            INSERT INTO setting(name, value) VALUES (?, ?)
            ON CONFLICT(name) DO UPDATE SET value = excluded.value
            """, [.text(name), .text(document)])
        append(
            Event(type) {
                $0.digestBefore = before.map(Documents.digest)
                $0.digestAfter = Documents.digest(document)
            })
    }

    private func put(_ connection: Connection, _ type: EventType) throws {
        try database.run(
            """
            INSERT INTO connection(name, kind, api, login, ca_file, api_host)
            VALUES (?, 'pinecone', ?, ?, ?, ?)
            ON CONFLICT(name) DO UPDATE SET
              api = excluded.api, login = excluded.login, ca_file = excluded.ca_file,
              api_host = excluded.api_host
            """,
            [
                .text(connection.name), .text(connection.api), .text(connection.login),
                Value(connection.caFile), .text(connection.apiHost),
            ])
        // An admin that was logged in stays so; one that the file no longer names is dropped.
        let known = try database.all(
            "SELECT name, secret_id FROM admin WHERE connection = ?", [.text(connection.name)]
        ) { ($0.text(0), $0.optionalText(1)) }
        try database.run("DELETE FROM admin WHERE connection = ?", [.text(connection.name)])
        for (position, name) in connection.admins.enumerated() {
            try database.run(
                "INSERT INTO admin(connection, position, name, secret_id) VALUES (?, ?, ?, ?)",
                [
                    .text(connection.name), .integer(Int64(position)), .text(name),
                    Value(known.first { $0.0 == name }?.1),
                ])
        }
        let document = try Documents.encode(connection)
        append(
            Event(type) {
                $0.connection = connection.name
                $0.digestAfter = Documents.digest(document)
            })
    }

    /// Holds a policy's schedule until then.
    func pause(_ secret: SecretReference, until: Timestamp, reason: String) throws {
        try database.run(
            "UPDATE policy SET paused_until_ms = ?, paused_reason = ? WHERE secret_id = ?",
            [.integer(until.milliseconds), .text(reason), .text(secret.id.text)])
        append(
            Event(.policyPaused) {
                $0.secret = secret
                $0.policy = secret.name
                $0.until = until
                $0.reason = reason
            })
    }

    /// A secret for a credential that lives at the provider and whose value we do not hold.
    private func adopt(_ policy: Policy, rotatedAt: Timestamp?) throws -> SecretReference {
        let secret = try insertSecret(
            name: policy.name, target: policy.target, rotatedAt: rotatedAt)
        try database.run(
            """
            INSERT INTO version(secret_id, number, state, provider_id, provider_name, issued_at_ms)
            VALUES (?, 1, 'current', ?, ?, ?)
            """,
            [
                .text(secret.id.text), .text(policy.target.providerID), Value(policy.target.name),
                .integer((rotatedAt ?? now).milliseconds),
            ])
        append(
            Event(.versionAdopted) {
                $0.secret = secret
                $0.version = 1
                $0.target = TargetReference(
                    kind: policy.target.kind, providerID: policy.target.providerID)
            })
        return secret
    }

    /// The row of a secret and of the id that it has at the provider.
    func insertSecret(
        name: String, target: Target, rotatedAt: Timestamp?, id: Identifier? = nil
    ) throws -> SecretReference {
        let host = try database.first(
            "SELECT api_host FROM connection WHERE name = ?", [.text(target.connection)]
        ) { $0.text(0) }
        guard let host else { throw StorageError.damaged("a connection is gone") }
        let secret = SecretReference(
            id: try id ?? Identifier(at: now, random: randomBytes(10)), name: name)
        try database.run(
            """
            INSERT INTO secret(
              id, name, kind, connection, api_host, project, created_at_ms, rotated_at_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(secret.id.text), .text(name), .text(target.kind.rawValue),
                .text(target.connection), .text(host), Value(target.project),
                .integer(now.milliseconds), Value(rotatedAt?.milliseconds),
            ])
        try insertIdentity(of: secret, target.providerID)
        return secret
    }

    /// Remembers an id that a secret has at the provider. Another secret's is refused (P1): an
    /// apply or a login that was decided before another process's must be decided again.
    func insertIdentity(of secret: SecretReference, _ providerID: String) throws {
        let owner = try database.first(
            """
            SELECT i.secret_id FROM identity i
            JOIN secret s ON s.api_host = i.api_host AND s.kind = i.kind
            WHERE s.id = ? AND i.provider_id = ?
            """, [.text(secret.id.text), .text(providerID)]
        ) { $0.text(0) }
        guard owner == nil || owner == secret.id.text else { throw StorageError.stale }
        try database.run(
            """
            INSERT INTO identity(api_host, kind, provider_id, secret_id)
            SELECT api_host, kind, ?, id FROM secret WHERE id = ?
            ON CONFLICT(api_host, kind, provider_id) DO NOTHING
            """, [.text(providerID), .text(secret.id.text)])
    }

    private func rename(_ secret: SecretReference, to name: String) throws -> SecretReference {
        try database.run(
            "UPDATE secret SET name = ? WHERE id = ?", [.text(name), .text(secret.id.text)])
        return SecretReference(id: secret.id, name: name)
    }

    private func put(
        _ policy: Policy, of secret: SecretReference, _ type: EventType, _ vault: Vault
    ) throws {
        let document = try Documents.encode(policy)
        let before = try database.first(
            "SELECT document FROM policy WHERE secret_id = ?", [.text(secret.id.text)]
        ) { $0.text(0) }
        let phase = Int64(bitPattern: try vault.spread(of: policy.name) >> 1)
        try database.run(
            """
            INSERT INTO policy(secret_id, document, phase, applied_at_ms) VALUES (?, ?, ?, ?)
            ON CONFLICT(secret_id) DO UPDATE SET
              document = excluded.document, phase = excluded.phase,
              applied_at_ms = excluded.applied_at_ms
            """,
            [
                .text(secret.id.text), .text(document), .integer(phase),
                .integer(now.milliseconds),
            ])
        let rotatedAt = try database.first(
            "SELECT rotated_at_ms FROM secret WHERE id = ?", [.text(secret.id.text)]
        ) { $0.optionalInteger(0).map(Timestamp.init(milliseconds:)) }
        try database.run("DELETE FROM policy_label WHERE secret_id = ?", [.text(secret.id.text)])
        for (key, value) in policy.labels {
            try database.run(
                "INSERT INTO policy_label(secret_id, key, value) VALUES (?, ?, ?)",
                [.text(secret.id.text), .text(key), .text(value)])
        }
        try closeReactions(of: secret, besides: policy.after ?? [])
        append(
            Event(type) {
                $0.secret = secret
                $0.policy = policy.name
                $0.target = TargetReference(
                    kind: policy.target.kind, providerID: policy.target.providerID)
                $0.digestBefore = before.map(Documents.digest)
                $0.digestAfter = Documents.digest(document)
                // A list of minutes may be of any length, and an entry may not.
                $0.schedule = String(policy.schedule.text.prefix(200))
                $0.maxAge = policy.schedule.maxAge
                $0.strategy = policy.terms.strategy
                $0.rotatedAt = type == .policyAdded ? rotatedAt ?? nil : nil
            })
    }

    /// Removes the policy and closes what it owed; the caller has made sure that this is wanted
    /// (P27). The secret, its versions and the credential at the provider stay.
    private func remove(_ secret: SecretReference) throws {
        try closeDebts(of: secret)
        let before = try database.first(
            "SELECT document FROM policy WHERE secret_id = ?", [.text(secret.id.text)]
        ) { $0.text(0) }
        try database.run("DELETE FROM policy WHERE secret_id = ?", [.text(secret.id.text)])
        try database.run(
            """
            UPDATE secret SET due_at_ms = NULL, due_why = NULL, must_be_before_ms = NULL
            WHERE id = ?
            """, [.text(secret.id.text)])
        append(
            Event(.policyRemoved) {
                $0.secret = secret
                $0.policy = secret.name
                $0.digestBefore = before.map(Documents.digest)
            })
    }

    /// Closes the open rotation and what is owed to destinations, each with its entry.
    func closeDebts(of secret: SecretReference) throws {
        let open = try database.first(
            "\(Store.rotationColumns) WHERE r.secret_id = ? AND r.state IN ('open', 'parked')",
            [.text(secret.id.text)], Store.rotation)
        if var open {
            open.state = .superseded
            open.finishedAt = now
            try record([.superseded], in: open)
        }
        try closeReactions(of: secret)
        let owed = try database.all(
            """
            SELECT version, destination FROM delivery
            WHERE secret_id = ? AND state IN ('owed', 'intended') ORDER BY version, position
            """, [.text(secret.id.text)]
        ) { ($0.int(0), $0.text(1)) }
        for (version, destination) in owed {
            try database.run(
                """
                UPDATE delivery SET state = 'closed', settled_at_ms = ?
                WHERE secret_id = ? AND version = ? AND destination = ?
                """,
                [
                    .integer(now.milliseconds), .text(secret.id.text), .integer(Int64(version)),
                    .text(destination),
                ])
            append(
                Event(.deliveryClosed) {
                    $0.secret = secret
                    $0.version = version
                    $0.destination = destination
                })
        }
    }

    /// Computes again when every policy's secret, or one secret, comes due.
    func schedule(_ secret: SecretReference? = nil) throws {
        let freezes = try Store.freezes(database)
        let policies =
            if let secret {
                try database.all(
                    "\(Store.policyColumns) WHERE s.id = ?", [.text(secret.id.text)], Store.policy)
            } else {
                try database.all(Store.policyColumns, [], Store.policy)
            }
        for policy in policies {
            let due = try Scheduling.due(policy.standing, freezes: freezes, now: now)
            try database.run(
                """
                UPDATE secret SET due_at_ms = ?, due_why = ?, must_be_before_ms = ? WHERE id = ?
                """,
                [
                    Value(due?.at.milliseconds), Value(due?.why.rawValue),
                    Value(due?.mustBeBefore?.milliseconds), .text(policy.secret.id.text),
                ])
        }
    }
}
