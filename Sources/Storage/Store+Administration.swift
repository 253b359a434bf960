import Audit
import OpenSSL
import Rotations
import SQLite
import Secrets
import Vault

/// What people do at the provider besides rotations: intent before effect, and one row as long as it
/// is not settled.
extension Store {
    /// What is not settled, the oldest first: begun and interrupted, or set for a date.
    package func administrations() throws(StorageError) -> [(Administration, Administration.State)]
    {
        try read { try Self.administrations(in: $0) }
    }

    static func administrations(
        in database: Database
    ) throws -> [(Administration, Administration.State)] {
        try database.all("SELECT document, state FROM administration ORDER BY id") { row in
            guard let state = Administration.State(rawValue: row.text(1)) else {
                throw StorageError.damaged("an administration has an unknown state")
            }
            return (try Documents.decode(Administration.self, row.text(0)), state)
        }
    }

    /// Writes that something is to be done at its date.
    package func schedule(_ administration: Administration) async throws(StorageError) {
        let secret = try owner(of: administration)
        try await commit(unattested: secret.map { [$0] } ?? []) { transaction in
            try transaction.insert(administration, .scheduled)
            transaction.append(
                Event(.administrationScheduled) {
                    $0.describe(administration)
                    $0.secret = secret
                    $0.until = administration.dueAt
                })
        }
    }

    /// Writes that something is about to be done. What was set for a date must still be: `stale` says
    /// that somebody has taken it back. A token changes nothing, and has no row.
    /// - Parameter admin: whose token it is done with.
    package func intend(
        _ administration: Administration, by admin: String?
    ) async throws(StorageError) {
        let secret = try owner(of: administration)
        try await commit(unattested: secret.map { [$0] } ?? []) { transaction in
            if administration.dueAt != nil {
                try transaction.database.run(
                    """
                    UPDATE administration SET state = 'intended'
                    WHERE id = ? AND state = 'scheduled'
                    """, [.text(administration.id.text)])
                guard transaction.database.changes == 1 else { throw StorageError.stale }
            } else if administration.action != .token {
                try transaction.insert(administration, .intended)
            }
            transaction.append(
                Event(.administrationIntended) {
                    $0.describe(administration)
                    $0.secret = secret
                    $0.admin = admin
                })
        }
    }

    /// Takes back what was to be done at a date.
    package func cancel(_ administration: Administration, reason: String) async throws(StorageError)
    {
        try await commit(unattested: []) { try $0.cancel(administration, reason: reason) }
    }

    /// What was set for a date that has come, on one connection.
    package func dueAdministrations(
        at now: Timestamp, on connection: String
    ) throws(StorageError) -> [Administration] {
        try read { database in
            try database.all(
                """
                SELECT document FROM administration
                WHERE state = 'scheduled' AND not_before_ms <= ? ORDER BY id
                """, [.integer(now.milliseconds)]
            ) { try Documents.decode(Administration.self, $0.text(0)) }
            .filter { $0.connection == connection && $0.action == .delete }
        }
    }

    /// Whether something was begun and interrupted, or has come due that was set for a date.
    static func isAdministering(at now: Timestamp, in database: Database) throws -> Bool {
        try database.first(
            """
            SELECT 1 FROM administration a
            WHERE state IN ('intended', 'unsettled') OR state = 'scheduled' AND not_before_ms <= ?
              OR state = 'lost' AND EXISTS (
                SELECT 1 FROM sealed s WHERE s.purpose = 'answer' AND s.owner = a.id)
            LIMIT 1
            """, [.integer(now.milliseconds)]
        ) { _ in true } ?? false
    }

    /// Writes what became of it, and in our rows what follows from it.
    /// - Parameters:
    ///   - outcome: unsettled keeps the row for evidence.
    ///   - providerID: of what was created, where it is known.
    package func settle(
        _ administration: Administration, _ outcome: OutcomeWord, _ cause: Cause? = nil,
        status: Int? = nil, providerID: String? = nil
    ) async throws(StorageError) {
        let secret = try owner(of: administration)
        try await commit(unattested: secret.map { [$0] } ?? []) { transaction in
            if administration.action != .token {
                try transaction.move(administration, after: outcome, cause)
            }
            if outcome == .done, let secret {
                try transaction.follow(administration, in: secret)
            }
            transaction.append(
                Event(.administrationSettled) {
                    $0.describe(administration)
                    $0.secret = secret
                    $0.outcome = outcome
                    $0.cause = cause
                    $0.status = status
                    if let providerID {
                        $0.target = TargetReference(
                            kind: administration.kind, providerID: providerID)
                    }
                })
        }
    }

    /// The secret that what is administered is a version of.
    private func owner(of administration: Administration) throws(StorageError) -> SecretReference? {
        try owner(of: administration.providerID, administration.kind, on: administration.connection)
    }

    /// The secret that a credential at a connection's provider belongs to.
    package func owner(
        of providerID: String, _ kind: Target.Kind, on connection: String
    ) throws(StorageError) -> SecretReference? {
        try read { database in
            try database.first(
                """
                SELECT s.id, s.name FROM identity i JOIN secret s ON s.id = i.secret_id
                JOIN connection c ON c.name = ? AND c.api_host = i.api_host
                WHERE i.kind = ? AND i.provider_id = ?
                """, [.text(connection), .text(kind.rawValue), .text(providerID)],
                Self.reference)
        }
    }

    /// Writes down credentials that nobody here keeps fresh, each once. Returns those that are new.
    package func recordFound(
        _ credentials: [CredentialReference], on connection: String
    ) async throws(StorageError) -> [CredentialReference] {
        let known = try read { database in
            Set(
                try database.all(
                    "SELECT leaf FROM audit_entry WHERE type = 'credential.found' ORDER BY seq"
                ) { Entry(leaf: $0.bytes(0))?.members["target"]?.members?["id"]?.text })
        }
        let new = credentials.filter { !known.contains(bounded($0.providerID)) }
        guard !new.isEmpty else { return [] }
        try await commit(unattested: []) { transaction in
            for credential in new {
                transaction.append(
                    Event(.credentialFound) {
                        $0.connection = connection
                        $0.target = TargetReference(
                            kind: credential.kind, providerID: bounded(credential.providerID))
                        $0.providerName = credential.name.map(bounded)
                    })
            }
        }
        return new
    }

    // MARK: What is created

    /// Keeps the answer of a creation as that of a rotation is kept.
    package func keep(
        _ answer: consuming SecretBytes, of administration: Administration
    ) async throws(JournalError) {
        try await keep(answer, ofEffect: administration.id) {
            try $0.keepAnswer($1, of: administration)
        }
    }

    /// The sealed answer of a creation, opened; nil when none came.
    package func answer(of administration: Administration) throws(StorageError) -> SecretBytes? {
        do {
            let record = try Self.sealed(
                .answer, of: administration.id.text, number: 0, in: database)
            guard let record else { return nil }
            return try vault.open(record)
        } catch {
            throw StorageError(error)
        }
    }

    /// Makes what was created a secret of ours: its value is sealed as version 1, which is current, and
    /// the raw answer erased.
    package func adopt(
        _ issued: consuming Issued, by administration: Administration
    ) async throws(StorageError) -> SecretReference {
        let credential = issued.credential.reference
        // Somebody may have put a policy over what was created, before its answer was taken in.
        let known = try owner(
            of: credential.providerID, credential.kind, on: administration.connection)
        var current: Version?
        if let known {
            current = try versions(ofSecret: known.id).first { $0.state == .current }
        }
        if let known, current == nil || current?.isHeld == true {
            // It has a value already, which was proved; the answer stays sealed.
            try await settle(administration, .done, providerID: credential.providerID)
            return known
        }
        let id: Identifier
        if let known { id = known.id } else { id = try makeIdentifier() }
        let number = current?.number ?? 1
        let record: SealedRecord
        let fingerprint: [UInt8]
        do throws(VaultError) {
            record = try vault.seal(
                issued.credential.value,
                for: Place(
                    purpose: .value, owner: id.text, number: number,
                    createdAt: environment.clock.now()))
            fingerprint = try vault.fingerprint(issued.credential.value.bytes)
        } catch {
            throw StorageError(error)
        }
        return try await commit(unattested: known.map { [$0] } ?? []) { transaction in
            let sealedID = try Store.insert(record, into: transaction.database)
            let secret =
                if let known {
                    try transaction.fill(number, sealedID, credential, of: known)
                } else {
                    try transaction.insertCreated(
                        id, sealedID, credential, by: administration)
                }
            try Store.erase(
                .answer, of: administration.id.text, number: 0, in: transaction.database)
            try transaction.end(administration)
            let target = TargetReference(kind: credential.kind, providerID: credential.providerID)
            transaction.append(
                Event(.versionStored) {
                    $0.secret = secret
                    $0.version = number
                    $0.effect = administration.id
                    $0.target = target
                    $0.fingerprint = fingerprint
                    $0.record = record.hash
                })
            transaction.append(
                Event(.versionAdopted) {
                    $0.secret = secret
                    $0.version = number
                    $0.target = target
                })
            transaction.append(
                Event(.administrationSettled) {
                    $0.describe(administration)
                    $0.secret = secret
                    $0.target = target
                    $0.outcome = .done
                })
            return secret
        }
    }
}

extension Event {
    /// What an administration is about.
    fileprivate mutating func describe(_ administration: Administration) {
        action = administration.action
        connection = administration.connection
        effect = administration.id
        providerName = bounded(administration.name)
        newName = administration.newName
        reason = administration.reason
        rights = administration.rights.isEmpty ? nil : administration.rights
        if !administration.providerID.isEmpty {
            target = TargetReference(
                kind: administration.kind, providerID: bounded(administration.providerID))
        }
    }
}

/// What a provider that keeps no promise may have given without end, short enough for an entry.
private func bounded(_ text: String) -> String {
    // By bytes: one Character may have thousands.
    var bounded = ""
    for scalar in text.unicodeScalars where bounded.utf8.count < 128 {
        bounded.unicodeScalars.append(scalar)
    }
    return bounded
}

extension Transaction {
    fileprivate func insert(
        _ administration: Administration, _ state: Administration.State
    ) throws {
        try database.run(
            """
            INSERT INTO administration(id, document, state, begun_at_ms, not_before_ms)
            VALUES (?, ?, ?, ?, ?)
            """,
            [
                .text(administration.id.text), .text(try Documents.encode(administration)),
                .text(state.rawValue), .integer(administration.begunAt.milliseconds),
                Value(administration.dueAt?.milliseconds),
            ])
    }

    /// The secret of what was created, its value as version 1.
    fileprivate func insertCreated(
        _ id: Identifier, _ sealedID: Int64, _ credential: CredentialReference,
        by administration: Administration
    ) throws -> SecretReference {
        // Somebody may have taken the name since: what was created must not be lost for that.
        let wanted = administration.secretName ?? ""
        let isTaken = try database.first(
            "SELECT 1 FROM secret WHERE name = ?", [.text(wanted)]
        ) { _ in true }
        let secret = try insertSecret(
            name: isTaken == true || wanted.isEmpty
                ? "created-\(credential.providerID.lowercased())" : wanted,
            target: Target(
                kind: credential.kind, connection: administration.connection,
                providerID: credential.providerID, name: credential.name,
                project: credential.project),
            rotatedAt: now, id: id)
        try database.run(
            """
            INSERT INTO version(
              secret_id, number, state, provider_id, provider_name, client_id, sealed_id,
              issued_at_ms, promoted_at_ms)
            VALUES (?, 1, 'current', ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(secret.id.text), .text(credential.providerID), Value(credential.name),
                Value(credential.clientID), .integer(sealedID), .integer(now.milliseconds),
                .integer(now.milliseconds),
            ])
        return secret
    }

    /// The value of a version that nobody here held.
    fileprivate func fill(
        _ number: Int, _ sealedID: Int64, _ credential: CredentialReference,
        of secret: SecretReference
    ) throws -> SecretReference {
        try database.run(
            """
            UPDATE version SET sealed_id = ?, client_id = coalesce(client_id, ?)
            WHERE secret_id = ? AND number = ? AND sealed_id IS NULL
            """,
            [
                .integer(sealedID), Value(credential.clientID), .text(secret.id.text),
                .integer(Int64(number)),
            ])
        guard database.changes == 1 else { throw StorageError.stale }
        return secret
    }

    /// What is left of it, once it is settled.
    fileprivate func move(
        _ administration: Administration, after outcome: OutcomeWord, _ cause: Cause?
    ) throws {
        let id: Value = .text(administration.id.text)
        let isAnswerMissing = cause == .answerLost || cause == .notCarriedOut
        if outcome == .unsettled {
            try database.run("UPDATE administration SET state = 'unsettled' WHERE id = ?", [id])
        } else if administration.action == .create, isAnswerMissing {
            // An answer that comes back is taken in, whatever was seen.
            try database.run("UPDATE administration SET state = 'lost' WHERE id = ?", [id])
        } else if outcome == .refused, administration.dueAt != nil, cause != .targetMissing {
            // What was set for a date is tried again, in an hour.
            try database.run(
                """
                UPDATE administration SET state = 'scheduled',
                  not_before_ms = max(not_before_ms, ?) WHERE id = ?
                """, [.integer((now + .hours(1)).milliseconds), id])
        } else {
            return try end(administration)
        }
        // Another process has settled it.
        guard database.changes == 1 else { throw StorageError.stale }
    }

    /// Takes back what was to be done at a date.
    func cancel(_ administration: Administration, reason: String) throws {
        try database.run(
            "DELETE FROM administration WHERE id = ? AND state = 'scheduled'",
            [.text(administration.id.text)])
        // It was begun meanwhile.
        guard database.changes == 1 else { throw StorageError.stale }
        append(
            Event(.administrationCancelled) {
                $0.describe(administration)
                $0.reason = reason
            })
    }

    /// The row goes; the trail has it all.
    fileprivate func end(_ administration: Administration) throws {
        try database.run(
            "DELETE FROM administration WHERE id = ?", [.text(administration.id.text)])
        // Another process has settled it.
        guard database.changes == 1 else { throw StorageError.stale }
    }

    /// Keeping it twice is harmless: a spool file may be taken in again after a crash.
    func keepAnswer(_ record: SealedRecord, of administration: Administration) throws {
        let known = try Store.sealed(.answer, of: administration.id.text, number: 0, in: database)
        guard known == nil else { return }
        _ = try Store.insert(record, into: database)
        append(
            Event(.answerSealed) {
                $0.effect = administration.id
                $0.connection = administration.connection
                $0.record = record.hash
            })
    }

    /// What follows in our rows from what was done at the provider.
    fileprivate func follow(_ administration: Administration, in secret: SecretReference) throws {
        let place: [Value] = [.text(secret.id.text), .text(administration.providerID)]
        switch administration.action {
        case .rename:
            // A rotation compares the name with the provider's before it begins.
            try database.run(
                """
                UPDATE version SET provider_name = ?3
                WHERE secret_id = ?1 AND provider_id = ?2 AND ended_at_ms IS NULL
                """, place + [Value(administration.newName)])
        case .delete:
            let numbers = try database.all(
                """
                SELECT number FROM version WHERE secret_id = ?1 AND provider_id = ?2
                  AND state IN ('pending', 'current', 'retiring', 'lost')
                """, place
            ) { $0.int(0) }
            for number in numbers {
                try database.run(
                    """
                    UPDATE version SET state = 'retired', retired_at_ms = ?3, ended_at_ms = ?3,
                      retire_at_ms = NULL
                    WHERE secret_id = ?1 AND provider_id = ?2 AND number = ?4
                    """, place + [.integer(now.milliseconds), .integer(Int64(number))])
                append(
                    Event(.versionRetired) {
                        $0.secret = secret
                        $0.version = number
                    })
            }
        case .create, .grant, .revoke, .setRoles, .token: break
        }
    }
}
