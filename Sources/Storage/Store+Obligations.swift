import Rotations
import SQLite

extension Store {
    /// What a secret owes: deliveries and retirements that a removed policy would drop (P27). Each
    /// is one clause for a person.
    package func obligations(of secret: SecretReference) throws(StorageError) -> [String] {
        let now = environment.clock.now()
        return try read { database in
            let deliveries = try database.all(
                """
                SELECT destination, version FROM delivery
                WHERE secret_id = ? AND state IN ('owed', 'intended') ORDER BY position
                """, [.text(secret.id.text)]
            ) { "version \($0.int(1)) to \($0.text(0))" }
            let retirements = try database.all(
                """
                SELECT number, provider_id FROM version
                WHERE secret_id = ? AND state IN ('pending', 'retiring', 'lost')
                  AND ended_at_ms IS NULL ORDER BY number
                """, [.text(secret.id.text)]
            ) { "the retirement of version \($0.int(0)) (\($0.text(1)))" }
            let attempts = try database.all(
                """
                SELECT e.name, e.watch_until_ms FROM effect e JOIN rotation r ON r.id = e.rotation_id
                WHERE r.secret_id = ? AND e.watch_until_ms > ? ORDER BY e.id
                """, [.text(secret.id.text), .integer(now.milliseconds)]
            ) { row in
                let date = Timestamp(milliseconds: row.integer(1)).rfc3339
                return row.optionalText(0).map { "a watch until \(date) for a late \($0)" }
                    ?? "a watch until \(date) for a late rotation"
            }
            return deliveries + retirements + attempts
        }
    }

    /// What every secret owes.
    package func obligations() throws(StorageError) -> [Identifier: [String]] {
        let now = environment.clock.now()
        let secrets = try read { database in
            try database.all(
                """
                SELECT DISTINCT s.id, s.name FROM secret s
                WHERE s.id IN (SELECT secret_id FROM delivery WHERE state IN ('owed', 'intended'))
                  OR s.id IN (SELECT secret_id FROM version
                    WHERE state IN ('pending', 'retiring', 'lost') AND ended_at_ms IS NULL)
                  OR s.id IN (SELECT r.secret_id FROM effect e
                    JOIN rotation r ON r.id = e.rotation_id WHERE e.watch_until_ms > ?)
                """, [.integer(now.milliseconds)], Self.reference)
        }
        var obligations: [Identifier: [String]] = [:]
        for secret in secrets { obligations[secret.id] = try self.obligations(of: secret) }
        return obligations
    }
}
