import Rotations
import SQLite

/// A reaction that is owed, by one secret or many.
package struct OwedReaction: Sendable {
    package let reaction: Reaction
    /// Those whose new values it is about.
    package let secrets: [SecretReference]
    /// Since when each of them owes it: what is delivered while it is done owes it anew.
    fileprivate let owedAt: [Int64]
    /// How often it failed since it was owed.
    package let failures: Int
    package let cause: Cause?
}

extension Transaction {
    /// Owes what the policy wants done after a delivery. A delivery that follows owes it anew: what was
    /// done before it is not enough.
    func oweReactions(of secret: SecretReference) throws {
        let policy = try database.first(
            "\(Store.policyColumns) WHERE s.id = ?", [.text(secret.id.text)], Store.policy)
        for (position, reaction) in (policy?.policy.after ?? []).enumerated() {
            let terms = try Documents.encode(reaction)
            try database.run(
                """
                INSERT INTO reaction(secret_id, action, position, terms, state, owed_at_ms)
                VALUES (?, ?, ?, ?, 'owed', ?)
                ON CONFLICT(secret_id, action) DO UPDATE SET
                  position = excluded.position, terms = excluded.terms, state = 'owed',
                  failures = 0, next_try_at_ms = NULL, cause = NULL,
                  owed_at_ms = excluded.owed_at_ms
                """,
                [
                    .text(secret.id.text), .text(reaction.id), .integer(Int64(position)),
                    .text(terms), .integer(now.milliseconds),
                ])
            append(
                Event(.reactionOwed) {
                    $0.secret = secret
                    $0.destination = reaction.id
                    $0.digestAfter = Documents.digest(terms)
                })
        }
    }

    /// Closes what is owed after deliveries, with an entry each.
    /// - Parameter kept: what the policy still wants.
    func closeReactions(of secret: SecretReference, besides kept: [Reaction] = []) throws {
        let actions = try database.all(
            "SELECT action FROM reaction WHERE secret_id = ? AND state = 'owed' ORDER BY position",
            [.text(secret.id.text)]
        ) { $0.text(0) }
        for action in actions where !kept.contains(where: { $0.id == action }) {
            try settleReaction(action, of: secret, "closed", failures: 0, nextTryAt: nil, nil)
            append(
                Event(.reactionClosed) {
                    $0.secret = secret
                    $0.destination = action
                })
        }
    }

    fileprivate func settleReaction(
        _ action: String, of secret: SecretReference, _ state: String, failures: Int,
        nextTryAt: Timestamp?, _ cause: Cause?
    ) throws {
        try database.run(
            """
            UPDATE reaction SET state = ?, failures = ?, next_try_at_ms = ?, cause = ?,
              settled_at_ms = ?
            WHERE secret_id = ? AND action = ?
            """,
            [
                .text(state), .integer(Int64(failures)), Value(nextTryAt?.milliseconds),
                Value(cause?.rawValue), .integer(now.milliseconds), .text(secret.id.text),
                .text(action),
            ])
    }
}

extension Store {
    /// The reactions that are owed and whose next try has come, each once, in the order of policies'
    /// lists.
    /// - Parameter isByHand: a person waits for it: back-off does not count.
    package func owedReactions(
        at now: Timestamp, isByHand: Bool = false
    ) throws(StorageError) -> [OwedReaction] {
        try read { try Self.owedReactions(at: isByHand ? .latest : now, in: $0) }
    }

    static func owedReactions(at now: Timestamp, in database: Database) throws -> [OwedReaction] {
        let rows = try database.all(
            """
            SELECT s.id, s.name, r.terms, r.position, r.failures, r.cause, r.owed_at_ms
            FROM reaction r
            JOIN secret s ON s.id = r.secret_id
            WHERE r.state = 'owed' AND coalesce(r.next_try_at_ms, 0) <= ?
            ORDER BY s.name
            """, [.integer(now.milliseconds)]
        ) { row in
            (
                reaction: try Documents.decode(Reaction.self, row.text(2)),
                secret: try reference(row), position: row.int(3), failures: row.int(4),
                cause: row.optionalText(5).flatMap(Cause.init(rawValue:)), owedAt: row.integer(6)
            )
        }
        var owed: [(position: Int, reaction: OwedReaction)] = []
        for (reaction, rows) in Dictionary(grouping: rows, by: \.reaction) {
            let one = OwedReaction(
                reaction: reaction, secrets: rows.map(\.secret), owedAt: rows.map(\.owedAt),
                failures: rows.map(\.failures).max() ?? 0,
                cause: rows.lazy.compactMap(\.cause).first)
            // Where lists differ, what is last in any of them comes last.
            owed.append((rows.map(\.position).max() ?? 0, one))
        }
        owed.sort {
            ($0.position, $0.reaction.reaction.id) < ($1.position, $1.reaction.reaction.id)
        }
        return owed.map(\.reaction)
    }

    /// Writes how a reaction ended, for all secrets that it was about. One that got another delivery
    /// meanwhile still owes it.
    package func settle(
        _ owed: OwedReaction, _ cause: Cause?, hook: HookReport?
    ) async throws(StorageError) {
        try await commit { transaction in
            for (secret, owedAt) in zip(owed.secrets, owed.owedAt) {
                let isSame = try transaction.database.first(
                    """
                    SELECT 1 FROM reaction
                    WHERE secret_id = ? AND action = ? AND state = 'owed' AND owed_at_ms = ?
                    """, [.text(secret.id.text), .text(owed.reaction.id), .integer(owedAt)]
                ) { _ in true }
                guard isSame == true else { continue }
                let failures = cause == nil ? 0 : owed.failures + 1
                try transaction.settleReaction(
                    owed.reaction.id, of: secret, cause == nil ? "done" : "owed",
                    failures: failures,
                    nextTryAt: cause == nil
                        ? nil
                        : Retry.nextTry(after: failures, at: transaction.now, retryAfter: nil),
                    cause)
                transaction.append(
                    Event(.reactionSettled) {
                        $0.secret = secret
                        $0.destination = owed.reaction.id
                        $0.outcome = cause == nil ? .done : .refused
                        $0.cause = cause
                        $0.hook = hook
                    })
            }
        }
    }
}
