import Files
import Pinecone
import Rotations
import Storage

/// One pass over the secrets: take in the spool, finish what is under way, rotate what is due,
/// deliver, retire.
///
/// A pass with nothing to do writes nothing and opens no key.
struct Pass: Sendable {
    /// Which secrets, and why.
    enum Demand: Sendable {
        /// What the schedules want, of all secrets or only of these.
        case schedule(only: Set<String>?)
        /// A person wants these rotated now. In an emergency the selector, the reason and the ticket
        /// name the incident (P31).
        case byHand(
            [StoredPolicy], Rotation.Trigger, selector: String, reason: String, ticket: String?)
        /// A person takes up rotations that are open or parked.
        case resume([Rotation], reason: String)
        /// A person wants the version back that this rotation replaces.
        case rollBack(Rotation, reason: String)
    }

    let program: Program
    let store: Store
    let demand: Demand
    /// Secrets that are worked on at once.
    let jobs: Int
    /// In which order and how fast; as they come, without it.
    var tempo = Tempo()
    /// Called as each secret is done with.
    let report: @Sendable (SecretReport) -> Void

    /// How long the trail may be silent before a run says that it is alive.
    private static let heartbeat = Interval.hours(24)

    /// In which order secrets are taken up, and how fast.
    struct Tempo: Sendable {
        /// Those with the first label go first; the next ones begin when all of them are done with.
        var waves: [LabelOption] = []
        /// At most so many are begun in a minute, evenly.
        var perMinute: Int?

        /// The wave of a secret: those without any of the labels are the last.
        func wave(of unit: Unit) -> Int {
            waves.firstIndex { unit.policy?.policy.labels[$0.key] == $0.value } ?? waves.count
        }
    }

    /// What is to be done with one secret.
    struct Unit: Sendable {
        let secret: SecretReference
        /// Nil for a rotation or a debt whose policy is gone.
        let policy: StoredPolicy?
        let connection: String
        /// Whether a new rotation is wanted.
        let isWanted: Bool
        /// Whether it is an admin's own account: those go first, one at a time (P30).
        let isAdmin: Bool
        /// Whether an earlier minting call may still be carried out (P17).
        let isWatched: Bool
    }

    /// Whether a person asked for it.
    var isByHand: Bool {
        if case .schedule = demand { false } else { true }
    }

    /// Whether it cannot wait for anybody.
    var isEmergency: Bool {
        if case .byHand(_, .emergency, _, _, _) = demand { true } else { false }
    }

    /// Makes the pass.
    func run() async throws(Failure) -> PassReport {
        let now = program.clock.now()
        let store = store
        let work = try await program.storing { () async throws(StorageError) in
            try await store.work(at: now)
        }
        var units = try await units(work)
        var result = PassReport(
            run: program.run, due: units.filter(\.isWanted).count, secrets: [],
            isByHand: isByHand)
        if case .schedule(only: nil) = demand, work.parked > 0 {
            program.console.warn(
                (work.parked == 1
                    ? "1 rotation is parked and waits"
                    : "\(work.parked) rotations are parked and wait")
                    + " for a person; see `keyturn rotation list --only parked`")
        }
        // Another process may have written since `now`.
        let isClockTrusted = work.isClockTrusted(program.clock.now())
        result.isClockDoubtful = !isClockTrusted
        let needsHeartbeat = work.lastEntryAt.map { $0.age(at: now) >= Self.heartbeat } ?? false
        // Where there is something to do anyway, the first run of a day looks at everything; also
        // where a person's command wrote the first entry of the day.
        let isFirstOfDay =
            needsHeartbeat || hasNotLooked(on: now)
            || work.lastEntryAt.map { Self.day(of: $0) != Self.day(of: now) } ?? false
        let spooled = try spoolNames()
        // Whoever was killed between a commit and its anchor left the file behind. Unlocking compares
        // it with the tree, and the end of the command brings it up to date.
        let isAnchored = try await program.storing { () async throws(StorageError) in
            try await store.doAnchorFilesEndInNewest()
        }
        guard
            !units.isEmpty || needsHeartbeat || !spooled.isEmpty || work.hasFinishedIncident
                || !isAnchored || !work.reacting.isEmpty || work.isAdministering
        else {
            if !isClockTrusted {
                program.console.warn("the clock is behind the last entry of the audit trail")
            }
            return result
        }
        try await program.unlock(store)
        result.didWork = true
        if let moved = try await settleMachine() {
            // What was open is parked, and what was due waits for a person (P32).
            result.moved = moved
            units = try await self.units(
                try await program.storing { () async throws(StorageError) in
                    try await store.work(at: now)
                })
        }
        try await attestState()
        if isFirstOfDay { result.isTrailBroken = try await tellContradictions() }
        if isFirstOfDay, case .schedule(only: nil) = demand, result.moved == nil,
            try await oweDrifted()
        {
            // What drifted is a debt now.
            units = try await self.units(
                try await program.storing { () async throws(StorageError) in
                    try await store.work(at: now)
                })
        }
        if !spooled.isEmpty {
            // P14: before anything is looked at. The answers may settle what is open.
            let taken = try await program.storing { () async throws(StorageError) in
                try await store.takeInSpool()
            }
            if taken.count > 0 {
                program.console.say(
                    "keyturn: \(taken.count) sealed answers were taken in from the spool")
            }
            for name in taken.unfit {
                program.console.warn(
                    "\(program.directory.spool)/\(name) is no sealed answer of this state; it stays"
                )
            }
        }
        if units.isEmpty, needsHeartbeat {
            try await program.storing { () async throws(StorageError) in
                try await store.heartbeat()
            }
        }
        if !isClockTrusted {
            program.console.warn(
                "the clock is behind the last entry of the audit trail: nothing is minted by "
                    + "schedule, and nothing retired")
        }
        if work.isAdministering, case .schedule(only: nil) = demand, result.moved == nil {
            let administering = try await Administering(program: program, store: store).run(
                isClockTrusted: isClockTrusted)
            result.failedBesides += administering.failed
            result.isUnsettledBesides = administering.isUnsettled
            if administering.statuses.contains(.brokenTrail) { result.isTrailBroken = true }
            if administering.statuses.contains(.attention) { result.isClockDoubtful = true }
        }
        let incident = try await openIncident()
        let worker = try await Worker(
            pass: self, isClockTrusted: isClockTrusted, connections: connections(),
            incident: incident)
        result.secrets = await worker.work(through: units)
        if let incident {
            let secrets = units.map(\.secret)
            result.exposed = try await program.storing { () async throws(StorageError) in
                try await store.close(incident, of: secrets)
            }
        } else if result.unsettled == 0 {
            // Where something is unsettled the database may be what is in the way: the next run.
            try await program.storing { () async throws(StorageError) in
                try await store.closeFinishedIncidents()
            }
        }
        result.signal = program.surroundings.stopSignal()
        if isFirstOfDay, case .schedule(only: nil) = demand, result.moved == nil,
            result.signal == nil, result.unsettled == 0
        {
            // Last, so that no rotation waits for it; and no verdict is changed by it. What keeps the
            // day from being noted has the next run look again.
            try? PlainFile.replace(
                program.directory.looked, contents: Array(Self.day(of: now).utf8).span,
                mode: 0o600)
            do throws(Failure) {
                try await lookForUnmanaged()
            } catch {
                program.console.fail(error)
            }
        }
        let offset = await worker.largestClockOffset
        if abs(offset) > 300_000 {
            program.console.warn(
                "the clock differs from the provider's by \(abs(offset) / 1000) s: nothing is "
                    + "minted by schedule, and nothing retired")
            result.isClockDoubtful = true
        }
        return result
    }

    /// Whether the last look at everything was on another day; false where there was none yet, for
    /// which the entries are asked.
    private func hasNotLooked(on now: Timestamp) -> Bool {
        guard let bytes = try? PublicFile.read(program.directory.looked, limit: 64) else {
            return false
        }
        return String(decoding: bytes, as: UTF8.self) != Self.day(of: now)
    }

    private static func day(of time: Timestamp) -> String { String(time.rfc3339.prefix(10)) }

    /// P32: another machine than last time.
    private func settleMachine() async throws(Failure) -> Moved? {
        let store = store
        let moved = try await program.storing { () async throws(StorageError) in
            try await store.settleMachine()
        }
        if let moved { program.console.tell(moved, "the state was on another machine before") }
        return moved
    }

    /// What is acted upon must be what the signed trail has. Each secret's rows are looked at under
    /// its lock; what one that was edited is about must not keep the others from their rotation.
    private func attestState() async throws(Failure) {
        let store = store
        try await program.storing { () async throws(StorageError) in try await store.attest([]) }
    }

    /// Once a day all is looked at, so that a secret which an edit keeps from coming due is found.
    /// Whether there was anything.
    private func tellContradictions() async throws(Failure) -> Bool {
        let store = store
        let found = try await program.storing { () async throws(StorageError) in
            try await store.contradictions()
        }
        guard let first = found.first else { return false }
        program.console.fail(Failure(StorageError.damaged(first)))
        if found.count > 1 {
            program.console.say(
                "keyturn: error: \(found.count - 1) more differ; `keyturn audit verify` shows all")
        }
        return true
    }

    /// Once a day a credential that appeared at a provider, and that nobody here keeps fresh, is
    /// written down and told.
    private func lookForUnmanaged() async throws(Failure) {
        guard program.surroundings.seesOrganizations else { return }
        let store = store
        for connection in try await connections() {
            let coverage: Coverage
            do throws(Failure) {
                coverage = try await Coverage(
                    Organization(connection.name, program: program, store: store))
            } catch {
                // Whatever keeps it from being seen keeps rotations, too, which say so.
                continue
            }
            let unmanaged = coverage.items.filter { $0.standing == .unmanaged }.map(\.credential)
            let new = try await program.storing { () async throws(StorageError) in
                try await store.recordFound(unmanaged, on: connection.name)
            }
            for credential in new.prefix(5) {
                program.console.warn(
                    "nothing keeps the \(credential.kind.rawValue) "
                        + "\(credential.name ?? credential.providerID) fresh; see "
                        + "`keyturn status --coverage`")
            }
            if new.count > 5 {
                program.console.warn("\(new.count - 5) more credentials are kept fresh by nothing")
            }
        }
    }

    /// Once a day delivered files are compared with what was delivered. What differs is owed again; the
    /// delivery proves the value alive first (P21). Whether there was anything.
    private func oweDrifted() async throws(Failure) -> Bool {
        let store = store
        let policies = try await program.storing { () async throws(StorageError) in
            try await store.policies()
        }
        var owed: [Delivery] = []
        do throws(JournalError) {
            // What was moved or restored waits for a person: what is there may be newer (P32).
            for stored in policies where stored.pausedReason != Moved.reason {
                // Nor while a rotation is open: its consumers need time before an old key goes (P25).
                guard try await !hasOpenRotation(stored.secret) else { continue }
                for (delivery, drift) in try await DriftCheck(store: store).drifted(stored.secret) {
                    program.console.warn(
                        "\(stored.policy.name): \(delivery.destination.id) \(drift.text)")
                    // What cannot be looked at cannot be written either.
                    if case .unfit = drift { continue }
                    var again = delivery
                    again.state = .owed
                    again.cause = .deliveryChanged
                    owed.append(again)
                }
            }
        } catch {
            throw Failure(error)
        }
        let deliveries = owed
        try await program.storing { () async throws(StorageError) in
            try await store.owe(deliveries)
        }
        return !owed.isEmpty
    }

    private func hasOpenRotation(_ secret: SecretReference) async throws(JournalError) -> Bool {
        let store = store
        do throws(StorageError) {
            return try await store.openRotation(of: secret) != nil
        } catch {
            throw error.journal
        }
    }

    /// The incident of an emergency: the one that is open, or a new one (P31).
    private func openIncident() async throws(Failure) -> Identifier? {
        guard case .byHand(_, .emergency, let selector, let reason, let ticket) = demand else {
            return nil
        }
        let store = store
        return try await program.storing { () async throws(StorageError) in
            try await store.openIncident(selector, reason: reason, ticket: ticket)
        }
    }

    private func connections() async throws(Failure) -> [Connection] {
        let store = store
        return try await program.storing { () async throws(StorageError) in
            try await store.connections()
        }
    }

    private func spoolNames() throws(Failure) -> [String] {
        do throws(FileError) {
            return try Spool(program.directory).names()
        } catch {
            throw Failure(error)
        }
    }

    /// What is to be done, each secret once.
    private func units(_ work: Store.Work) async throws(Failure) -> [Unit] {
        let store = store
        let admins = try await program.storing { () async throws(StorageError) in
            try await store.adminSecrets()
        }
        func unit(
            _ secret: SecretReference, _ policy: StoredPolicy? = nil, on connection: String
        ) -> Unit {
            Unit(
                secret: secret, policy: policy, connection: connection, isWanted: policy != nil,
                isAdmin: admins.contains(secret.id),
                isWatched: work.watched.contains { $0.id == secret.id })
        }
        switch demand {
        case .byHand(let policies, _, _, _, _):
            return policies.map { unit($0.secret, $0, on: $0.policy.target.connection) }
        case .resume(let rotations, _):
            return rotations.map { unit($0.secret, on: $0.target.connection) }
        case .rollBack(let rotation, _):
            return [unit(rotation.secret, on: rotation.target.connection)]
        case .schedule(let names):
            var units = work.open.map { unit($0.secret, on: $0.target.connection) }
            units += work.due.map { unit($0.secret, $0, on: $0.policy.target.connection) }
            var known = Set(units.map(\.secret.id))
            for secret in work.debts + work.watched where known.insert(secret.id).inserted {
                // Deliveries need no admin of their own, and what a watch finds begins a rotation.
                units.append(unit(secret, on: ""))
            }
            return units.filter { names?.contains($0.secret.name) ?? true }
        }
    }
}
