import Audit
import OpenSSL
import Rotations
import SQLite
import Secrets
import Vault

/// An admin's credential, without its value.
package struct Admin: Hashable, Sendable {
    /// The name in the connection's `admins:`.
    package let name: String
    package let secret: SecretReference
    /// The account's id at the provider.
    package let accountID: String
    package let clientID: String
    /// The version that opens the connection.
    package let version: Int
}

extension Store {
    /// The logged-in admins of a connection, in the order in which they are tried.
    package func admins(of connection: String) throws(StorageError) -> [Admin] {
        try read { database in
            try database.all(
                """
                SELECT s.id, s.name, a.name, v.provider_id, v.client_id, v.number
                FROM admin a JOIN secret s ON s.id = a.secret_id
                JOIN version v ON v.secret_id = s.id AND v.state = 'current'
                WHERE a.connection = ? AND v.sealed_id IS NOT NULL AND v.client_id IS NOT NULL
                ORDER BY a.position
                """, [.text(connection)]
            ) { row in
                Admin(
                    name: row.text(2), secret: try Self.reference(row), accountID: row.text(3),
                    clientID: row.text(4), version: row.int(5))
            }
        }
    }

    /// Seals an admin's credential. An account that is a secret already stays that secret (P1); the
    /// version that it has is replaced by this one, which the caller has proved.
    package func logIn(
        _ admin: String, to connection: String, account: CredentialReference,
        secret value: borrowing SecretBytes
    ) async throws(StorageError) {
        let vault = vault
        let name = "\(connection)/\(admin)"
        let target = Target(
            kind: .serviceAccount, connection: connection, providerID: account.providerID,
            name: account.name, project: nil)
        let owner = try owner(of: account.providerID, .serviceAccount, on: connection)
        let known = owner == nil ? try secret(named: name) : owner
        let id: Identifier
        let number: Int
        if let known {
            id = known.id
            number = (try versions(ofSecret: known.id).first?.number ?? 0) + 1
        } else {
            id = try makeIdentifier()
            number = 1
        }
        let now = environment.clock.now()
        let record: SealedRecord
        let fingerprint: [UInt8]
        do {
            record = try vault.seal(
                value,
                for: Place(purpose: .value, owner: id.text, number: number, createdAt: now))
            fingerprint = try vault.fingerprint(value.bytes)
        } catch {
            throw StorageError(error)
        }
        try await commit(unattested: known.map { [$0] } ?? []) { transaction in
            let secret =
                if let known { known } else {
                    try transaction.insertSecret(
                        name: name, target: target, rotatedAt: nil, id: id)
                }
            try transaction.insertIdentity(of: secret, account.providerID)
            let database = transaction.database
            try database.run(
                """
                UPDATE version SET state = 'retired', retired_at_ms = ?, retire_at_ms = NULL
                WHERE secret_id = ? AND state = 'current'
                """, [.integer(transaction.now.milliseconds), .text(secret.id.text)])
            let sealedID = try Store.insert(record, into: database)
            try database.run(
                """
                INSERT INTO version(
                  secret_id, number, state, provider_id, provider_name, client_id, sealed_id,
                  issued_at_ms, proved_at_ms, promoted_at_ms)
                VALUES (?, ?, 'current', ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(secret.id.text), .integer(Int64(number)), .text(account.providerID),
                    Value(account.name), Value(account.clientID), .integer(sealedID),
                    .integer(transaction.now.milliseconds), .integer(transaction.now.milliseconds),
                    .integer(transaction.now.milliseconds),
                ])
            try database.run(
                "UPDATE admin SET secret_id = ? WHERE connection = ? AND name = ?",
                [.text(secret.id.text), .text(connection), .text(admin)])
            // What waited for an admin is tried at once.
            let waiting = try database.all(
                """
                \(Self.rotationColumns)
                WHERE r.state = 'open' AND r.cause IN ('no-admin', 'admin-refused')
                  AND s.connection = ? ORDER BY r.id
                """, [.text(connection)], Self.rotation)
            try transaction.distrustEditedRows(of: waiting.map(\.secret))
            for var rotation in waiting {
                rotation.nextTryAt = nil
                try transaction.record([], in: rotation)
            }
            transaction.append(
                Event(.adminLoggedIn) {
                    $0.secret = secret
                    $0.version = number
                    $0.connection = connection
                    $0.admin = admin
                    $0.target = TargetReference(
                        kind: .serviceAccount, providerID: account.providerID)
                    $0.record = record.hash
                    $0.fingerprint = fingerprint
                })
        }
    }

    /// The secret of this name, with or without a policy.
    package func secret(named name: String) throws(StorageError) -> SecretReference? {
        try read { database in
            try database.first(
                "SELECT id, name FROM secret WHERE name = ?", [.text(name)], Self.reference)
        }
    }

    /// All versions of a secret, the newest first.
    package func versions(ofSecret id: Identifier) throws(StorageError) -> [Version] {
        try read { try Self.versions(of: id, in: $0) }
    }

    static func versions(of id: Identifier, in database: Database) throws -> [Version] {
        try database.all(
            """
            SELECT number, state, provider_id, provider_name, client_id, sealed_id,
              issued_at_ms, proved_at_ms, retire_at_ms, ended_at_ms, acknowledged_at_ms
            FROM version WHERE secret_id = ? ORDER BY number DESC
            """, [.text(id.text)]
        ) { row in
            guard let state = Version.State(rawValue: row.text(1)) else {
                throw StorageError.damaged("a version has an unknown state")
            }
            return Version(
                number: row.int(0), state: state, providerID: row.text(2),
                providerName: row.optionalText(3), clientID: row.optionalText(4),
                isHeld: !row.isNull(5), issuedAt: Timestamp(milliseconds: row.integer(6)),
                provedAt: row.optionalInteger(7).map(Timestamp.init(milliseconds:)),
                retireAt: row.optionalInteger(8).map(Timestamp.init(milliseconds:)),
                endedAt: row.optionalInteger(9).map(Timestamp.init(milliseconds:)),
                acknowledgedAt: row.optionalInteger(10).map(Timestamp.init(milliseconds:)))
        }
    }

    /// The value of a version, opened.
    package func open(
        version number: Int, ofSecret id: Identifier
    ) throws(StorageError) -> SecretBytes {
        do {
            let record = try database.first(
                """
                SELECT purpose, owner, s.number, created_at_ms, key_id, salt, commitment,
                  wrap_nonce, wrapped_key, nonce, ciphertext
                FROM sealed s JOIN version v ON v.sealed_id = s.id
                WHERE v.secret_id = ? AND v.number = ?
                """, [.text(id.text), .integer(Int64(number))], Self.sealedRecord)
            guard let record else { throw StorageError.damaged("a sealed value is gone") }
            // A record that belongs elsewhere would open there; it must not open here.
            guard
                record.place.purpose == .value, record.place.owner == id.text,
                record.place.number == number
            else { throw StorageError.damaged("a sealed value is not in its place") }
            return try vault.open(record)
        } catch {
            throw StorageError(error)
        }
    }

    /// Writes that a person is about to see the value of a version (P35).
    package func recordReveal(
        of version: Int, _ secret: SecretReference, reason: String?
    ) async throws(StorageError) {
        try await commit(unattested: [secret]) { transaction in
            transaction.append(
                Event(.secretRevealed) {
                    $0.secret = secret
                    $0.version = version
                    $0.reason = reason
                })
        }
    }
}
