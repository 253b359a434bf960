import Files
import Handoff
import Pinecone
import Rotations
import Storage
import Synchronization

/// Works through the secrets of a pass, some at a time, each under its lock.
actor Worker {
    private let pass: Pass
    private let isClockTrusted: Bool
    private let connections: [Connection]
    /// Of an emergency (P31).
    private let incident: Identifier?
    private let alive = ProvedAlive()
    private let disk = Disk()
    private var clients: [String: AdminClient] = [:]
    /// When the first secret was begun, and how many were.
    private var firstBegun: Timestamp?
    private var begunCount = 0
    /// What is worked through, and how many of it are done with.
    private var secrets: [SecretReference] = []
    private var workedCount = 0

    init(
        pass: Pass, isClockTrusted: Bool, connections: [Connection], incident: Identifier?
    ) {
        self.incident = incident
        self.pass = pass
        self.isClockTrusted = isClockTrusted
        self.connections = connections
    }

    private var program: Program { pass.program }
    private var store: Store { pass.store }

    /// How far a provider's clock was ahead of ours, where it was furthest off.
    var largestClockOffset: Int64 {
        get async {
            var largest: Int64 = 0
            for client in clients.values {
                let offset = await client.clockOffsetMilliseconds ?? 0
                if abs(offset) > abs(largest) { largest = offset }
            }
            return largest
        }
    }

    /// Works on all units: admins first, one at a time (P30), then the others `jobs` at a time.
    func work(through units: [Pass.Unit]) async -> [SecretReport] {
        secrets = units.map(\.secret)
        var reports: [SecretReport] = []
        for unit in units where unit.isAdmin && !isStopping {
            if let report = await work(on: unit) { reports.append(report) }
        }
        let tempo = pass.tempo
        let waves = Dictionary(grouping: units.filter { !$0.isAdmin }, by: tempo.wave(of:))
        for (_, wave) in waves.sorted(by: { $0.key < $1.key }) where !isStopping {
            reports += await work(throughWave: wave)
        }
        return reports
    }

    private func work(throughWave units: [Pass.Unit]) async -> [SecretReport] {
        var reports: [SecretReport] = []
        var rest = units[...]
        await withTaskGroup(of: SecretReport?.self) { group in
            for _ in 0..<max(pass.jobs, 1) {
                guard !isStopping, let unit = rest.popFirst() else { break }
                await keepTime()
                group.addTask { await self.work(on: unit) }
            }
            while let report = await group.next() {
                if let report { reports.append(report) }
                if !isStopping, let unit = rest.popFirst() {
                    await keepTime()
                    group.addTask { await self.work(on: unit) }
                }
            }
        }
        return reports
    }

    /// Waits until the next secret may be begun.
    private func keepTime() async {
        guard let perMinute = pass.tempo.perMinute else { return }
        let clock = program.clock
        let start = firstBegun ?? clock.now()
        firstBegun = start
        let turn = start.milliseconds + Int64(begunCount) * 60_000 / Int64(perMinute)
        begunCount += 1
        while clock.now().milliseconds < turn, !isStopping {
            await clock.wait(Interval(seconds: 1))
        }
    }

    /// Whether the run ends after the step in hand: a signal came, or the disk failed (P34).
    private var isStopping: Bool { ending() }

    private var ending: @Sendable () -> Bool {
        let (stopSignal, disk) = (program.surroundings.stopSignal, disk)
        return { stopSignal() != nil || disk.hasFailed }
    }

    // MARK: One secret

    private func work(on unit: Pass.Unit) async -> SecretReport? {
        let report: SecretReport?
        do throws(JournalError) {
            report = try await locked(unit)
        } catch {
            let result: SecretReport.Result
            switch error {
            case .stale, .busy: result = .busy
            case .noRoom, .vault, .damaged: result = .failed
            // A sealed answer waits, or a step that was taken could not be written down.
            case .spooled, .refused: result = .unsettled
            // What was being committed may or may not be there.
            case .storage:
                result = .unsettled
                disk.fail()
            }
            report = self.report(unit, result, error.cause)
        }
        if let report { pass.report(report) }
        await tellExposed()
        return report
    }

    /// In an emergency a person sees how much is still exposed.
    private func tellExposed() async {
        workedCount += 1
        guard let incident, program.console.isErrorTerminal else { return }
        // Only a number on the way: what fails here is told at the end.
        let exposed = (try? await store.exposed(in: incident, of: secrets)) ?? 0
        program.console.progress(
            "\(workedCount) of \(secrets.count) done with, \(exposed) old credentials still alive",
            isLast: workedCount == secrets.count)
    }

    /// Works on one secret under its lock (P2), and for an admin under its connection's (P30).
    private func locked(_ unit: Pass.Unit) async throws(JournalError) -> SecretReport? {
        let path = program.directory.lock(secret: unit.secret.id.text)
        let lock: HeldLock?
        do throws(Failure) {
            lock = try await self.lock(path)
        } catch {
            // Nobody holds it, and nobody can: that must not look like work that is left to others.
            program.console.fail(error)
            return report(unit, .failed, .storageFailed)
        }
        guard let lock else { return report(unit, .busy, nil) }
        defer { withExtendedLifetime(lock) {} }
        guard unit.isAdmin else { return try await work(unit) }
        let connection = unit.connection.isEmpty ? "any" : unit.connection
        let adminPath = program.directory.locks + "/admin-" + connection
        // As above; the lock before was taken in the same directory.
        guard let adminLock = (try? await self.lock(adminPath)) ?? nil else {
            return report(unit, .busy, nil)
        }
        defer { withExtendedLifetime(adminLock) {} }
        return try await work(unit)
    }

    private func report(
        _ unit: Pass.Unit, _ result: SecretReport.Result, _ cause: Cause?
    ) -> SecretReport {
        SecretReport(
            name: unit.secret.name, rotation: nil, result: result, cause: cause, version: nil,
            debts: 0, isRotated: false, isDeliveryMissing: false)
    }

    /// The longest that a person waits for another process, and that a request may take.
    static let limit = Interval(seconds: 30)

    /// A schedule leaves what another process works on to it; a person waits for 30 seconds, and an
    /// emergency then ends the other (P2).
    private func lock(_ path: String) async throws(Failure) -> HeldLock? {
        let end = program.clock.now() + Self.limit
        var mayEndHolder = pass.isEmergency
        while true {
            if let lock = try HeldLock.take(path) { return lock }
            guard pass.isByHand, !isStopping else { return nil }
            if program.clock.now() < end {
                await program.clock.wait(Interval(seconds: 1))
            } else if mayEndHolder, await HeldLock.endHolder(of: path) {
                mayEndHolder = false
                program.console.warn("the process that held \(path) was ended")
                // Whatever it has sent is carried out by then, or never.
                await program.clock.wait(Self.limit)
            } else {
                return nil
            }
        }
    }

    private func work(_ unit: Pass.Unit) async throws(JournalError) -> SecretReport? {
        let held: Store.Held
        do throws(StorageError) {
            held = try await store.takeUp(unit.secret, at: program.clock.now())
        } catch .damaged(let what) {
            program.console.fail(Failure(StorageError.damaged(what)))
            return report(unit, .failed, .rowsEdited)
        } catch {
            throw error.journal
        }
        let before = held.versions.first { $0.state == .current }?.number
        switch try await choose(for: unit, held) {
        case .work(let rotation):
            guard let rotator = rotator(for: rotation) else { return nil }
            let after = try await rotator.work(on: rotation)
            return try await report(after, unit, before: before)
        case .worked(let rotation): return try await report(rotation, unit, before: before)
        case .told(let report): return report
        case .nothing:
            let debts = try await payDebts(of: unit)
            return try await watch(unit) ?? debts
        }
    }

    /// What is to be done with a secret.
    private enum Choice {
        case work(Rotation)
        /// It was worked on, and can go no further.
        case worked(Rotation)
        case told(SecretReport)
        /// No rotation; but debts may be paid, and a watch kept.
        case nothing
    }

    private func choose(
        for unit: Pass.Unit, _ held: Store.Held
    ) async throws(JournalError) -> Choice {
        let open = held.openRotation
        if unit.isAdmin, open.map({ $0.step == .prepare }) ?? true,
            let report = try await heldByAnotherAdmin(unit, open)
        {
            return .told(report)
        }
        switch pass.demand {
        case .schedule:
            if let open {
                // Before its time only its debts are paid.
                let now = program.clock.now()
                guard open.canGoOn, (open.nextTryAt ?? now) <= now else { return .nothing }
                return .work(try await mended(open, held) ?? open)
            }
            guard unit.isWanted, held.isDue, let policy = held.policy else { return .nothing }
            return .work(try await begin(policy, .schedule, superseding: nil))
        case .byHand(_, let trigger, _, let reason, let ticket):
            guard let policy = held.policy else { return .nothing }
            return try await byHand(policy, trigger, reason, ticket, open, unit)
        case .resume(_, let reason):
            guard let open else { return .nothing }
            if let mended = try await mended(open, held) { return .work(mended) }
            return .work(try await resume(open, reason: reason))
        case .rollBack(_, let reason):
            guard let open else { return .nothing }
            return try await rollBack(open, reason: reason, unit)
        }
    }

    private func byHand(
        _ policy: StoredPolicy, _ trigger: Rotation.Trigger, _ reason: String, _ ticket: String?,
        _ open: Rotation?, _ unit: Pass.Unit
    ) async throws(JournalError) -> Choice {
        if let incident {
            let known = try await reading { store throws(StorageError) in
                try await store.rotation(of: unit.secret, in: incident)
            }
            switch known?.state {
            // The same command resumes the incident, and touches nothing done (P31).
            case .done: return .told(report(unit, .done, nil))
            case .open, .parked:
                if let open { return .work(try await resume(open, reason: reason)) }
            case .superseded, nil: break
            }
        }
        var open = open
        if let current = open, [.issue, .prove, .promote, .deliver].contains(current.step) {
            // A new secret is on its way. A person wants no other one beside it, unless it is dead;
            // and an emergency must know what came of a minting call before it makes one.
            let isDead =
                current.cause == .foreignRotated && current.terms.strategy == .overlap
            if trigger == .manual, current.cause != .tooManyMintings, !isDead {
                return .work(try await resume(current, reason: reason))
            }
            if current.step == .issue, let rotator = rotator(for: current) {
                let after = try await rotator.work(on: try await resume(current, reason: reason))
                // What may have been made under its name could not be looked for.
                guard after.step != .issue || after.terms.strategy == .inPlace else {
                    return .worked(after)
                }
                open = [.done, .superseded].contains(after.state) ? nil : after
            }
        }
        return .work(
            try await begin(policy, trigger, reason: reason, ticket: ticket, superseding: open))
    }

    /// P30: at most one admin of a connection is between prepare and proved, in whatever process.
    private func heldByAnotherAdmin(
        _ unit: Pass.Unit, _ open: Rotation?
    ) async throws(JournalError) -> SecretReport? {
        let isHeld = try await reading { store throws(StorageError) in
            try await store.isAdminUnderWay(on: unit.connection, besides: unit.secret)
        }
        guard isHeld else { return nil }
        return report(unit, .waiting, .adminUnderWay)
    }

    /// A rotation begun anew in the place of one that has not got beyond prepare, where a person has
    /// edited the destinations since: it copies them at prepare (P4), and nothing was done by the old.
    private func mended(
        _ open: Rotation, _ held: Store.Held
    ) async throws(JournalError) -> Rotation? {
        guard open.step == .prepare, open.incident == nil, open.trigger != .recovery,
            let policy = held.policy,
            policy.policy.terms.destinations != open.terms.destinations,
            policy.policy.terms.strategy == open.terms.strategy
        else { return nil }
        return try await begin(
            policy, open.trigger, reason: open.reason, ticket: open.ticket, superseding: open)
    }

    /// An open or parked rotation that a person, or a late commit, takes up: now, and with all its
    /// attempts.
    private func resume(
        _ rotation: Rotation, reason: String?, _ cause: Cause? = nil
    ) async throws(JournalError) -> Rotation {
        guard rotation.state == .parked || rotation.nextTryAt != nil else { return rotation }
        var resumed = rotation
        resumed.state = .open
        resumed.failures = 0
        resumed.cause = nil
        resumed.nextTryAt = nil
        return try await store.record([.resumed(reason: reason, cause)], in: resumed)
    }

    private func rollBack(
        _ open: Rotation, reason: String, _ unit: Pass.Unit
    ) async throws(JournalError) -> Choice {
        let versions = try await store.versions(of: unit.secret)
        let isRetiring = try await store.openEffect(of: open)?.step == .retire
        guard open.rollbackRefusal(versions, isRetiring: isRetiring) == nil,
            let old = versions.first(where: { $0.number == open.from }),
            let rotator = rotator(for: open)
        else { return .nothing }
        // What does not live is no way back; nothing is changed then. The new one is the control.
        if let new = versions.first(where: { $0.number == open.to }) {
            _ = try await rotator.isAlive(new, in: open)
        }
        let verdict = try await rotator.isAlive(old, in: open)
        guard verdict == .accepted else {
            return .told(
                report(unit, .failed, verdict == .refused ? .foreignRotated : .oldSecretNoVerdict))
        }
        let rotation = open.rollback(
            id: try store.newIdentifier(), reason: reason, at: program.clock.now())
        return .work(
            try await reading { store throws(StorageError) in
                try await store.begin(rotation, superseding: open)
            })
    }

    /// P17: looks for what calls that seemed not carried out may have done since.
    private func watch(_ unit: Pass.Unit) async throws(JournalError) -> SecretReport? {
        guard unit.isWatched, case .schedule = pass.demand else { return nil }
        let (last, open, policy) = try await reading { store throws(StorageError) in
            (
                try await store.lastRotation(of: unit.secret),
                try await store.openRotation(of: unit.secret),
                try await store.policy(named: unit.secret.name)
            )
        }
        // The strategy may have been edited since a call was made; only that of overlap looks for what
        // was made beside.
        guard let last, let policy, let watcher = rotator(for: last, by: .overlap) else {
            return nil
        }
        let before = try await currentVersion(of: unit.secret)
        let rotation: Rotation
        switch try await watcher.watch(unit.secret, in: last) {
        case .quiet(let over):
            guard !over.isEmpty else { return nil }
            _ = try await reading { store throws(StorageError) in
                try await store.endWatch(of: over, unit.secret)
            }
            return nil
        case .foreign: return report(unit, .failed, .foreignRotated)
        case .replaced:
            // What is known to be dead already is replaced at its time, once an hour (P15).
            if let open, open.oldSaid == .refused, [.prepare, .issue].contains(open.step) {
                return nil
            }
            // A parked one too: its users are locked out, by a call of ours.
            rotation =
                if let open {
                    try await resume(open, reason: nil, .lateCommit)
                } else {
                    try await begin(policy, .recovery, superseding: nil)
                }
        case .appeared(let orphans):
            // A crash after `begin` leaves a rotation with nothing to retire; the next run looks
            // again.
            let cleaning = try await cleaning(open, last, before)
            rotation = try await watcher.sweep(
                orphans, in: cleaning, isRetiredNext: open == nil
            ).rotation
            // What waits for a time goes on at its time.
            guard open == nil else { return try await report(rotation, unit, before: before) }
        }
        guard let rotator = rotator(for: rotation) else { return nil }
        let after = try await rotator.work(on: rotation)
        return try await report(after, unit, before: before)
    }

    /// The rotation that retires what was left behind: the open one, or one of its own.
    private func cleaning(
        _ open: Rotation?, _ last: Rotation, _ current: Int?
    ) async throws(JournalError) -> Rotation {
        if let open { return open }
        let cleaning = last.cleaning(
            id: try store.newIdentifier(), keeping: current, at: program.clock.now())
        return try await reading { store throws(StorageError) in
            try await store.begin(cleaning, superseding: nil)
        }
    }

    private func begin(
        _ policy: StoredPolicy, _ trigger: Rotation.Trigger, reason: String? = nil,
        ticket: String? = nil, superseding: Rotation?
    ) async throws(JournalError) -> Rotation {
        var terms = policy.policy.terms
        if trigger == .recovery {
            // What needs one is an account whose secret was replaced in place.
            terms.strategy = .inPlace
        } else if let owed = try await termsOwed(to: policy.secret),
            owed.strategy != terms.strategy
        {
            terms = owed
        }
        let rotation = Rotation(
            id: try store.newIdentifier(), secret: policy.secret, target: policy.policy.target,
            trigger: trigger, reason: reason, ticket: ticket, incident: incident,
            terms: terms,
            startedAt: program.clock.now())
        return try await reading { store throws(StorageError) in
            try await store.begin(rotation, superseding: superseding)
        }
    }

    /// The terms of the last rotation while something is left of it, which is ended in the way in which
    /// it was made: an edited strategy, with the destinations that go with it, acts from the rotation
    /// after (P4).
    private func termsOwed(to secret: SecretReference) async throws(JournalError) -> Terms? {
        let isOwed = try await store.versions(of: secret).contains {
            [.pending, .retiring, .lost].contains($0.state) && $0.endedAt == nil
        }
        guard isOwed else { return nil }
        return try await reading { store throws(StorageError) in
            try await store.lastRotation(of: secret)?.terms
        }
    }

    /// Tries again what a secret's current version owes, by the terms of its last rotation.
    private func payDebts(of unit: Pass.Unit) async throws(JournalError) -> SecretReport? {
        let last = try await reading { store throws(StorageError) in
            try await store.lastRotation(of: unit.secret)
        }
        let versions = try await store.versions(of: unit.secret)
        guard let last, let current = versions.first(where: { $0.state == .current }),
            let rotator = rotator(for: last)
        else { return nil }
        let owes = try await store.deliveries(of: current.number, of: unit.secret)
            .contains(where: \.isDebt)
        guard owes else { return nil }
        let delivered = try await rotator.deliver(current, in: last, to: nil)
        let debts = try await debts(of: unit.secret)
        let cause: Cause? =
            switch delivered {
            case .complete: nil
            case .incomplete: .deliveryFailed
            case .foreignRotated: .foreignRotated
            case .noVerdict: .unproved
            }
        return SecretReport(
            name: unit.secret.name, rotation: nil,
            result: delivered == .complete ? .done : .failed, cause: cause,
            version: current.number, debts: debts, isRotated: false,
            isDeliveryMissing: delivered != .complete)
    }

    private func report(
        _ rotation: Rotation, _ unit: Pass.Unit, before: Int?
    ) async throws(JournalError) -> SecretReport {
        let now = try await currentVersion(of: unit.secret)
        let isUnsettled = try await store.openEffect(of: rotation) != nil
        let result: SecretReport.Result =
            switch rotation.state {
            case .done, .superseded: .done
            case .parked: .parked
            case .open where isUnsettled: .unsettled
            case .open where rotation.cause.map { !$0.isWaiting } ?? false: .failed
            case .open: .waiting
            }
        let deliveries =
            if let now { try await store.deliveries(of: now, of: unit.secret) } else {
                [Delivery]()
            }
        let isMissing = deliveries.contains { $0.isDebt && $0.destination.isRequired }
        return SecretReport(
            name: rotation.secret.name, rotation: rotation, result: result,
            cause: rotation.cause ?? (isMissing ? .deliveryFailed : nil), version: now,
            debts: try await debts(of: unit.secret), isRotated: now != before,
            isDeliveryMissing: isMissing)
    }

    private func currentVersion(of secret: SecretReference) async throws(JournalError) -> Int? {
        try await store.versions(of: secret).first { $0.state == .current }?.number
    }

    private func debts(of secret: SecretReference) async throws(JournalError) -> Int {
        try await reading { store throws(StorageError) in
            try await store.debtCount(of: secret)
        }
    }

    private func reading<T: Sendable>(
        _ body: (Store) async throws(StorageError) -> T
    ) async throws(JournalError) -> T {
        do throws(StorageError) {
            return try await body(store)
        } catch {
            throw error.journal
        }
    }

    // MARK: Parts

    /// The rotator for a rotation, by the strategy that it was begun with (P4); nil when its
    /// connection is gone, which has no way to be mended here.
    private func rotator(for rotation: Rotation, by strategy: Strategy? = nil) -> Rotator? {
        guard let client = client(of: rotation.target.connection) else { return nil }
        return program.rotator(
            of: rotation.target.kind, strategy ?? rotation.terms.strategy, client, store: store,
            alive: alive, isClockTrusted: isClockTrusted, isByHand: pass.isByHand,
            isStopping: ending)
    }

    private func client(of name: String) -> AdminClient? {
        if let client = clients[name] { return client }
        guard let connection = connections.first(where: { $0.name == name }),
            // Apply has read the same addresses before.
            let client = try? program.client(for: connection, store: store)
        else { return nil }
        clients[name] = client
        return client
    }
}

/// Remembers for all workers that the disk failed.
private final class Disk: Sendable {
    private let state = Mutex(false)

    var hasFailed: Bool { state.withLock { $0 } }

    func fail() { state.withLock { $0 = true } }
}
