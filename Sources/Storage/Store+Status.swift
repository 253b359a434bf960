import Rotations
import SQLite

/// A secret as `status` and `secret list` show it.
package struct SecretStatus: Sendable {
    package let secret: SecretReference
    package let kind: Target.Kind
    package let connection: String
    package let providerID: String?
    package let providerName: String?
    /// Nil for an admin's credential without a policy.
    package let policy: StoredPolicy?
    /// The current version.
    package let version: Int?
    package let isHeld: Bool
    package let currentSince: Timestamp?
    package let due: Due?
    package let open: Rotation?
    package let last: Rotation?
    /// Deliveries and retirements owed.
    package let debts: Int
}

extension Store {
    /// All secrets, or those with this label, by name.
    package func statuses(
        labelled label: (key: String, value: String)? = nil, at now: Timestamp
    ) throws(StorageError) -> [SecretStatus] {
        try read { database in
            let policies = Dictionary(
                uniqueKeysWithValues: try database.all(Self.policyColumns, [], Self.policy).map {
                    ($0.secret.id, $0)
                })
            let freezes = try Self.freezes(database)
            let rows = try database.all(
                """
                SELECT s.id, s.name, s.kind, s.connection, v.provider_id, v.provider_name,
                  v.number, v.sealed_id IS NOT NULL, coalesce(v.promoted_at_ms, s.rotated_at_ms),
                  (SELECT count(*) FROM delivery d
                    WHERE d.secret_id = s.id AND d.state IN ('owed', 'intended'))
                  + (SELECT count(*) FROM version r
                    WHERE r.secret_id = s.id AND r.state IN ('retiring', 'lost')
                      AND r.ended_at_ms IS NULL AND coalesce(r.retire_at_ms, 0) <= ?)
                FROM secret s
                LEFT JOIN version v ON v.secret_id = s.id AND v.state = 'current'
                \(label == nil ? "" : """
                JOIN policy_label l ON l.secret_id = s.id AND l.key = ? AND l.value = ?
                """)
                ORDER BY s.name
                """,
                [.integer(now.milliseconds)]
                    + (label.map { [.text($0.key), .text($0.value)] } ?? [])
            ) { row in
                (
                    try Self.reference(row), Target.Kind(rawValue: row.text(2)) ?? .serviceAccount,
                    row.text(3), row.optionalText(4), row.optionalText(5), row.optionalInt(6),
                    row.bool(7), row.optionalInteger(8).map(Timestamp.init(milliseconds:)),
                    row.int(9)
                )
            }
            return try rows.map { row in
                let policy = policies[row.0.id]
                let last = try database.first(
                    """
                    \(Self.rotationColumns) WHERE r.secret_id = ?
                    ORDER BY r.started_at_ms DESC, r.id DESC LIMIT 1
                    """, [.text(row.0.id.text)], Self.rotation)
                return SecretStatus(
                    secret: row.0, kind: row.1, connection: row.2, providerID: row.3,
                    providerName: row.4, policy: policy, version: row.5, isHeld: row.6,
                    currentSince: row.7,
                    due: try policy.flatMap {
                        try Scheduling.dueInPause($0.standing, freezes: freezes, now: now)
                    }, open: last.flatMap { [.open, .parked].contains($0.state) ? $0 : nil },
                    last: last, debts: row.8)
            }
        }
    }

    /// Names of the secrets whose policies have this label.
    package func names(
        labelled label: (key: String, value: String)
    ) throws(StorageError) -> [String] {
        let (key, value) = label
        return try read { database in
            try database.all(
                """
                SELECT s.name FROM policy_label l JOIN secret s ON s.id = l.secret_id
                WHERE l.key = ? AND l.value = ? ORDER BY s.name
                """, [.text(key), .text(value)]
            ) { $0.text(0) }
        }
    }

    /// How many deliveries and retirements a secret owes now.
    package func debtCount(of secret: SecretReference) throws(StorageError) -> Int {
        let now = environment.clock.now().milliseconds
        return try read { database in
            try database.first(
                """
                SELECT (SELECT count(*) FROM delivery
                    WHERE secret_id = ?1 AND state IN ('owed', 'intended'))
                  + (SELECT count(*) FROM version
                    WHERE secret_id = ?1 AND state IN ('retiring', 'lost')
                      AND ended_at_ms IS NULL AND coalesce(retire_at_ms, 0) <= ?2)
                """, [.text(secret.id.text), .integer(now)]
            ) { $0.int(0) } ?? 0
        }
    }

    /// The destinations that a version was brought to, or is owed to.
    package func deliveredDestinations(
        of secret: SecretReference, version: Int
    ) throws(StorageError) -> Set<String> {
        try read { database in
            Set(
                try database.all(
                    "SELECT destination FROM delivery WHERE secret_id = ? AND version = ?",
                    [.text(secret.id.text), .integer(Int64(version))]
                ) { $0.text(0) })
        }
    }

    /// The secrets that are admins' credentials.
    package func adminSecrets() throws(StorageError) -> Set<Identifier> {
        try read { database in
            Set(
                try database.all(
                    "SELECT secret_id FROM admin WHERE secret_id IS NOT NULL"
                ) { Identifier($0.text(0)) }.compactMap { $0 })
        }
    }

    /// The connections of policies at which nobody is logged in.
    package func connectionsWithoutAdmin() throws(StorageError) -> Set<String> {
        try read { database in
            Set(
                try database.all(
                    """
                    SELECT name FROM connection WHERE name NOT IN
                      (SELECT connection FROM admin WHERE secret_id IS NOT NULL)
                    """
                ) { $0.text(0) })
        }
    }

    /// Whether another admin of the connection is between prepare and proved (P30).
    package func isAdminUnderWay(
        on connection: String, besides secret: SecretReference? = nil
    ) throws(StorageError) -> Bool {
        try read { database in
            try database.first(
                """
                SELECT count(*) FROM rotation r JOIN admin a ON a.secret_id = r.secret_id
                WHERE a.connection = ? AND r.secret_id IS NOT ? AND r.state IN ('open', 'parked')
                  AND r.step IN ('issue', 'prove')
                """, [.text(connection), Value(secret?.id.text)]
            ) { $0.int(0) > 0 } ?? false
        }
    }

    /// How many deliveries and retirements are owed, and how many rotations are parked.
    package func debts(
        at now: Timestamp
    ) throws(StorageError) -> (deliveries: Int, retirements: Int, parked: Int) {
        try read { database in
            func count(_ sql: String, _ values: [Value] = []) throws -> Int {
                try database.first("SELECT count(*) FROM \(sql)", values) { $0.int(0) } ?? 0
            }
            return (
                try count("delivery WHERE state IN ('owed', 'intended') AND required = 1"),
                try count(
                    """
                    version WHERE state IN ('retiring', 'lost') AND ended_at_ms IS NULL
                      AND coalesce(retire_at_ms, 0) <= ?
                    """, [.integer(now.milliseconds)]),
                try count("rotation WHERE state = 'parked'")
            )
        }
    }
}
