import Rotations
import SQLite
import Vault

extension Transaction {
    /// Inserts a rotation at its first step.
    func insert(_ rotation: Rotation) throws {
        let target = try Documents.encode(rotation.target)
        let terms = try Documents.encode(rotation.terms)
        try database.run(
            """
            INSERT INTO rotation(
              id, secret_id, trigger, reason, ticket, target, terms, step, state, revision,
              from_version, to_version, started_at_ms, incident_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)
            """,
            [
                .text(rotation.id.text), .text(rotation.secret.id.text),
                .text(rotation.trigger.rawValue), Value(rotation.reason), Value(rotation.ticket),
                .text(target), .text(terms), .text(rotation.step.rawValue),
                .text(rotation.state.rawValue), Value(rotation.from), Value(rotation.to),
                .integer(rotation.startedAt.milliseconds),
                Value(rotation.incident?.text),
            ])
        let isScheduled = rotation.trigger == .schedule
        let wanted = isScheduled ? try dueDate(of: rotation.secret) : nil
        append(
            event(.rotationStarted, rotation) {
                $0.due = wanted
                $0.digestAfter = Self.digest(ofTarget: target, terms: terms)
            })
        // Max-age beats windows, freezes and pauses, and says so.
        if isScheduled, let due = try due(rotation.secret), due.why == .maxAge {
            append(
                event(.scheduleOverridden, rotation) {
                    $0.cause = .maxAge
                    $0.until = due.mustBeBefore
                })
        }
    }

    /// What the trail says of a rotation's target and terms, which decide where secrets go.
    static func digest(ofTarget target: String, terms: String) -> [UInt8] {
        Documents.digest("\(target)\n\(terms)")
    }

    /// When the schedule wants the secret rotated, as it was last computed.
    private func dueDate(of secret: SecretReference) throws -> Timestamp? {
        let due = try database.first(
            "SELECT due_at_ms FROM secret WHERE id = ?", [.text(secret.id.text)]
        ) { $0.optionalInteger(0) }
        return (due ?? nil).map(Timestamp.init(milliseconds:))
    }

    /// When and why it is to be rotated, as seen now.
    private func due(_ secret: SecretReference) throws -> Due? {
        let policy = try database.first(
            "\(Store.policyColumns) WHERE s.id = ?", [.text(secret.id.text)], Store.policy)
        return try policy.flatMap {
            try Scheduling.dueInPause(
                $0.standing, freezes: try Store.freezes(database), now: now)
        }
    }

    /// Writes the rotation's row, its changes and their entries. The row must still have the
    /// revision that the rotation was read with (P3).
    @discardableResult
    func record(_ changes: [Change], in rotation: Rotation) throws -> Rotation {
        try database.run(
            """
            UPDATE rotation SET step = ?, state = ?, revision = revision + 1, from_version = ?,
              to_version = ?, mintings = ?, failures = ?, next_try_at_ms = ?, cause = ?,
              old_said = ?, listed = ?, finished_at_ms = ?
            WHERE id = ? AND revision = ? AND state IN ('open', 'parked')
            """,
            [
                .text(rotation.step.rawValue), .text(rotation.state.rawValue),
                Value(rotation.from), Value(rotation.to), .integer(Int64(rotation.mintings)),
                .integer(Int64(rotation.failures)), Value(rotation.nextTryAt?.milliseconds),
                Value(rotation.cause?.rawValue), Value(rotation.oldSaid?.rawValue),
                .text(try Documents.encode(rotation.listed)),
                Value(rotation.finishedAt?.milliseconds), .text(rotation.id.text),
                .integer(Int64(rotation.revision)),
            ])
        guard database.changes == 1 else { throw StorageError.stale }
        for change in changes { try apply(change, in: rotation) }
        if changes.isEmpty { append(event(.rotationAdvanced, rotation)) }
        var next = rotation
        next.revision += 1
        return next
    }

    /// An event of this rotation.
    func event(
        _ type: EventType, _ rotation: Rotation, _ fill: (inout Event) -> Void = { _ in }
    ) -> Event {
        Event(type) {
            $0.secret = rotation.secret
            $0.rotation = rotation.id
            $0.step = rotation.step
            $0.trigger = rotation.trigger
            if type == .rotationStarted {
                $0.reason = rotation.reason
                $0.ticket = rotation.ticket
                $0.incident = rotation.incident
            }
            fill(&$0)
        }
    }

    private func apply(_ change: Change, in rotation: Rotation) throws {
        switch change {
        case .prepared(let survey, let verdict, let offset):
            try prepared(survey, verdict, offset, rotation)
        case .intended(let effect): try intended(effect, rotation)
        case .settled(let effect, let outcome, let cause, let status):
            try settled(effect, outcome, cause, status, rotation)
        case .watched(let effect, let until): try watched(effect, until, rotation)
        case .unwatched(let effect): try watched(effect, nil, rotation)
        case .lost(let version, let credential, let effect):
            try lost(version, credential, effect, rotation)
        case .proved(let version, let verdict): try proved(version, verdict, rotation)
        case .promoted(let version): try promoted(version, rotation)
        case .retiring(let version, let date):
            try set("state = 'retiring', retire_at_ms = ?", date, version, rotation)
            append(
                event(.versionRetiring, rotation) {
                    $0.version = version
                    $0.until = date
                })
        case .owed(let delivery): try owe(delivery, event(.deliveryOwed, rotation))
        case .overtaken(let delivery):
            var closed = delivery
            closed.state = .closed
            try update(closed)
            append(event(.deliveryClosed, rotation) { $0.describe(closed) })
        case .ended(let version, let date):
            // Its entry is the settled effect's, or the promotion's.
            try set("ended_at_ms = ?", date, version, rotation)
        case .retired(let version, let verdict, let timeToDeath):
            try retired(version, verdict, timeToDeath, rotation)
        case .destroyed(let version): try destroyed(version, rotation)
        case .held(let cause):
            append(
                event(.rotationHeld, rotation) {
                    $0.cause = cause
                    $0.until = rotation.nextTryAt
                })
        case .failed(let cause, let status):
            append(
                event(.rotationFailed, rotation) {
                    $0.cause = cause
                    $0.status = status
                    $0.until = rotation.nextTryAt
                })
        case .parked(let cause):
            append(event(.rotationParked, rotation) { $0.cause = cause })
        case .gateOverridden(let cause):
            append(event(.gateOverridden, rotation) { $0.cause = cause })
        case .resumed(let reason, let cause):
            append(
                event(.rotationResumed, rotation) {
                    $0.reason = reason
                    $0.cause = cause
                })
        case .superseded: try superseded(rotation)
        case .finished: append(event(.rotationFinished, rotation) { $0.version = rotation.to })
        }
    }

    private func set(
        _ assignment: String, _ date: Timestamp, _ version: Int, _ rotation: Rotation
    ) throws {
        try database.run(
            "UPDATE version SET \(assignment) WHERE secret_id = ? AND number = ?",
            [
                .integer(date.milliseconds), .text(rotation.secret.id.text),
                .integer(Int64(version)),
            ])
    }

    private func prepared(
        _ survey: Survey, _ verdict: Verdict, _ offset: Int64?, _ rotation: Rotation
    ) throws {
        if let from = rotation.from {
            // What is adopted without a name or client id learns them here (P5).
            try database.run(
                """
                UPDATE version SET provider_name = coalesce(provider_name, ?),
                  client_id = coalesce(client_id, ?)
                WHERE secret_id = ? AND number = ?
                """,
                [
                    Value(survey.found.name), Value(survey.found.clientID),
                    .text(rotation.secret.id.text), .integer(Int64(from)),
                ])
        }
        append(
            event(.rotationPrepared, rotation) {
                $0.verdict = verdict
                $0.admin = survey.admin
                $0.clockOffsetMilliseconds = offset
                $0.target = TargetReference(
                    kind: survey.found.kind, providerID: survey.found.providerID)
            })
    }

    private func intended(_ effect: Effect, _ rotation: Rotation) throws {
        try database.run(
            """
            INSERT INTO effect(id, rotation_id, step, version, name, state, intended_at_ms)
            VALUES (?, ?, ?, ?, ?, 'intended', ?)
            """,
            [
                .text(effect.id.text), .text(rotation.id.text), .text(effect.step.rawValue),
                .integer(Int64(effect.version)), Value(effect.name),
                .integer(effect.intendedAt.milliseconds),
            ])
        append(
            event(.effectIntended, rotation) {
                $0.effect = effect.id
                $0.step = effect.step
                $0.version = effect.version
            })
    }

    private func settled(
        _ effect: Effect, _ outcome: OutcomeWord, _ cause: Cause?, _ status: Int?,
        _ rotation: Rotation
    ) throws {
        try database.run(
            "UPDATE effect SET state = ?, cause = ?, settled_at_ms = ? WHERE id = ?",
            [
                .text(outcome.rawValue), Value(cause?.rawValue), .integer(now.milliseconds),
                .text(effect.id.text),
            ])
        append(
            event(.effectSettled, rotation) {
                $0.effect = effect.id
                $0.step = effect.step
                $0.version = effect.version
                $0.outcome = outcome
                $0.cause = cause
                $0.status = status
            })
    }

    func watched(_ effect: Effect, _ until: Timestamp?, _ rotation: Rotation) throws {
        try database.run(
            "UPDATE effect SET watch_until_ms = ? WHERE id = ?",
            [Value(until?.milliseconds), .text(effect.id.text)])
        append(
            event(.effectWatched, rotation) {
                $0.effect = effect.id
                $0.step = effect.step
                $0.version = effect.version
                $0.until = until
            })
    }

    private func lost(
        _ version: Int, _ credential: CredentialReference, _ effect: Effect, _ rotation: Rotation
    ) throws {
        try database.run(
            """
            INSERT INTO version(
              secret_id, number, state, provider_id, provider_name, client_id, rotation_id,
              issued_at_ms)
            VALUES (?, ?, 'lost', ?, ?, ?, ?, ?)
            """,
            [
                .text(rotation.secret.id.text), .integer(Int64(version)),
                .text(credential.providerID), Value(credential.name),
                Value(credential.clientID), .text(rotation.id.text),
                .integer(effect.intendedAt.milliseconds),
            ])
        try insertIdentity(of: rotation.secret, credential.providerID)
        append(
            event(.versionLost, rotation) {
                $0.version = version
                $0.effect = effect.id
                $0.target = TargetReference(
                    kind: credential.kind, providerID: credential.providerID)
            })
    }

    private func proved(_ version: Int, _ verdict: Verdict, _ rotation: Rotation) throws {
        if verdict == .accepted { try set("proved_at_ms = ?", now, version, rotation) }
        append(
            event(.versionProved, rotation) {
                $0.version = version
                $0.verdict = verdict
            })
    }

    private func promoted(_ version: Int, _ rotation: Rotation) throws {
        // What a rollback brings back is as old as it is, and its consumers have to move to it anew.
        let promotedAt = rotation.isRollback ? "promoted_at_ms" : "\(now.milliseconds)"
        let place: [Value] = [.text(rotation.secret.id.text), .integer(Int64(version))]
        try database.run(
            """
            UPDATE version SET state = 'current', promoted_at_ms = \(promotedAt),
              retire_at_ms = NULL, acknowledged_at_ms = NULL
            WHERE secret_id = ? AND number = ?
            """, place)
        try database.run(
            """
            UPDATE secret SET rotated_at_ms =
              (SELECT promoted_at_ms FROM version WHERE secret_id = ?1 AND number = ?2)
            WHERE id = ?1
            """, place)
        try schedule(rotation.secret)
        append(event(.versionPromoted, rotation) { $0.version = version })
    }

    private func retired(
        _ version: Int, _ verdict: Verdict, _ timeToDeath: Int64?, _ rotation: Rotation
    ) throws {
        try database.run(
            """
            UPDATE version SET state = 'retired', retired_at_ms = ?, retire_at_ms = NULL,
              time_to_death_ms = ?
            WHERE secret_id = ? AND number = ?
            """,
            [
                .integer(now.milliseconds), Value(timeToDeath), .text(rotation.secret.id.text),
                .integer(Int64(version)),
            ])
        append(
            event(.versionRetired, rotation) {
                $0.version = version
                $0.verdict = verdict
                $0.timeToDeathMilliseconds = timeToDeath
            })
    }

    private func destroyed(_ version: Int, _ rotation: Rotation) throws {
        let owner = rotation.secret.id.text
        try database.run(
            """
            UPDATE version SET state = 'destroyed', sealed_id = NULL
            WHERE secret_id = ? AND number = ?
            """, [.text(owner), .integer(Int64(version))])
        try Store.erase(.value, of: owner, number: version, in: database)
        append(event(.versionDestroyed, rotation) { $0.version = version })
    }

    private func superseded(_ rotation: Rotation) throws {
        let abandoned = try database.all(
            """
            SELECT id, step, version, name, state, intended_at_ms FROM effect
            WHERE rotation_id = ? AND state IN ('intended', 'unsettled')
            """, [.text(rotation.id.text)], Store.effect)
        try database.run(
            """
            UPDATE effect SET state = 'abandoned', settled_at_ms = ?
            WHERE rotation_id = ? AND state IN ('intended', 'unsettled')
            """, [.integer(now.milliseconds), .text(rotation.id.text)])
        for effect in abandoned where effect.step == .issue {
            // It may still be carried out, over what takes its place (P17).
            try watched(effect, now + rotation.terms.strategy.watch, rotation)
        }
        append(event(.rotationSuperseded, rotation))
    }
}
