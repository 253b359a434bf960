import Secrets

/// P17: "it did not happen" may turn out to be wrong, for the other side may have kept the call.
extension Rotator {
    /// The changes that say: after all that could be asked, it did not happen.
    func notCarriedOut(_ effect: Effect, _ order: Order) -> [Change] {
        [
            .settled(effect, .refused, .notCarriedOut, status: nil),
            .watched(effect, until: clock.now() + order.strategy.watch),
        ]
    }

    /// What became of the calls under watch.
    package enum Watched: Sendable {
        /// Nothing has come. The watch over these calls is over: their time has passed, and what they
        /// could have made was looked for since.
        case quiet(over: [Effect])
        /// In place: the current secret is refused, so an earlier call was carried out late. Only a
        /// recovery helps.
        case replaced
        /// The same, but so late that it may have been somebody else: a person decides (P8).
        case foreign
        /// Credentials that bear the names of attempts which seemed not carried out.
        case appeared([Orphan])
    }

    /// A credential of an attempt of ours, in nobody's hands.
    package typealias Orphan = (credential: CredentialReference, attempt: Attempt)

    /// Looks for what calls under watch may have done since. Writes nothing.
    /// - Parameter last: the secret's last rotation: where to look.
    package func watch(
        _ secret: SecretReference, in last: Rotation
    ) async throws(JournalError) -> Watched {
        let versions = try await journal.versions(of: secret)
        let watched = try await journal.attempts(of: secret).filter { $0.watchUntil != nil }
        guard let current = versions.first(where: { $0.state == .current }) else {
            return .quiet(over: [])
        }
        var orphans: [Orphan] = []
        var seen: [Attempt] = []
        for attempt in watched where attempt.effect.name != nil {
            let order = Order(
                strategy: .overlap, credential: reference(to: current, in: last),
                attemptName: attempt.effect.name)
            // Who cannot be asked now is asked by the next run.
            guard case .done(let found) = await provider.find(order) else { continue }
            orphans += Sweep.orphans(among: found, versions: versions, attempts: [attempt])
            seen.append(attempt)
        }
        guard orphans.isEmpty else { return .appeared(orphans) }
        let nameless = watched.filter { $0.effect.name == nil }
        if current.isHeld, !nameless.isEmpty {
            switch await askFirmly(try await credential(of: current, in: last)) {
            case .accepted:
                alive.insert(current.number, of: secret)
                seen += nameless
            case .refused: return nameless.contains(where: isWatched) ? .replaced : .foreign
            case .noVerdict, .notHeld: break
            }
        }
        let now = clock.now()
        return .quiet(over: seen.filter { ($0.watchUntil ?? now) <= now }.map(\.effect))
    }

    /// Whether a version is accepted now; P20 applies to a refusal. Writes nothing.
    package func isAlive(
        _ version: Version, in rotation: Rotation
    ) async throws(JournalError) -> Verdict {
        guard version.isHeld else { return .notHeld }
        return await ask(
            try await credential(of: version, in: rotation), until: .accepted, firmly: true)
    }

    /// Records credentials that attempts of ours left behind as lost versions, and deletes them: no
    /// one ever saw their values (P16). The refusal says why one is still there.
    /// - Parameter isRetiredNext: whether the retire step follows at once, and deletes them.
    package func sweep(
        _ orphans: [Orphan], in rotation: Rotation, isRetiredNext: Bool = false
    ) async throws(JournalError) -> (rotation: Rotation, refusal: Refusal?) {
        var next = rotation
        for orphan in orphans {
            let changes = try await lateCommit(
                of: orphan.attempt, orphan.credential, in: &next)
            guard let number = next.to else { preconditionFailure("the lost version has a number") }
            next.to = rotation.to
            if orphan.attempt.effect.intendedAt >= rotation.startedAt { next.mintings += 1 }
            next = try await journal.record(changes, in: next)
            // A crash here leaves a lost version with its id: the retire step deletes it.
            guard !isRetiredNext, await doubt(about: next) == nil, next.state == .open
            else { continue }
            let end = try await end(number, orphan.credential, in: next)
            next = end.rotation
            if let refusal = end.refusal { return (next, refusal) }
        }
        return (next, nil)
    }

    /// The changes that say: a call that seemed not carried out was, and nobody saw the secret. The
    /// lost version's number stands in `rotation.to`.
    ///
    /// What it made under its name is all that it can make. In place nobody knows whether it was this
    /// call that replaced the secret: it stays under watch, for it may come still.
    func lateCommit(
        of attempt: Attempt, _ credential: CredentialReference, in rotation: inout Rotation
    ) async throws(JournalError) -> [Change] {
        // It was taken for the reason before, and is settled.
        guard attempt.effect.state != .done else { return [] }
        let newest = try await journal.versions(of: rotation.secret).first?.number ?? 0
        let number = max(newest, rotation.to ?? 0) + 1
        rotation.to = number
        var changes = [Change.settled(attempt.effect, .done, .lateCommit, status: nil)]
        if attempt.effect.name != nil { changes.append(.unwatched(attempt.effect)) }
        return changes + [.lost(version: number, credential, attempt.effect)]
    }

    /// The oldest attempt in place that may have replaced this version, although it seemed not to:
    /// the others are watched for longer. One that was taken for the reason before comes last.
    func lateAttempt(_ attempts: [Attempt], since version: Version) -> Attempt? {
        let possible = attempts.filter { attempt in
            guard attempt.effect.name == nil else { return false }
            let isOpen = [.intended, .answered, .unsettled, .abandoned].contains(
                attempt.effect.state)
            return isWatched(attempt) || isOpen && attempt.effect.intendedAt >= version.issuedAt
        }
        return possible.last { $0.effect.state != .done } ?? possible.last
    }

    /// Whether a refusal of the version would be our own doing: it never proved itself, or an earlier
    /// call of ours may have replaced it.
    func isInDoubt(
        _ version: Version, in rotation: Rotation
    ) async throws(JournalError) -> Bool {
        if version.provedAt == nil { return true }
        guard rotation.terms.strategy == .inPlace else { return false }
        return try await journal.attempts(of: rotation.secret).contains {
            $0.effect.name == nil && isWatched($0)
        }
    }

    /// A name is looked for until it was looked for after its time, since runs may not have come. What
    /// replaced a secret bears no name, so after its time it may be somebody else's.
    private func isWatched(_ attempt: Attempt) -> Bool {
        guard let end = attempt.watchUntil else { return false }
        return end > clock.now() || attempt.effect.name != nil
    }
}

extension Strategy {
    /// How long a call that seems not carried out is looked for: in place until its secret must have
    /// shown itself, else until a credential of its name must have.
    package var watch: Interval { self == .inPlace ? .hours(24) : .days(7) }
}

extension Rotation {
    /// A rotation that makes nothing: it retires what attempts of ours left behind (P16, P17).
    /// - Parameter version: the current one, which stays.
    package func cleaning(
        id: Identifier, keeping version: Int?, at now: Timestamp
    ) -> Rotation {
        var terms = terms
        terms.strategy = .overlap
        return Rotation(
            id: id, secret: secret, target: target, trigger: .recovery, reason: nil, ticket: nil,
            terms: terms, startedAt: now, step: .retire, from: version, to: version)
    }
}
