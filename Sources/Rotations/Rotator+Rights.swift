extension Rotator {
    /// Overlap: the new credential may do what the old one may, no less and no more, before anybody
    /// receives it. What it lacks is granted.
    /// - Returns: the rotation, and why the new credential cannot take the place of the old one.
    func equip(
        _ version: Version, in rotation: Rotation
    ) async throws(JournalError) -> (rotation: Rotation, refusal: Refusal?) {
        let versions = try await journal.versions(of: rotation.secret)
        // What a rollback brings back has been used with the rights that it has.
        guard !rotation.isRollback,
            let predecessor = versions.first(where: { $0.number == rotation.from })
        else { return (rotation, nil) }
        let new = reference(to: version, in: rotation)
        let old = reference(to: predecessor, in: rotation)
        switch await provider.compareRights(of: new, with: old) {
        case .refused(let refusal): return (rotation, refusal)
        case .unsettled(let cause): return (rotation, Refusal(cause))
        case .done(let difference) where difference.missing.isEmpty:
            var next = rotation
            if let effect = try await journal.openEffect(of: rotation) {
                // It was begun by somebody who is gone, and has happened.
                next = try await journal.record(
                    [.settled(effect, .done, nil, status: nil)], in: next)
            }
            return (next, refusal(difference, new, in: rotation))
        case .done(let difference):
            let granted = try await grant(difference.missing, to: new, version, in: rotation)
            guard granted.refusal == nil else { return granted }
            switch await provider.compareRights(of: new, with: old) {
            case .refused(let refusal): return (granted.rotation, refusal)
            case .unsettled(let cause): return (granted.rotation, Refusal(cause))
            case .done(let rest): return (granted.rotation, refusal(rest, new, in: rotation))
            }
        }
    }

    /// Grants at the provider: intent, act, outcome. Granting again is harmless, so after a crash
    /// or without an answer the next comparison decides.
    private func grant(
        _ rights: [Right], to credential: CredentialReference, _ version: Version,
        in rotation: Rotation
    ) async throws(JournalError) -> (rotation: Rotation, refusal: Refusal?) {
        var next = rotation
        let effect: Effect
        if let open = try await journal.openEffect(of: rotation) {
            effect = open
        } else {
            effect = Effect(
                id: try journal.newIdentifier(), step: .prove, version: version.number,
                name: credential.providerID, state: .intended, intendedAt: clock.now())
            next = try await journal.record([.intended(effect)], in: next)
        }
        // A crash from here on finds the intent: what is missing then is granted again.
        let outcome: OutcomeWord
        let refusal: Refusal?
        switch await provider.grant(rights, to: credential) {
        case .done: (outcome, refusal) = (.done, nil)
        case .refused(let found): (outcome, refusal) = (.refused, found)
        case .unsettled(let cause): (outcome, refusal) = (.unsettled, Refusal(cause))
        }
        let settled = Change.settled(effect, outcome, refusal?.cause, status: refusal?.status)
        return (try await journal.record([settled], in: next), refusal)
    }

    private func refusal(
        _ difference: RightsDifference, _ credential: CredentialReference, in rotation: Rotation
    ) -> Refusal? {
        guard let text = difference.text else { return nil }
        conditions.tell(
            rotation.secret,
            Unfit(.rightsDiffer, "the new credential \(credential.name ?? "") \(text)"))
        return Refusal(.rightsDiffer)
    }
}
