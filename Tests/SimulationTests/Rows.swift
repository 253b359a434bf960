import SQLite

/// The database as somebody else sees it who may read it: what is committed, and nothing else.
struct Rows {
    let database: Database

    init(_ path: String) throws {
        database = try Database(path: path, access: .readOnly, busyTimeout: 1_000)
    }

    /// An effect that is written down and may be under way, with its rotation.
    struct Intent: Sendable {
        let effect: String
        let state: String
        let step: String
        /// The version that it makes or retires.
        let version: Int
        let name: String?
        let rotation: String
        let secret: String
        let secretID: String
        let trigger: String
        /// The version that the rotation makes.
        let newVersion: Int?
        /// Whether a person must have said that consumers have moved (P25).
        let isAcknowledged: Bool
        /// Whether the deadline of the gate stands in for its opening (P25).
        let isOverridden: Bool
    }

    /// The effects of this step that are written down as begun, and not as ended.
    func intents(_ step: String) throws -> [Intent] {
        try database.all(
            """
            SELECT e.id, e.state, e.step, e.version, e.name, r.id, s.name, s.id, r.trigger,
              r.to_version,
              coalesce(json_extract(r.terms, '$.acknowledge'), 0) = 0 OR EXISTS (
                SELECT 1 FROM version v WHERE v.secret_id = s.id AND v.number = r.to_version
                  AND v.acknowledged_at_ms IS NOT NULL),
              EXISTS (SELECT 1 FROM audit_entry a
                WHERE a.rotation_id = r.id AND a.type = 'gate.overridden')
            FROM effect e JOIN rotation r ON r.id = e.rotation_id
            JOIN secret s ON s.id = r.secret_id
            WHERE e.step = ? AND e.state IN ('intended', 'unsettled')
              AND r.state IN ('open', 'parked')
            """, [.text(step)]
        ) { row in
            Intent(
                effect: row.text(0), state: row.text(1), step: row.text(2), version: row.int(3),
                name: row.optionalText(4), rotation: row.text(5), secret: row.text(6),
                secretID: row.text(7), trigger: row.text(8), newVersion: row.optionalInt(9),
                isAcknowledged: row.bool(10), isOverridden: row.bool(11))
        }
    }

    /// The secrets that ever had this credential.
    func identities(of providerID: String) throws -> [String] {
        try database.all(
            "SELECT secret_id FROM identity WHERE provider_id = ?", [.text(providerID)]
        ) { $0.text(0) }
    }

    /// A version, without its value.
    struct Version: Sendable {
        let secret: String
        let secretID: String
        let number: Int
        let state: String
        let providerID: String
        let isHeld: Bool
        let wasPromoted: Bool
        /// In milliseconds since 1970.
        let retireAt: Int64?
    }

    func versions() throws -> [Version] {
        try database.all(
            """
            SELECT s.name, s.id, v.number, v.state, v.provider_id, v.sealed_id IS NOT NULL,
              v.promoted_at_ms IS NOT NULL OR v.rotation_id IS NULL, v.retire_at_ms
            FROM version v JOIN secret s ON s.id = v.secret_id ORDER BY s.name, v.number
            """
        ) { row in
            Version(
                secret: row.text(0), secretID: row.text(1), number: row.int(2), state: row.text(3),
                providerID: row.text(4), isHeld: row.bool(5), wasPromoted: row.bool(6),
                retireAt: row.optionalInteger(7))
        }
    }

    /// One version at one destination.
    struct Delivery: Sendable {
        let secret: String
        let version: Int
        let destination: String
        let isRequired: Bool
        let state: String
        /// Whether a rotation is under way that wants an older version back.
        let isRollback: Bool

        var isDebt: Bool { state == "owed" || state == "intended" }
    }

    func deliveries() throws -> [Delivery] {
        try database.all(
            """
            SELECT s.name, d.version, d.destination, d.required, d.state, EXISTS (
              SELECT 1 FROM rotation r WHERE r.secret_id = s.id AND r.state IN ('open', 'parked')
                AND r.to_version < r.from_version)
            FROM delivery d JOIN secret s ON s.id = d.secret_id
            ORDER BY s.name, d.version, d.position
            """
        ) { row in
            Delivery(
                secret: row.text(0), version: row.int(1), destination: row.text(2),
                isRequired: row.bool(3), state: row.text(4), isRollback: row.bool(5))
        }
    }

    /// A rotation.
    struct Rotation: Sendable {
        let id: String
        let secret: String
        let state: String
        let step: String
        let cause: String?
        let trigger: String
        let newVersion: Int?

        var isUnderWay: Bool { state == "open" || state == "parked" }
    }

    func rotations() throws -> [Rotation] {
        try database.all(
            """
            SELECT r.id, s.name, r.state, r.step, r.cause, r.trigger, r.to_version
            FROM rotation r JOIN secret s ON s.id = r.secret_id ORDER BY r.started_at_ms, r.id
            """
        ) { row in
            Rotation(
                id: row.text(0), secret: row.text(1), state: row.text(2), step: row.text(3),
                cause: row.optionalText(4), trigger: row.text(5), newVersion: row.optionalInt(6))
        }
    }

    /// A call at the provider.
    struct Effect: Sendable {
        let id: String
        let step: String
        let name: String?
        let state: String
        /// In milliseconds since 1970.
        let watchedUntil: Int64?

        /// Whether what it made may still be unknown.
        var isOpen: Bool {
            watchedUntil != nil
                || ["intended", "answered", "unsettled", "abandoned"].contains(state)
        }
    }

    func effects() throws -> [Effect] {
        try database.all(
            """
            SELECT id, step, name, state, watch_until_ms FROM effect ORDER BY intended_at_ms, id
            """
        ) { row in
            Effect(
                id: row.text(0), step: row.text(1), name: row.optionalText(2), state: row.text(3),
                watchedUntil: row.optionalInteger(4))
        }
    }

    /// Effects that have not exactly one entry of their intent, or none of their outcome.
    func effectsWithoutEntries() throws -> [String] {
        try database.all(
            """
            WITH entry AS (
              SELECT type, json_extract(leaf, '$.effect') AS effect FROM audit_entry
              WHERE type IN ('effect.intended', 'effect.settled'))
            SELECT id FROM effect e
            WHERE (SELECT count(*) FROM entry WHERE effect = e.id AND type = 'effect.intended') <> 1
              OR e.state IN ('done', 'refused', 'unsettled') AND NOT EXISTS (
                SELECT 1 FROM entry WHERE effect = e.id AND type = 'effect.settled')
            """
        ) { $0.text(0) }
    }

    /// The ids of effects whose answers are sealed in the vault.
    func answers() throws -> [String] {
        try database.all("SELECT owner FROM sealed WHERE purpose = 'answer' ORDER BY id") {
            $0.text(0)
        }
    }

    /// How many entries the trail has.
    func entryCount() throws -> Int {
        try database.first("SELECT count(*) FROM audit_entry") { $0.int(0) } ?? 0
    }
}
