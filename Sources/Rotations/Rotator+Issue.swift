import Secrets

extension Rotator {
    /// Sends the minting call, once (P12), and puts the answer on durable storage before anybody
    /// looks at it (P13).
    func send(
        _ effect: Effect, _ order: Order, in rotation: Rotation
    ) async throws(JournalError) -> Progress {
        switch await provider.issue(order) {
        case .done(let answer):
            // A crash here loses the answer: recovery finds the intent, and asks the old secret.
            try await journal.keep(answer, of: effect, in: rotation)
            // A crash here finds the sealed answer, and decodes it.
            return .advanced(rotation)
        case .refused(let refusal):
            // It was not carried out, so it does not count as a minting.
            var next = rotation
            next.mintings -= 1
            next.to = nil
            return try await fail(
                next, refusal.cause, backTo: .prepare, refusal,
                after: [.settled(effect, .refused, refusal.cause, status: refusal.status)])
        case .unsettled(let cause):
            return .advanced(
                try await journal.record(
                    [.settled(effect, .unsettled, cause, status: nil)], in: rotation))
        }
    }

    /// Goes on with a minting call that was begun: decodes its answer, or finds out what became of
    /// it.
    func issue(_ rotation: Rotation) async throws(JournalError) -> Progress {
        guard let effect = try await journal.openEffect(of: rotation) else {
            // Its outcome was recorded, and the step not taken back: nothing is under way.
            var next = rotation
            next.step = .prepare
            return .advanced(try await journal.record([], in: next))
        }
        let versions = try await journal.versions(of: rotation.secret)
        guard let old = versions.first(where: { $0.number == rotation.from }) else {
            return try await park(rotation, .targetMissing)
        }
        let order = Order(
            strategy: rotation.terms.strategy, credential: reference(to: old, in: rotation),
            attemptName: effect.name)
        switch effect.state {
        case .answered:
            return try await decode(effect, order, in: rotation)
        case .intended, .unsettled:
            return order.strategy == .inPlace
                ? try await settleInPlace(effect, order, old, in: rotation)
                : try await settleOverlap(effect, order, in: rotation)
        case .done, .refused, .abandoned:
            preconditionFailure("an open effect is not settled")
        }
    }

    /// Decodes the sealed answer. The version is stored as pending and the raw answer destroyed in
    /// one transaction: a crash leaves the one or the other.
    private func decode(
        _ effect: Effect, _ order: Order, in rotation: Rotation
    ) async throws(JournalError) -> Progress {
        let answer = try await journal.answer(of: effect)
        var cause = Cause.answerUndecodable
        guard let issued = read(answer, of: order, else: &cause) else {
            // It happened, and the secret is out of reach for us; a person may get at the answer.
            switch order.strategy {
            case .inPlace:
                return try await mintAgain(
                    rotation, order, oldIsDead: true,
                    after: lost(effect, order.credential, cause))
            case .overlap:
                // What was made is found by the attempt's name, as if no answer had come.
                return .advanced(
                    try await journal.record(
                        [.settled(effect, .unsettled, cause, status: nil)], in: rotation))
            }
        }
        var next = stepped(rotation)
        next.failures = 0
        return .advanced(try await journal.store(issued, as: effect.version, of: effect, in: next))
    }

    private func read(
        _ answer: borrowing SecretBytes, of order: Order, else cause: inout Cause
    ) -> Issued? {
        do throws(UndecodableAnswer) {
            return try provider.read(answer, of: order)
        } catch {
            cause = error.cause
            return nil
        }
    }

    /// The changes that say: it happened, and nobody saw the secret.
    private func lost(
        _ effect: Effect, _ credential: CredentialReference, _ cause: Cause
    ) -> [Change] {
        [
            .settled(effect, .done, cause, status: nil),
            .lost(version: effect.version, credential, effect),
        ]
    }

    /// P15, in place: the old secret is the evidence, if it was seen to work just before.
    private func settleInPlace(
        _ effect: Effect, _ order: Order, _ old: Version, in rotation: Rotation
    ) async throws(JournalError) -> Progress {
        // It may have been somebody else who replaced the old secret, and then the lost call may
        // still be carried out, over the recovery (P17).
        let watched = Change.watched(effect, until: clock.now() + order.strategy.watch)
        guard old.isHeld, rotation.oldSaid == .accepted else {
            // Without evidence a recovery mint is the one way to a secret that works.
            return try await mintAgain(
                rotation, order, oldIsDead: rotation.oldSaid == .refused,
                after: lost(effect, order.credential, .answerLost) + [watched])
        }
        let credential = try await credential(of: old, in: rotation)
        switch await ask(credential, until: .refused, firmly: true) {
        case .refused:
            return try await mintAgain(
                rotation, order, oldIsDead: true,
                after: lost(effect, order.credential, .answerLost) + [watched])
        case .accepted where conditions.isStopping(): return .waits(rotation)
        case .accepted:
            // Still accepted after a minute: it did not happen, and minting again is harmless. The
            // next run does, so that a provider that fails all the time is left alone (P29).
            var next = rotation
            next.mintings -= 1
            next.to = nil
            return try await fail(
                next, .notCarriedOut, backTo: .prepare, after: notCarriedOut(effect, order))
        case .noVerdict where conditions.isStopping(): return .waits(rotation)
        case .noVerdict, .notHeld:
            return try await fail(rotation, .oldSecretNoVerdict)
        }
    }

    /// P15, overlap: what was made bears the attempt's name. Its value is lost, so it is retired
    /// and the rotation starts anew.
    private func settleOverlap(
        _ effect: Effect, _ order: Order, in rotation: Rotation
    ) async throws(JournalError) -> Progress {
        var found: [CredentialReference] = []
        var pause = Interval(seconds: 1)
        // Not found after some seconds: it did not happen.
        for _ in 0..<4 {
            switch await provider.find(order) {
            case .done(let credentials):
                found = credentials.filter { !rotation.listed.contains($0.providerID) }
            case .refused(let refusal): return try await fail(rotation, refusal.cause, refusal)
            case .unsettled(let cause): return try await fail(rotation, cause)
            }
            guard found.isEmpty else { break }
            guard !conditions.isStopping() else { return .waits(rotation) }
            await clock.wait(pause)
            pause = Interval(seconds: pause.seconds * 2)
        }
        guard let orphan = found.first else {
            var next = rotation
            next.mintings -= 1
            next.to = nil
            return try await fail(
                next, .notCarriedOut, backTo: .prepare, after: notCarriedOut(effect, order))
        }
        var next = rotation
        next.step = .prepare
        next.to = nil
        next = try await journal.record(lost(effect, orphan, .answerLost), in: next)
        // A crash here leaves a lost version with its id: the retire step deletes it.
        if await doubt(about: next) == nil {
            let end = try await end(effect.version, orphan, in: next)
            next = end.rotation
            if let refusal = end.refusal, refusal.cause == .rateLimited {
                return try await fail(next, refusal.cause, refusal)
            }
        }
        guard next.mintings < Rotation.maximumMintings else {
            return try await park(next, .tooManyMintings)
        }
        return .advanced(next)
    }

    /// A further minting call in the same rotation, deliberate and recorded, within P15's bounds. In
    /// place only: nothing is made beside the old secret that could be left over.
    func mintAgain(
        _ rotation: Rotation, _ order: Order, oldIsDead: Bool, after changes: [Change]
    ) async throws(JournalError) -> Progress {
        var rotation = rotation
        if oldIsDead { rotation.oldSaid = .refused }
        guard rotation.mintings >= Rotation.maximumMintings else {
            return try await mint(rotation, order: order, after: changes)
        }
        guard oldIsDead else {
            return try await park(rotation, .tooManyMintings, after: changes)
        }
        // Its users are locked out already, so it goes on: once an hour, until a person stops it.
        // That is no failure which would park it.
        var next = rotation
        next.step = .prepare
        next.cause = .tooManyMintings
        next.nextTryAt = clock.now() + .hours(1)
        let failed = Change.failed(.tooManyMintings, status: nil)
        return .waits(try await journal.record(changes + [failed], in: next))
    }
}
