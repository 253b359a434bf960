import Rotations
import SQLite
import Secrets

/// An effect as it is kept after its outcome.
package struct RecordedEffect: Sendable {
    package let effect: Effect
    package let cause: Cause?
    package let settledAt: Timestamp?
    /// Until when its outcome is watched (P17).
    package let watchUntil: Timestamp?
    /// Whether its answer is still sealed: nobody could read it, or it came too late.
    package let hasSealedAnswer: Bool
}

extension Store {
    /// What a rotation did, or meant to do, at the provider, in order.
    package func effects(of rotation: Rotation) throws(StorageError) -> [RecordedEffect] {
        try read { database in
            try database.all(
                """
                SELECT e.id, e.step, e.version, e.name, e.state, e.intended_at_ms, e.cause,
                  e.settled_at_ms, e.watch_until_ms,
                  EXISTS (SELECT 1 FROM sealed s WHERE s.purpose = 'answer' AND s.owner = e.id)
                FROM effect e WHERE e.rotation_id = ? ORDER BY e.intended_at_ms, e.id
                """, [.text(rotation.id.text)]
            ) { row in
                RecordedEffect(
                    effect: try Self.effect(row),
                    cause: row.optionalText(6).flatMap(Cause.init(rawValue:)),
                    settledAt: row.optionalInteger(7).map(Timestamp.init(milliseconds:)),
                    watchUntil: row.optionalInteger(8).map(Timestamp.init(milliseconds:)),
                    hasSealedAnswer: row.bool(9))
            }
        }
    }

    /// The calls under watch (P17), with their rotations.
    static func watchedEffects(in database: Database) throws -> [(Effect, Rotation)] {
        let effects = try database.all(
            """
            SELECT id, step, version, name, state, intended_at_ms, rotation_id FROM effect
            WHERE watch_until_ms IS NOT NULL ORDER BY id
            """
        ) { (try effect($0), $0.text(6)) }
        return try effects.compactMap { effect, rotation in
            try database.first(
                "\(rotationColumns) WHERE r.id = ?", [.text(rotation)], Self.rotation
            ).map { (effect, $0) }
        }
    }

    /// Ends the watch over calls whose time has passed and whose names were looked for since (P17).
    package func endWatch(
        of effects: [Effect], _ secret: SecretReference
    ) async throws(StorageError) {
        try await commit { transaction in
            for effect in effects {
                try transaction.database.run(
                    "UPDATE effect SET watch_until_ms = NULL WHERE id = ?", [.text(effect.id.text)])
                transaction.append(
                    Event(.effectWatched) {
                        $0.secret = secret
                        $0.effect = effect.id
                        $0.step = effect.step
                        $0.version = effect.version
                    })
            }
        }
    }

    /// The provider's ids of all credentials that any secret ever had, and the names of all attempts
    /// (P16).
    package func knownCredentials() throws(StorageError) -> Set<String> {
        try read { database in
            Set(
                try database.all(
                    """
                    SELECT provider_id FROM identity
                    UNION SELECT name FROM effect WHERE step = 'issue' AND name IS NOT NULL
                    """
                ) { $0.text(0) })
        }
    }

    /// The sealed answer of an effect, opened, after its entry is on disk (P35): an answer that nobody
    /// could read may hold a secret that a person can.
    /// - Parameter secret: whose rotation's effect it is; nil: a creation's, which became no secret.
    package func revealAnswer(
        of effect: Identifier, of secret: SecretReference?, reason: String
    ) async throws(StorageError) -> SecretBytes? {
        let record = try read { database in
            let owner = try database.first(
                """
                SELECT r.secret_id FROM effect e JOIN rotation r ON r.id = e.rotation_id
                WHERE e.id = ?
                """, [.text(effect.text)]
            ) { $0.text(0) }
            return owner != nil && owner != secret?.id.text
                ? nil : try Self.sealed(.answer, of: effect.text, number: 0, in: database)
        }
        guard let record else { return nil }
        let answer: SecretBytes
        do {
            answer = try vault.open(record)
        } catch {
            throw StorageError(error)
        }
        try await commit(unattested: secret.map { [$0] } ?? []) { transaction in
            transaction.append(
                Event(.answerRevealed) {
                    $0.secret = secret
                    $0.effect = effect
                    $0.reason = reason
                })
        }
        return answer
    }

    /// Records that the consumers of a version use it (P25). A rotation that waits for that is taken
    /// up by the next run.
    package func acknowledge(
        _ version: Int, of secret: SecretReference, reason: String
    ) async throws(StorageError) {
        try await commit(unattested: [secret]) { transaction in
            let place: [Value] = [.text(secret.id.text), .integer(Int64(version))]
            try transaction.database.run(
                """
                UPDATE version SET acknowledged_at_ms = \(transaction.now.milliseconds)
                WHERE secret_id = ? AND number = ? AND acknowledged_at_ms IS NULL
                """, place)
            guard transaction.database.changes == 1 else { return }
            try transaction.database.run(
                """
                UPDATE rotation SET next_try_at_ms = NULL, revision = revision + 1
                WHERE secret_id = ? AND state = 'open' AND cause = 'not-acknowledged'
                """, [.text(secret.id.text)])
            transaction.append(
                Event(.versionAcknowledged) {
                    $0.secret = secret
                    $0.version = version
                    $0.reason = reason
                })
        }
    }
}
