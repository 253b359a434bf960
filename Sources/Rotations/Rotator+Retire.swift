import Secrets

extension Rotator {
    /// Overlap: deletes the credentials whose date has come, once the gate is open (P25).
    func retire(_ rotation: Rotation) async throws(JournalError) -> Progress {
        var next = rotation
        // What nobody ever saw is used by nobody: no gate stands before it.
        for version in try await journal.versions(of: rotation.secret)
        where version.state == .lost && version.endedAt == nil {
            guard !conditions.isStopping() else { return .waits(next) }
            if let doubt = await doubt(about: next) { return try await hold(next, doubt) }
            let end = try await end(version.number, reference(to: version, in: rotation), in: next)
            next = end.rotation
            if let refusal = end.refusal { return try await fail(next, refusal.cause, refusal) }
        }
        let retiring = try await journal.versions(of: rotation.secret).filter {
            $0.number != rotation.to && $0.state == .retiring && $0.endedAt == nil
        }
        let now = clock.now()
        let due = retiring.filter { ($0.retireAt ?? now) <= now }
        guard !due.isEmpty else {
            guard let date = retiring.compactMap(\.retireAt).min() else {
                return .advanced(try await journal.record([], in: stepped(next)))
            }
            guard next.nextTryAt != date || next.cause != nil else { return .waits(next) }
            next.nextTryAt = date
            next.cause = nil
            return .waits(try await journal.record([], in: next))
        }
        let date = due.compactMap(\.retireAt).max() ?? now
        switch try await gate(of: next, since: date) {
        case .open: break
        case .waits(let cause, let date): return try await hold(next, cause, until: date)
        case .failed(let cause): return try await fail(next, cause)
        case .overdue(let cause) where next.terms.onDeadline == .retire:
            next = try await journal.record([.gateOverridden(cause)], in: next)
        case .overdue: return try await park(next, .gateDeadline)
        }
        for version in due {
            guard !conditions.isStopping() else { return .waits(next) }
            let end = try await end(
                version.number, reference(to: version, in: rotation), in: next)
            next = end.rotation
            if let refusal = end.refusal { return try await fail(next, refusal.cause, refusal) }
        }
        return retiring.count == due.count
            ? .advanced(try await journal.record([], in: stepped(next))) : .advanced(next)
    }

    /// What stands between a date and a retirement (invariant 4, P25).
    private enum Gate {
        case open
        /// It opens by itself or by a person's word; worth another look then.
        case waits(Cause, until: Timestamp?)
        case failed(Cause)
        /// Consumers have not come in the time that the policy gives them.
        case overdue(Cause)
    }

    /// - Parameter date: when the retirement was due.
    private func gate(
        of rotation: Rotation, since date: Timestamp
    ) async throws(JournalError) -> Gate {
        // Possession: read back, opened, accepted by the provider in this run. Nothing goes before.
        let version = try await newVersion(of: rotation)
        if !alive.contains(version.number, of: rotation.secret) {
            guard version.isHeld else { return .failed(.unproved) }
            let verdict = await ask(
                try await credential(of: version, in: rotation), until: .accepted,
                firmly: version.provedAt != nil)
            switch verdict {
            case .accepted: alive.insert(version.number, of: rotation.secret)
            case .refused: return .failed(.newSecretRefused)
            case .noVerdict, .notHeld: return .failed(.unproved)
            }
        }
        guard rotation.trigger != .emergency else { return .open }
        // Only now has the provider's clock been seen for certain (P28).
        if let doubt = await clockDoubt() { return .waits(doubt, until: nil) }
        // What was owed again since is tried again, each at its time (P29).
        _ = try await deliver(version, in: rotation, to: nil)
        guard let missing = try await missing(version, in: rotation) else { return .open }
        let deadline = rotation.terms.gateDeadline.map { date + $0 }
        if let deadline, deadline <= clock.now() { return .overdue(missing) }
        // A person's word takes the rotation up at once when it comes.
        if missing.isWaiting { return .waits(missing, until: deadline ?? clock.now() + .hours(24)) }
        // With a deadline it is the deadline that parks, not the count of failures.
        guard let deadline else { return .failed(missing) }
        return .waits(missing, until: min(deadline, clock.now() + .hours(1)))
    }

    /// What the consumers have not done yet to let the old credential go.
    private func missing(
        _ version: Version, in rotation: Rotation
    ) async throws(JournalError) -> Cause? {
        for delivery in try await journal.deliveries(of: version.number, of: rotation.secret)
        where delivery.destination.isRequired {
            guard !delivery.isDebt else { return .deliveryFailed }
            guard case .file = delivery.destination.receiver, delivery.state == .done
            else { continue }
            guard let contents = await handoff.readBack(delivery.destination),
                try journal.fingerprint(of: contents) == delivery.digest
            else { return .deliveryChanged }
        }
        return rotation.terms.acknowledge && version.acknowledgedAt == nil ? .notAcknowledged : nil
    }

    /// Deletes one credential at the provider: intent, act, outcome. The refusal says why it is still
    /// there, or that nobody knows; deleting again is harmless, so the next run does just that.
    func end(
        _ number: Int, _ credential: CredentialReference, in rotation: Rotation
    ) async throws(JournalError) -> (rotation: Rotation, refusal: Refusal?) {
        let versions = try await journal.versions(of: rotation.secret)
        guard !versions.contains(where: { $0.number != number && $0.isLive(as: credential) })
        else {
            // Two versions under one id: only an in-place rotation makes that, and it deletes
            // nothing.
            return (rotation, Refusal(.refusedByProvider))
        }
        var next = rotation
        let effect: Effect
        if let open = try await journal.openEffect(of: rotation), open.step == .retire,
            open.version == number
        {
            effect = open
        } else {
            effect = Effect(
                id: try journal.newIdentifier(), step: .retire, version: number,
                name: credential.providerID, state: .intended, intendedAt: clock.now())
            next = try await journal.record([.intended(effect)], in: next)
        }
        // A crash from here on finds the intent: the credential is deleted again.
        switch await provider.retire(credential) {
        case .done:
            let changes: [Change] = [
                .settled(effect, .done, nil, status: nil),
                .ended(version: number, at: clock.now()),
            ]
            return (try await journal.record(changes, in: next), nil)
        case .refused(let refusal):
            let change = Change.settled(
                effect, .refused, refusal.cause, status: refusal.status)
            return (try await journal.record([change], in: next), refusal)
        case .unsettled(let cause):
            let change = Change.settled(effect, .unsettled, cause, status: nil)
            return (try await journal.record([change], in: next), Refusal(cause))
        }
    }

    /// The old secret must be refused now; how long that took is recorded (P26).
    func confirm(_ rotation: Rotation) async throws(JournalError) -> Progress {
        let versions = try await journal.versions(of: rotation.secret)
        let new = try await newVersion(of: rotation)
        var changes: [Change] = []
        if new.isHeld, try await isInDoubt(new, in: rotation) {
            // P19: proof was owed since the promotion. P17: a late commit may have replaced it.
            switch await ask(try await credential(of: new, in: rotation), until: .accepted) {
            case .accepted:
                alive.insert(new.number, of: rotation.secret)
                changes.append(.proved(version: new.number, .accepted))
            case _ where conditions.isStopping(): return .waits(rotation)
            case .refused where rotation.terms.strategy == .inPlace:
                return try await replace(new, in: rotation, after: [])
            case .refused: return try await fail(rotation, .newSecretRefused)
            case .noVerdict, .notHeld: return try await fail(rotation, .unproved)
            }
        }
        for old in versions
        where old.number != new.number && [.retiring, .lost].contains(old.state) {
            // What lives on beside is still to be deleted, and stays a debt.
            if old.state == .lost, old.endedAt == nil, old.providerID != new.providerID { continue }
            guard old.isHeld, new.isHeld, old.state == .retiring else {
                changes.append(
                    .retired(version: old.number, .notHeld, timeToDeathMilliseconds: nil))
                continue
            }
            // The successor is asked first: it is the control that makes a refusal evidence (P20).
            if await provider.ask(try await credential(of: new, in: rotation)) == .accepted {
                alive.insert(new.number, of: rotation.secret)
            }
            switch await ask(try await credential(of: old, in: rotation), until: .refused) {
            case .refused:
                let since = old.endedAt ?? clock.now()
                changes.append(
                    .retired(
                        version: old.number, .refused,
                        timeToDeathMilliseconds: clock.now().milliseconds - since.milliseconds))
            case _ where conditions.isStopping(): return .waits(rotation)
            case .accepted:
                return try await fail(rotation, .oldSecretStillAccepted, after: changes)
            case .noVerdict, .notHeld:
                return try await fail(rotation, .oldSecretNoVerdict, after: changes)
            }
        }
        var next = stepped(rotation)
        next.state = .done
        next.finishedAt = clock.now()
        // P28: a later rotation forgets what is kept too long now.
        if await clockDoubt() == nil {
            changes += forgotten(versions, keeping: new, in: rotation)
        }
        return .advanced(try await journal.record(changes + [.finished], in: next))
    }

    /// The values that the policy does not keep any longer.
    private func forgotten(
        _ versions: [Version], keeping new: Version, in rotation: Rotation
    ) -> [Change] {
        versions
            .filter { $0.number <= new.number - max(rotation.terms.keep, 1) && $0.isHeld }
            .map { .destroyed(version: $0.number) }
    }
}
