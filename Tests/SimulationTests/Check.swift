import Rotations
import Secrets
import Storage

@testable import keyturn

/// Looks at a machine on which nothing runs, and at the world around it.
struct Check {
    let machine: Machine
    let secrets: [Template.Secret]
    /// Sealed answers that were printed, and that a person keeps.
    let armours: [String]

    private var world: World { machine.world }

    /// What the database says and what opens, at one moment.
    private struct Snapshot {
        let versions: [Rows.Version]
        let rotations: [Rows.Rotation]
        let deliveries: [Rows.Delivery]
        let effects: [Rows.Effect]
        /// Values of versions, by secret and number.
        var values: [String: String] = [:]
        /// Sealed answers, by effect.
        var answers: [String: String] = [:]
    }

    /// What holds at every moment.
    func atRest() async {
        if let snapshot = await snapshot() { check(snapshot, world.now) }
    }

    private func check(_ snapshot: Snapshot, _ truth: Truth) {
        checkKept(snapshot, truth)
        checkCredentials(snapshot, truth)
        checkPlaces(snapshot, truth)
        checkRows(snapshot)
    }

    /// What holds when all faults have ceased and there is nothing left to do.
    func atEnd() async {
        guard let snapshot = await snapshot() else { return }
        let truth = world.now
        check(snapshot, truth)
        for secret in secrets { checkEnd(of: secret, snapshot, truth) }
        for credential in truth.credentials where credential.maker == .others {
            if credential.isDeleted { world.accuse("P16: \(credential.id) is gone") }
        }
        if !truth.temporaries.isEmpty {
            world.accuse("P24: \(truth.temporaries.sorted()) are left over")
        }
        await checkTrail()
    }

    // MARK: Looking

    private func snapshot() async -> Snapshot? {
        do {
            let program = try machine.reader()
            let store = try await program.openForReading()
            try await program.unlock(store)
            let rows = try Rows(machine.state.database)
            var snapshot = Snapshot(
                versions: try rows.versions(), rotations: try rows.rotations(),
                deliveries: try rows.deliveries(), effects: try rows.effects())
            for version in snapshot.versions where version.isHeld {
                guard let id = Identifier(version.secretID) else { continue }
                let value = try await store.open(version: version.number, ofSecret: id)
                snapshot.values["\(version.secret) \(version.number)"] = value.text
            }
            for answer in try rows.answers() {
                snapshot.answers[answer] = try await open(answer, store)
            }
            var sealed = armours
            for name in try Spool(machine.state).names() {
                sealed.append(machine.home.text("state/spool/\(name)") ?? "")
            }
            for text in sealed {
                guard let record = Spool.record(in: text) else { continue }
                snapshot.answers[record.place.owner] = try store.vault.open(record).text
            }
            return snapshot
        } catch {
            world.accuse("6: the state cannot be read: \(error)")
            return nil
        }
    }

    private func open(_ effect: String, _ store: Store) async throws -> String? {
        guard let id = Identifier(effect) else { return nil }
        let answer = try await store.answer(
            of: Effect(
                id: id, step: .issue, version: 0, name: nil, state: .answered,
                intendedAt: Timestamp(milliseconds: 0)))
        return answer.text
    }

    // MARK: Invariants

    /// Invariant 1: what was handed to the journal can be opened until it has been retired.
    private func checkKept(_ snapshot: Snapshot, _ truth: Truth) {
        for minting in truth.mintings {
            guard let kept = minting.kept else { continue }
            let version = snapshot.versions.first {
                $0.secret == minting.intent.secret && $0.number == minting.intent.version
            }
            if ["retired", "destroyed"].contains(version?.state) { continue }
            let value = snapshot.values["\(minting.intent.secret) \(minting.intent.version)"]
            let isThere = value == minting.value || snapshot.answers[minting.intent.effect] == kept
            if !isThere {
                world.accuse(
                    "1: \(minting.value), version \(minting.intent.version) of "
                        + "\(minting.intent.secret), cannot be opened")
            }
        }
    }

    /// Invariant 12: what lives and was made by us has a row, or can be found by its attempt.
    private func checkCredentials(_ snapshot: Snapshot, _ truth: Truth) {
        for credential in truth.credentials where credential.maker == .us && !credential.isDeleted {
            let hasRow = snapshot.versions.contains { $0.providerID == credential.id }
            let isSought = snapshot.effects.contains { $0.isOpen && $0.name == credential.name }
            if !hasRow && !isSought {
                world.accuse("12: \(credential.id), \(credential.name), lives without a row")
            }
        }
        for version in snapshot.versions where version.state == "retired" {
            let value = snapshot.values["\(version.secret) \(version.number)"]
            if value.map(truth.isLive) ?? false {
                world.accuse(
                    "P26: version \(version.number) of \(version.secret) is retired, and lives")
            }
        }
        for minting in truth.mintings where truth.isLive(minting.value) {
            let hasRow = snapshot.versions.contains {
                $0.secret == minting.intent.secret && $0.number == minting.intent.version
            }
            let effect = snapshot.effects.first { $0.id == minting.intent.effect }
            if !hasRow && effect?.isOpen != true {
                let state = effect?.state ?? "nowhere"
                world.accuse("12: \(minting.value) lives, and its call is \(state)")
            }
        }
    }

    /// What a destination holds is accepted, or a row says that it is not.
    private func checkPlaces(_ snapshot: Snapshot, _ truth: Truth) {
        for secret in secrets {
            let isUnderWay = snapshot.rotations.contains {
                $0.secret == secret.name && $0.isUnderWay
            }
            let isWatched = snapshot.effects.contains { $0.watchedUntil != nil }
            for place in secret.destinations {
                guard let value = truth.value(at: place), !truth.isLive(value), !isUnderWay,
                    !isWatched, !secret.isForeign(truth)
                else { continue }
                let isOwed = snapshot.deliveries.contains {
                    $0.secret == secret.name && $0.destination == place && $0.isDebt
                }
                if !isOwed { world.accuse("\(place) holds a dead value, and nothing says so") }
            }
        }
    }

    private func checkRows(_ snapshot: Snapshot) {
        for secret in secrets {
            let current = snapshot.versions.filter {
                $0.secret == secret.name && $0.state == "current"
            }
            if current.count != 1 {
                world.accuse("12: \(secret.name) has \(current.count) current versions")
            }
        }
    }

    // MARK: The end

    private func checkEnd(of secret: Template.Secret, _ snapshot: Snapshot, _ truth: Truth) {
        let versions = snapshot.versions.filter { $0.secret == secret.name }
        guard let current = versions.first(where: { $0.state == "current" }),
            let value = snapshot.values["\(secret.name) \(current.number)"]
        else { return world.accuse("6: \(secret.name) has no current value at the end") }
        if !truth.isLive(value) {
            world.accuse("6: the current value of \(secret.name), \(value), is dead at the end")
        }
        for place in secret.destinations where truth.value(at: place) != value {
            world.accuse("6: \(place) has no current value at the end")
        }
        if let open = snapshot.rotations.first(where: { $0.secret == secret.name && $0.isUnderWay })
        {
            world.accuse(
                "6: \(secret.name) is \(open.state) at \(open.step) at the end: "
                    + "\(open.cause ?? "no cause")")
        }
        for version in versions
        where !["current", "retired", "destroyed"].contains(version.state) {
            world.accuse("6: version \(version.number) of \(secret.name) ends as \(version.state)")
        }
        let own = Set(
            truth.mintings.filter { $0.intent.secret == secret.name }.map(\.credentialID)
                + [secret.id])
        for credential in truth.credentials
        where own.contains(credential.id) && !credential.isDeleted && credential.live?.text != value
        {
            world.accuse("6: \(credential.id) of \(secret.name) lives on at the end")
        }
    }

    /// Invariants 3 and 10.
    private func checkTrail() async {
        do {
            for effect in try Rows(machine.state.database).effectsWithoutEntries() {
                world.accuse("3: effect \(effect) has not its entries")
            }
            // It takes as long as a whole story.
            guard world.dice.happens(25) else { return }
            let store = try await machine.reader().openForReading()
            for finding in try await store.verify().findings { world.accuse("10: \(finding)") }
        } catch {
            world.accuse("10: the trail cannot be verified: \(error)")
        }
    }
}

extension Template.Secret {
    /// Whether somebody else rotated it last.
    func isForeign(_ truth: Truth) -> Bool {
        guard let credential = truth.credentials.first(where: { $0.id == id }) else { return false }
        return credential.values.count > 1 && credential.live?.isOurs == false
    }
}
