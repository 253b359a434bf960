import Rotations

/// Looks over the shoulder of a process that is about to delete a credential.
struct Retirement {
    let process: Invocation

    /// Invariants 2 and 4, and P16.
    func witness(_ credential: CredentialReference) {
        let world = process.world
        let id = credential.providerID
        let seen = process.look { rows in
            (
                intent: try rows.intents("retire").first { $0.name == id },
                versions: try rows.versions(), deliveries: try rows.deliveries()
            )
        }
        guard let seen else { return }
        guard let intent = seen.intent else {
            return world.accuse("2: \(id) is deleted without an intent")
        }
        let truth = world.now
        guard let target = truth.credentials.first(where: { $0.id == id }) else { return }
        if target.maker == .others {
            world.accuse("P16: \(id) is deleted, and is no business of ours")
        }
        let versions = seen.versions.filter { $0.secretID == intent.secretID }
        guard
            let version = versions.first(where: {
                $0.number == intent.version && $0.providerID == id
            })
        else { return world.accuse("12: \(id) is deleted and has no row") }
        // What nobody ever had may go at once; an emergency asks for proof alone.
        guard version.wasPromoted || isInUse(target, truth) else { return }
        let heir = versions.first { $0.number == intent.newVersion }
        guard let heir,
            let value = truth.credentials.first(where: { $0.id == heir.providerID })?.live
        else { return world.accuse("4: \(id) is deleted and nothing takes its place") }
        if !process.hasAccepted(value.text) {
            world.accuse("4: \(id) is deleted before \(heir.providerID) proved itself in this run")
        }
        guard intent.trigger != "emergency", !intent.isOverridden else { return }
        if version.retireAt ?? 0 > truth.localTime {
            world.accuse("P25: \(id) is deleted before its date")
        }
        if !intent.isAcknowledged {
            world.accuse("P25: \(id) is deleted before anybody acknowledged its successor")
        }
        for delivery in seen.deliveries
        where delivery.secret == intent.secret && delivery.version == heir.number
            && delivery.isRequired
        {
            if truth.value(at: delivery.destination) != value.text {
                world.accuse("4: \(id) is deleted before \(delivery.destination) has its successor")
            }
        }
    }

    private func isInUse(_ credential: Truth.Credential, _ truth: Truth) -> Bool {
        truth.places.keys.contains { place in
            credential.values.contains { $0.text == truth.value(at: place) }
        }
    }
}
