import Secrets

extension Rotator {
    /// P18: the value read back from the vault is shown to the provider.
    func prove(_ rotation: Rotation) async throws(JournalError) -> Progress {
        let version = try await newVersion(of: rotation)
        let credential = try await credential(of: version, in: rotation)
        var verdict = await ask(credential, until: .accepted)
        if verdict == .noVerdict, rotation.terms.strategy == .overlap,
            try await isPredecessorAccepted(of: rotation)
        {
            // P20: the old value's word is the control that makes a refusal evidence.
            verdict = await provider.ask(credential)
        }
        guard verdict == .accepted || !conditions.isStopping() else { return .waits(rotation) }
        let proved = Change.proved(version: version.number, verdict)
        switch (verdict, rotation.terms.strategy) {
        case (.accepted, .inPlace):
            alive.insert(version.number, of: rotation.secret)
            return .advanced(try await journal.record([proved], in: stepped(rotation)))
        case (.accepted, .overlap):
            alive.insert(version.number, of: rotation.secret)
            var changes = [proved]
            let (equipped, refusal) = try await equip(version, in: rotation)
            if let refusal {
                // An emergency is not held up by what the new credential may do.
                guard rotation.trigger == .emergency else {
                    return try await fail(equipped, refusal.cause, refusal)
                }
                changes.append(.gateOverridden(refusal.cause))
            }
            changes += try await debts(for: version, in: rotation)
            return .advanced(try await journal.record(changes, in: stepped(equipped)))
        case (.refused, .inPlace):
            return try await replace(version, in: rotation, after: [proved])
        case (.refused, .overlap) where rotation.isRollback:
            // It was accepted when a person asked for it. Both values stay as they are.
            return try await park(rotation, .foreignRotated, after: [proved])
        case (.refused, .overlap):
            return try await giveUp(version, in: rotation, after: [proved])
        case (.noVerdict, .inPlace), (.notHeld, .inPlace):
            // P19: nothing else lives, so it is promoted all the same, and proof stays owed.
            return .advanced(try await journal.record([proved], in: stepped(rotation)))
        case (.noVerdict, .overlap), (.notHeld, .overlap):
            return try await fail(rotation, .unproved)
        }
    }

    /// P18, in place: the provider issued a secret that never worked; only another one helps.
    func replace(
        _ version: Version, in rotation: Rotation, after changes: [Change]
    ) async throws(JournalError) -> Progress {
        // No schedule mints for a parked rotation (P29).
        guard rotation.state == .open else {
            return try await fail(rotation, .newSecretRefused, after: changes)
        }
        var next = rotation
        var changes = changes
        let credential = reference(to: version, in: rotation)
        let attempts = try await journal.attempts(of: rotation.secret)
        if version.provedAt != nil, let late = lateAttempt(attempts, since: version) {
            changes += try await lateCommit(of: late, credential, in: &next)
        }
        return try await mintAgain(
            next, order(for: rotation, credential), oldIsDead: true, after: changes)
    }

    /// Whether the version that is replaced, if its value is held, is accepted now.
    private func isPredecessorAccepted(of rotation: Rotation) async throws(JournalError) -> Bool {
        let versions = try await journal.versions(of: rotation.secret)
        guard let old = versions.first(where: { $0.number == rotation.from }), old.isHeld else {
            return false
        }
        return await provider.ask(try await credential(of: old, in: rotation)) == .accepted
    }

    /// P18, overlap: a credential that is refused was delivered to nobody, so it is deleted at once
    /// and the rotation begins anew.
    private func giveUp(
        _ version: Version, in rotation: Rotation, after changes: [Change]
    ) async throws(JournalError) -> Progress {
        var next = rotation
        next.step = .prepare
        next.to = nil
        next = try await journal.record(
            changes + [.retiring(version: version.number, at: clock.now())], in: next)
        // A crash here leaves it to the retire step, as does a delete that fails.
        if next.state == .open {
            next = try await end(version.number, reference(to: version, in: rotation), in: next)
                .rotation
        }
        return try await fail(next, .newSecretRefused)
    }

    /// The new version becomes what consumers should use; all others that live get a date.
    func promote(_ rotation: Rotation) async throws(JournalError) -> Progress {
        let version = try await newVersion(of: rotation)
        let all = try await journal.versions(of: rotation.secret)
            .filter { $0.number != version.number }
        var others = all.filter { [.current, .pending].contains($0.state) }
        if rotation.trigger == .emergency {
            // P31: every live credential of the secret, also one that had time left.
            others += all.filter { $0.state == .retiring && $0.endedAt == nil }
        }
        var next = stepped(rotation)
        next.failures = 0
        var changes: [Change] = []
        switch rotation.terms.strategy {
        case .inPlace:
            // The old secret has been dying since the provider's answer.
            for other in others {
                changes.append(.retiring(version: other.number, at: version.issuedAt))
                changes.append(.ended(version: other.number, at: version.issuedAt))
            }
            changes.append(.promoted(version: version.number))
            changes += try await debts(for: version, in: rotation)
        case .overlap:
            // An emergency leaves no time for consumers: the gate is proof alone (P31).
            let date =
                rotation.trigger == .emergency
                ? clock.now() : clock.now() + rotation.terms.overlap
            for other in others { changes.append(.retiring(version: other.number, at: date)) }
            changes.append(.promoted(version: version.number))
            // A person may have delivered the old one again meanwhile.
            changes += try await overtaken(by: version, in: rotation)
            // P17: what a call in place may do late, it does to an account that is left.
            for attempt in try await journal.attempts(of: rotation.secret)
            where attempt.effect.name == nil && attempt.watchUntil != nil {
                changes.append(.unwatched(attempt.effect))
            }
            if date > clock.now() { next.nextTryAt = date }
        }
        return .advanced(try await journal.record(changes, in: next))
    }

    /// The version that the rotation makes.
    func newVersion(of rotation: Rotation) async throws(JournalError) -> Version {
        let versions = try await journal.versions(of: rotation.secret)
        guard let version = versions.first(where: { $0.number == rotation.to }) else {
            // The row was committed together with this step.
            throw .refused
        }
        return version
    }

    /// The debts that a version's take the place of (P22): of older ones, and in a rollback of the
    /// newer one. What is left of a delivery that was begun must not come after them (P23).
    private func overtaken(
        by version: Version, in rotation: Rotation
    ) async throws(JournalError) -> [Change] {
        var changes: [Change] = []
        for other in try await journal.versions(of: rotation.secret)
        where other.number != version.number {
            for var delivery in try await journal.deliveries(of: other.number, of: rotation.secret)
            where delivery.isDebt {
                await clearAway(&delivery)
                changes.append(.overtaken(delivery))
            }
        }
        return changes
    }

    /// The deliveries that a version owes, and the debts that they take the place of.
    private func debts(
        for version: Version, in rotation: Rotation
    ) async throws(JournalError) -> [Change] {
        var changes = try await overtaken(by: version, in: rotation)
        for (position, destination) in rotation.terms.destinations.enumerated() {
            changes.append(
                .owed(
                    Delivery(
                        secret: rotation.secret, version: version.number, position: position,
                        destination: destination)))
        }
        return changes
    }
}
