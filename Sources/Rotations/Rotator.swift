import Secrets

/// Takes a rotation through its steps. Running and recovering are the same code: each step looks at
/// what is written down and goes on from there.
///
/// Order is the design. In every step the lines that record stand before the lines that act; where
/// a crash can fall in between, a comment says what recovery finds.
package struct Rotator: Sendable {
    let journal: any Journal
    let provider: any Provider
    let handoff: any Handoff
    let clock: WallClock
    let alive: ProvedAlive
    let conditions: Conditions

    /// What holds for the whole run.
    package struct Conditions: Sendable {
        /// False when the wall clock is behind the last entry: nothing irreversible happens (P28).
        package let isClockTrusted: Bool
        /// Whether a person asked for it: back-off does not hold what is owed (P31).
        package let isByHand: Bool
        /// Whether somebody asked the run to end; no further step is begun then.
        package let isStopping: @Sendable () -> Bool
        /// Tells a person what is wrong with a destination; the trail has the cause alone.
        package let tell: @Sendable (SecretReference, Unfit) -> Void

        package init(
            isClockTrusted: Bool, isByHand: Bool, isStopping: @escaping @Sendable () -> Bool,
            tell: @escaping @Sendable (SecretReference, Unfit) -> Void
        ) {
            self.isClockTrusted = isClockTrusted
            self.isByHand = isByHand
            self.isStopping = isStopping
            self.tell = tell
        }
    }

    package init(
        journal: any Journal, provider: any Provider, handoff: any Handoff, clock: WallClock,
        alive: ProvedAlive, conditions: Conditions
    ) {
        self.journal = journal
        self.provider = provider
        self.handoff = handoff
        self.clock = clock
        self.alive = alive
        self.conditions = conditions
    }

    /// Whether a rotation can go on at once.
    enum Progress {
        case advanced(Rotation)
        case waits(Rotation)
    }

    /// Works on the rotation until it waits for a time, a person or the other side, or is done.
    package func work(on rotation: Rotation) async throws(JournalError) -> Rotation {
        var rotation = rotation
        while rotation.canGoOn, !conditions.isStopping() {
            switch try await advance(rotation) {
            case .advanced(let next): rotation = next
            case .waits(let next): return next
            }
        }
        return rotation
    }

    /// Takes one step.
    private func advance(_ rotation: Rotation) async throws(JournalError) -> Progress {
        switch rotation.step {
        case .prepare: try await prepare(rotation)
        case .issue: try await issue(rotation)
        case .prove: try await prove(rotation)
        case .promote: try await promote(rotation)
        case .deliver: try await deliver(rotation)
        case .retire: try await retire(rotation)
        case .confirm: try await confirm(rotation)
        }
    }

    // MARK: What the steps share

    /// How long a fresh secret may be refused, and a dead one accepted, before it means something:
    /// twice what Auth0 names for its own propagation.
    static let patience = Interval(seconds: 60)

    /// Records a failure: the next try by P29, or parked after the policy's attempts.
    func fail(
        _ rotation: Rotation, _ cause: Cause, backTo step: Step? = nil, _ refusal: Refusal? = nil,
        after changes: [Change] = []
    ) async throws(JournalError) -> Progress {
        // Nothing was tried: that must not use up the tries which count once somebody logs in.
        if cause == .noAdmin, step == nil, changes.isEmpty {
            return try await hold(rotation, cause)
        }
        var next = rotation
        next.step = step ?? rotation.step
        next.failures += 1
        next.cause = cause
        let failed = Change.failed(cause, status: refusal?.status)
        let isParked = Retry.isParked(
            failures: next.failures, attempts: rotation.terms.attempts)
        guard rotation.state == .parked || !isParked else {
            return try await park(next, cause, after: changes + [failed])
        }
        next.nextTryAt = Retry.nextTry(
            after: next.failures, at: clock.now(), retryAfter: refusal?.retryAfter)
        return .waits(try await journal.record(changes + [failed], in: next))
    }

    /// Waits for a doubt to end, or for a person's word. It is no failure, so that a clock that is
    /// wrong for an hour parks nothing; it is written down once.
    /// - Parameter date: when to look again; nil for the next run.
    func hold(
        _ rotation: Rotation, _ cause: Cause, until date: Timestamp? = nil
    ) async throws(JournalError) -> Progress {
        guard rotation.cause != cause || rotation.nextTryAt != date else { return .waits(rotation) }
        var next = rotation
        next.cause = cause
        next.nextTryAt = date
        return .waits(try await journal.record([.held(cause)], in: next))
    }

    /// Stops the rotation until a person, or an emergency, takes it up. Proofs and deliveries go on
    /// (P29).
    func park(
        _ rotation: Rotation, _ cause: Cause, after changes: [Change] = []
    ) async throws(JournalError) -> Progress {
        var next = rotation
        next.state = .parked
        next.cause = cause
        next.nextTryAt =
            next.canGoOn
            ? Retry.nextTry(after: next.failures, at: clock.now(), retryAfter: nil) : nil
        return .waits(try await journal.record(changes + [.parked(cause)], in: next))
    }

    /// The rotation with this step behind it.
    func stepped(_ rotation: Rotation) -> Rotation {
        var next = rotation
        next.step = rotation.step.next(in: rotation.terms.strategy) ?? rotation.step
        next.nextTryAt = nil
        next.cause = nil
        return next
    }

    /// A version's credential, without its value.
    func reference(to version: Version, in rotation: Rotation) -> CredentialReference {
        CredentialReference(
            kind: rotation.target.kind, providerID: version.providerID,
            name: version.providerName ?? (version.number == 1 ? rotation.target.name : nil),
            clientID: version.clientID, project: rotation.target.project)
    }

    /// A version's credential, its value read back from the vault.
    func credential(
        of version: Version, in rotation: Rotation
    ) async throws(JournalError) -> Credential {
        Credential(
            reference: reference(to: version, in: rotation),
            value: try await journal.value(of: version.number, of: rotation.secret))
    }

    /// Asks until the answer is the wanted one or patience ends; the last answer counts.
    /// - Parameter firmly: whether a firm refusal ends it too; then no other refusal counts.
    func ask(
        _ credential: borrowing Credential, until wanted: Verdict, firmly: Bool = false
    ) async -> Verdict {
        let end = clock.now() + Self.patience
        var pause = Interval(seconds: 1)
        while true {
            let verdict =
                firmly ? await askFirmly(credential) : await provider.ask(credential)
            if verdict == wanted || firmly && verdict == .refused { return verdict }
            guard clock.now() < end, !conditions.isStopping() else { return verdict }
            await clock.wait(pause)
            pause = min(Interval(seconds: pause.seconds * 2), Interval(seconds: 10))
        }
    }

    /// What the provider says of a value that it accepted before. It is refused only if it is refused
    /// three times running: a lone 401 may be a slip, and somebody would be called at night for it.
    func askFirmly(_ credential: borrowing Credential) async -> Verdict {
        for pause in [1, 2] as [Int64] {
            let verdict = await provider.ask(credential)
            guard verdict == .refused else { return verdict }
            guard !conditions.isStopping() else { return .noVerdict }
            await clock.wait(Interval(seconds: pause))
        }
        return await provider.ask(credential)
    }
}
