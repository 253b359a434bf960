import Rotations
import SQLite

extension Store {
    /// What a secret owes: deliveries and retirements that a removed policy would drop (P27). Each
    /// is one clause for a person.
    package func obligations(of secret: SecretReference) throws(StorageError) -> [String] {
        try read { database in
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
            return deliveries + retirements
        }
    }

    /// What every secret owes.
    package func obligations() throws(StorageError) -> [Identifier: [String]] {
        let secrets = try read { database in
            try database.all(
                """
                SELECT DISTINCT s.id, s.name FROM secret s
                WHERE s.id IN (SELECT secret_id FROM delivery WHERE state IN ('owed', 'intended'))
                  OR s.id IN (SELECT secret_id FROM version
                    WHERE state IN ('pending', 'retiring', 'lost') AND ended_at_ms IS NULL)
                """, [], Self.reference)
        }
        var obligations: [Identifier: [String]] = [:]
        for secret in secrets { obligations[secret.id] = try self.obligations(of: secret) }
        return obligations
    }
}
