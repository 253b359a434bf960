import FoundationEssentials
import Rotations
import SQLite

extension Store {
    static let rotationColumns = """
        SELECT s.id, s.name, r.id, r.trigger, r.reason, r.ticket, r.target, r.terms, r.step,
          r.state, r.revision, r.from_version, r.to_version, r.mintings, r.failures,
          r.next_try_at_ms, r.cause, r.old_said, r.listed, r.started_at_ms, r.finished_at_ms,
          r.incident_id
        FROM rotation r JOIN secret s ON s.id = r.secret_id
        """

    static func rotation(_ row: Row) throws -> Rotation {
        guard let id = Identifier(row.text(2)),
            let trigger = Rotation.Trigger(rawValue: row.text(3)),
            let step = Step(rawValue: row.text(8)),
            let state = Rotation.State(rawValue: row.text(9))
        else { throw StorageError.damaged("a rotation's row has an unknown word") }
        return Rotation(
            id: id, secret: try reference(row),
            target: try Documents.decode(Target.self, row.text(6)), trigger: trigger,
            reason: row.optionalText(4), ticket: row.optionalText(5),
            incident: row.optionalText(21).flatMap(Identifier.init),
            terms: try Documents.decode(Terms.self, row.text(7)),
            startedAt: Timestamp(milliseconds: row.integer(19)), step: step, state: state,
            revision: row.int(10), from: row.optionalInt(11), to: row.optionalInt(12),
            mintings: row.int(13), failures: row.int(14),
            nextTryAt: row.optionalInteger(15).map(Timestamp.init(milliseconds:)),
            cause: row.optionalText(16).flatMap(Cause.init(rawValue:)),
            oldSaid: row.optionalText(17).flatMap(Verdict.init(rawValue:)),
            listed: try Documents.decode([String].self, row.text(18)),
            finishedAt: row.optionalInteger(20).map(Timestamp.init(milliseconds:)))
    }

    /// The open or parked rotation of a secret.
    package func openRotation(of secret: SecretReference) throws(StorageError) -> Rotation? {
        try read { try Self.openRotation(of: secret, in: $0) }
    }

    static func openRotation(
        of secret: SecretReference, in database: Database
    ) throws -> Rotation? {
        try database.first(
            "\(rotationColumns) WHERE r.secret_id = ? AND r.state IN ('open', 'parked')",
            [.text(secret.id.text)], rotation)
    }

    /// The newest rotation of a secret, whatever its state.
    package func lastRotation(of secret: SecretReference) throws(StorageError) -> Rotation? {
        try read { database in
            try database.first(
                """
                \(Self.rotationColumns) WHERE r.secret_id = ?
                ORDER BY r.started_at_ms DESC, r.id DESC LIMIT 1
                """, [.text(secret.id.text)], Self.rotation)
        }
    }

    /// Rotations, the newest first: of one secret or all, in one state or any.
    package func rotations(
        of secret: SecretReference?, in state: Rotation.State?, limit: Int
    ) throws(StorageError) -> [Rotation] {
        try read { database in
            try database.all(
                """
                \(Self.rotationColumns)
                WHERE (?1 IS NULL OR r.secret_id = ?1) AND (?2 IS NULL OR r.state = ?2)
                ORDER BY r.started_at_ms DESC, r.id DESC LIMIT ?3
                """,
                [Value(secret?.id.text), Value(state?.rawValue), .integer(Int64(limit))],
                Self.rotation)
        }
    }

    /// The rotation of this id.
    package func rotation(_ id: Identifier) throws(StorageError) -> Rotation? {
        try read { database in
            try database.first(
                "\(Self.rotationColumns) WHERE r.id = ?", [.text(id.text)], Self.rotation)
        }
    }

    /// What a run has to look at: cheap however many policies and entries there are, since every
    /// part of it is found by an index.
    package func work(at now: Timestamp) throws(StorageError) -> Work {
        try read { database in
            let due = try database.all(
                "\(Self.dueColumns) ORDER BY s.due_at_ms, s.name",
                [.integer(now.milliseconds)], Self.policy)
            let freezes = due.isEmpty ? [] : try Self.freezes(database)
            return Work(
                open: try database.all(
                    """
                    \(Self.rotationColumns)
                    WHERE r.state IN ('open', 'parked') AND coalesce(r.next_try_at_ms, 0) <= ?
                      AND (r.state = 'open' OR r.step NOT IN ('prepare', 'issue', 'retire')
                        AND coalesce(r.cause, '') NOT IN ('foreign-rotated', 'moved'))
                    ORDER BY r.started_at_ms, r.id
                    """, [.integer(now.milliseconds)], Self.rotation),
                due: try due.filter {
                    try Scheduling.dueInPause($0.standing, freezes: freezes, now: now)?.isNow(now)
                        ?? false
                },
                // In this order, or SQLite walks through the current versions of all secrets.
                debts: try database.all(
                    """
                    SELECT DISTINCT s.id, s.name FROM delivery d
                    CROSS JOIN version v ON v.secret_id = d.secret_id AND v.number = d.version
                    JOIN secret s ON s.id = d.secret_id
                    WHERE d.state IN ('owed', 'intended') AND v.state = 'current'
                      AND coalesce(d.next_try_at_ms, 0) <= ?
                    ORDER BY s.name
                    """, [.integer(now.milliseconds)], Self.reference),
                watched: try database.all(
                    """
                    SELECT DISTINCT s.id, s.name FROM effect e
                    JOIN rotation r ON r.id = e.rotation_id
                    JOIN secret s ON s.id = r.secret_id
                    JOIN policy p ON p.secret_id = s.id
                    WHERE e.watch_until_ms IS NOT NULL ORDER BY s.name
                    """, [], Self.reference),
                parked: try database.first(
                    """
                    SELECT count(*) FROM rotation
                    WHERE state IN ('open', 'parked') AND state = 'parked'
                    """
                ) { $0.int(0) } ?? 0,
                hasFinishedIncident: try !Self.finishedIncidents(database).isEmpty,
                isAdministering: try Self.isAdministering(at: now, in: database),
                reacting: try Self.owedReactions(at: now, in: database).flatMap(\.secrets),
                lastEntryAt: try database.first(
                    "SELECT time_ms FROM audit_entry ORDER BY seq DESC LIMIT 1"
                ) { Timestamp(milliseconds: $0.integer(0)) },
                highWater: try Trail.highWater(in: database))
        }
    }

    /// Whether the schedule wants the secret of a policy rotated now, and nothing is open for it.
    static func isDue(
        _ policy: StoredPolicy, at now: Timestamp, in database: Database
    ) throws -> Bool {
        let isWanted = try database.first(
            "\(dueColumns) AND s.id = ?2",
            [.integer(now.milliseconds), .text(policy.secret.id.text)]
        ) { _ in true }
        guard isWanted == true else { return false }
        return try Scheduling.dueInPause(
            policy.standing, freezes: try freezes(database), now: now)?.isNow(now) ?? false
    }

    private static let dueColumns = """
        \(policyColumns)
        WHERE s.due_at_ms <= ?1
          AND (coalesce(p.paused_until_ms, 0) <= ?1 OR s.must_be_before_ms <= ?1)
          AND NOT EXISTS (SELECT 1 FROM rotation r
            WHERE r.secret_id = s.id AND r.state IN ('open', 'parked'))
        """

    /// What there is to do now.
    package struct Work: Sendable {
        /// Rotations under way whose next try has come.
        package let open: [Rotation]
        /// Policies whose secret is due, the longest due first.
        package let due: [StoredPolicy]
        /// Secrets whose current version owes a delivery.
        package let debts: [SecretReference]
        /// Secrets with a minting call under watch (P17). Without a policy nothing is looked for.
        package let watched: [SecretReference]
        /// How many rotations wait for a person.
        package let parked: Int
        /// Whether there is an incident to close.
        package let hasFinishedIncident: Bool
        /// Whether something besides rotations is to be done at a provider, or to be settled.
        package let isAdministering: Bool
        /// Secrets with something to be done after their deliveries.
        package let reacting: [SecretReference]
        /// When the trail last grew; nil for an empty one.
        package let lastEntryAt: Timestamp?
        /// How late it was once, if the clock was set back since.
        let highWater: Timestamp?

        /// Whether the clock is not behind any entry (P28).
        package func isClockTrusted(_ now: Timestamp) -> Bool {
            (lastEntryAt ?? now) <= now && (highWater ?? now) <= now
        }
    }

    /// Begins a rotation, or takes the place of one that is open.
    ///
    /// - Parameter superseding: the open or parked rotation whose place it takes.
    package func begin(
        _ rotation: Rotation, superseding: Rotation?
    ) async throws(StorageError) -> Rotation {
        try await commit { transaction in
            if let superseding {
                var old = superseding
                old.state = .superseded
                old.finishedAt = transaction.now
                try transaction.record([.superseded], in: old)
            }
            try transaction.insert(rotation)
            if rotation.isRollback {
                transaction.append(
                    transaction.event(.rotationRolledBack, rotation) {
                        $0.version = rotation.to
                        $0.reason = rotation.reason
                    })
            }
            return rotation
        }
    }

    /// Inserts deliveries that a version owes besides those of its rotation.
    package func owe(_ deliveries: [Delivery]) async throws(StorageError) {
        guard !deliveries.isEmpty else { return }
        try await commit { transaction in
            for delivery in deliveries { try transaction.owe(delivery) }
        }
    }

    /// Writes that the run is alive when the trail has been silent for a day, and computes anew when
    /// everything comes due: the rules of a time zone may have changed.
    package func heartbeat() async throws(StorageError) {
        try await commit { transaction in
            try transaction.schedule()
            transaction.append(Event(.runHeartbeat))
        }
    }
}
