import Rotations
import SQLite
import Secrets
import Vault

extension Store {
    /// Seals the value that a credential was proved to have now; the number of its version.
    ///
    /// A version whose value was never held gets it. Where another value was held, somebody else
    /// replaced it: this one becomes a version of its own and the current one, its destinations are
    /// owed it, and a rotation that stopped for it is closed. Nothing is done outside, and the
    /// schedule counts from now at the latest: an import never makes a rotation come by itself.
    package func adopt(
        _ value: borrowing SecretBytes, of stored: StoredPolicy, replacing current: Version,
        reason: String
    ) async throws(StorageError) -> Int {
        let secret = stored.secret
        let newest = try versions(ofSecret: secret.id).first?.number ?? 0
        let number = current.isHeld ? newest + 1 : current.number
        let record: SealedRecord
        let fingerprint: [UInt8]
        do throws(VaultError) {
            record = try vault.seal(
                value,
                for: Place(
                    purpose: .value, owner: secret.id.text, number: number,
                    createdAt: environment.clock.now()))
            fingerprint = try vault.fingerprint(value.bytes)
        } catch {
            throw StorageError(error)
        }
        let isReplaced = current.isHeld
        try await commit(unattested: [secret]) { transaction in
            let sealedID = try Store.insert(record, into: transaction.database)
            if isReplaced {
                try transaction.replace(current, by: number, sealedID, of: stored)
            } else {
                try transaction.fill(current, sealedID, of: secret)
            }
            transaction.append(
                Event(.versionImported) {
                    $0.secret = secret
                    $0.version = number
                    $0.target = TargetReference(
                        kind: stored.policy.target.kind, providerID: current.providerID)
                    $0.reason = reason
                    $0.fingerprint = fingerprint
                    $0.record = record.hash
                })
            try transaction.schedule(secret)
        }
        return number
    }
}

extension Transaction {
    /// Gives a version the value that was not held.
    fileprivate func fill(
        _ version: Version, _ sealedID: Int64, of secret: SecretReference
    ) throws {
        try database.run(
            """
            UPDATE version SET sealed_id = ?, proved_at_ms = ?
            WHERE secret_id = ? AND number = ? AND sealed_id IS NULL
            """,
            [
                .integer(sealedID), .integer(now.milliseconds), .text(secret.id.text),
                .integer(Int64(version.number)),
            ])
        guard database.changes == 1 else { throw StorageError.stale }
        try database.run(
            "UPDATE secret SET rotated_at_ms = coalesce(rotated_at_ms, ?) WHERE id = ?",
            [.integer(now.milliseconds), .text(secret.id.text)])
    }

    /// Puts a value that somebody else made in the place of the current version.
    fileprivate func replace(
        _ old: Version, by number: Int, _ sealedID: Int64, of stored: StoredPolicy
    ) throws {
        let secret = stored.secret
        try database.run(
            """
            UPDATE version SET state = 'retired', retired_at_ms = ?
            WHERE secret_id = ? AND number = ? AND state = 'current'
            """,
            [
                .integer(now.milliseconds), .text(secret.id.text), .integer(Int64(old.number)),
            ])
        guard database.changes == 1 else { throw StorageError.stale }
        // That the new value is accepted is what shows the old one replaced; it was not asked.
        append(
            Event(.versionRetired) {
                $0.secret = secret
                $0.version = old.number
                $0.verdict = .noVerdict
            })
        try database.run(
            """
            INSERT INTO version(
              secret_id, number, state, provider_id, provider_name, client_id, sealed_id,
              issued_at_ms, proved_at_ms, promoted_at_ms)
            VALUES (?1, ?2, 'current', ?3, ?4, ?5, ?6, ?7, ?7, ?7)
            """,
            [
                .text(secret.id.text), .integer(Int64(number)), .text(old.providerID),
                Value(old.providerName), Value(old.clientID), .integer(sealedID),
                .integer(now.milliseconds),
            ])
        try database.run(
            "UPDATE secret SET rotated_at_ms = ? WHERE id = ?",
            [.integer(now.milliseconds), .text(secret.id.text)])
        try closeDebts(of: secret)
        for (position, destination) in stored.policy.terms.destinations.enumerated() {
            try owe(
                Delivery(
                    secret: secret, version: number, position: position, destination: destination))
        }
    }
}
