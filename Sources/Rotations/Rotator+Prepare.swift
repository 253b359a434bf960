import Secrets

extension Rotator {
    /// Everything that can be known before the old secret dies. Nothing is changed anywhere; a
    /// crash in here finds the rotation at `prepare` and begins again.
    func prepare(_ rotation: Rotation) async throws(JournalError) -> Progress {
        let all = try await journal.versions(of: rotation.secret)
        guard let old = all.first(where: { $0.state == .current }) else {
            return try await park(rotation, .targetMissing)
        }
        let attempts = try await journal.attempts(of: rotation.secret)
        // P17: what seemed not to have happened may have replaced it after all.
        let late = lateAttempt(attempts, since: old)
        // What is refused was not replaced by somebody else if it was never accepted, or if a later
        // version of ours was lost, or never accepted itself.
        let isKnownReplaced = all.contains {
            $0.number > old.number && [.lost, .pending].contains($0.state)
        }
        let isReplacedByUs = old.provedAt == nil || late != nil || isKnownReplaced
        let recorded = reference(to: old, in: rotation)
        let survey: Survey
        switch await provider.survey(recorded) {
        case .done(let found): survey = found
        case .refused(let refusal): return try await fail(rotation, refusal.cause, refusal)
        case .unsettled(let cause): return try await fail(rotation, cause)
        }
        // P7: the provider is checked against what was recorded, not against the file (P5).
        if let name = recorded.name, survey.found.name != name {
            return try await fail(rotation, .nameMismatch)
        }
        if let doubt = await clockRefusal(rotation) { return try await hold(rotation, doubt) }
        let oldSaid = try await ask(old, survey.found, in: rotation)
        switch oldSaid {
        case .refused where !isWantedByHand(rotation) && !isReplacedByUs:
            return try await park(rotation, .foreignRotated)
        case .noVerdict where rotation.trigger != .emergency:
            return try await fail(rotation, .oldSecretNoVerdict)
        case .accepted, .refused, .noVerdict, .notHeld: break
        }
        // P9. An emergency is not held up by a consumer that cannot be reached.
        if rotation.trigger != .emergency {
            for destination in rotation.terms.destinations where destination.isRequired {
                if let unfit = await handoff.check(destination) {
                    conditions.tell(rotation.secret, unfit)
                    return try await fail(rotation, unfit.cause)
                }
            }
        }
        let orphans = Sweep.orphans(among: survey.listed, versions: all, attempts: attempts)
        let swept = try await sweep(orphans, in: rotation)
        if let refusal = swept.refusal {
            return try await fail(swept.rotation, refusal.cause, refusal)
        }
        var next = stepped(swept.rotation)
        var changes = [
            Change.prepared(
                survey, oldSaid, clockOffsetMilliseconds: await offsetWorthAWord(of: rotation))
        ]
        // What is known to be replaced says nothing of another call: that one may still come.
        if let late, oldSaid == .refused, !isKnownReplaced {
            changes += try await lateCommit(of: late, recorded, in: &next)
        }
        next.from = old.number
        // Once known dead it stays so, whether it can be asked or not.
        let isKnownDead = rotation.oldSaid == .refused && oldSaid != .accepted
        next.oldSaid = isKnownDead ? .refused : oldSaid
        // P15. With the old secret dead the hour between two mintings has passed.
        if next.mintings >= Rotation.maximumMintings,
            rotation.terms.strategy == .overlap || next.oldSaid != .refused
        {
            return try await park(rotation, .tooManyMintings)
        }
        next.listed = survey.listed.map(\.providerID)
        return try await mint(
            next, order: order(for: rotation, survey.found), after: changes)
    }

    /// Whether a person, by this rotation or by resuming it, says that what somebody else did does
    /// not matter (P8).
    private func isWantedByHand(_ rotation: Rotation) -> Bool {
        rotation.trigger.isByHand || conditions.isByHand
    }

    /// P28: no schedule mints while the clock is behind the last entry, or far from the provider's.
    private func clockRefusal(_ rotation: Rotation) async -> Cause? {
        rotation.trigger == .schedule ? await clockDoubt() : nil
    }

    /// How far the provider's clock is ahead of ours, where an emergency or the size of it makes
    /// that worth a word.
    private func offsetWorthAWord(of rotation: Rotation) async -> Int64? {
        let offset = await provider.clockOffsetMilliseconds
        guard let offset, rotation.trigger == .emergency || abs(offset) > 300_000 else {
            return nil
        }
        return offset
    }

    /// Why nothing may be retired now, if anything: an emergency goes on whatever the clock says.
    func doubt(about rotation: Rotation) async -> Cause? {
        rotation.trigger == .emergency ? nil : await clockDoubt()
    }

    /// Why nothing irreversible may happen now, if anything (P28).
    func clockDoubt() async -> Cause? {
        guard conditions.isClockTrusted else { return .clock }
        let offset = await provider.clockOffsetMilliseconds ?? 0
        return abs(offset) > 300_000 ? .clock : nil
    }

    /// P8: what the old secret says before it is replaced.
    private func ask(
        _ old: Version, _ found: CredentialReference, in rotation: Rotation
    ) async throws(JournalError) -> Verdict {
        guard old.isHeld else { return .notHeld }
        let value = try await journal.value(of: old.number, of: rotation.secret)
        return await askFirmly(Credential(reference: found, value: value))
    }

    /// The order of this rotation. The name of what it makes is added with the attempt.
    func order(for rotation: Rotation, _ credential: CredentialReference) -> Order {
        Order(strategy: rotation.terms.strategy, credential: credential, attemptName: nil)
    }

    /// Records the intent of a minting call together with `changes`, and sends it.
    func mint(
        _ rotation: Rotation, order: Order, after changes: [Change]
    ) async throws(JournalError) -> Progress {
        // `to` may be a version that is recorded as lost together with this intent.
        let newest = try await journal.versions(of: rotation.secret).first?.number ?? 0
        let number = max(newest, rotation.to ?? 0) + 1
        let id = try journal.newIdentifier()
        let base = order.credential.name ?? rotation.secret.name
        let attemptName =
            order.strategy == .overlap ? AttemptName.make(base: base, attempt: id) : nil
        let effect = Effect(
            id: id, step: .issue, version: number, name: attemptName, state: .intended,
            intendedAt: clock.now())
        do throws(JournalError) {
            try await journal.makeReady(for: effect)
        } catch {
            return try await fail(rotation, error.cause, backTo: .prepare)
        }
        var next = rotation
        next.step = .issue
        next.to = number
        next.mintings += 1
        next = try await journal.record(changes + [.intended(effect)], in: next)
        // A crash from here on finds the intent without an outcome: unsettled.
        return try await send(
            effect,
            Order(
                strategy: order.strategy, credential: order.credential, attemptName: attemptName),
            in: next)
    }
}
