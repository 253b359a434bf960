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
    private let alive = ProvedAlive()
    private let disk = Disk()
    private var clients: [String: AdminClient] = [:]

    init(pass: Pass, isClockTrusted: Bool, connections: [Connection]) {
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
        var reports: [SecretReport] = []
        for unit in units where unit.isAdmin && !isStopping {
            if let report = await work(on: unit) { reports.append(report) }
        }
        var rest = units.filter { !$0.isAdmin }[...]
        await withTaskGroup(of: SecretReport?.self) { group in
            for _ in 0..<max(pass.jobs, 1) {
                guard let unit = rest.popFirst() else { break }
                group.addTask { await self.work(on: unit) }
            }
            while let report = await group.next() {
                if let report { reports.append(report) }
                if !isStopping, let unit = rest.popFirst() {
                    group.addTask { await self.work(on: unit) }
                }
            }
        }
        return reports
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
            case .noRoom, .vault: result = .failed
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
        return report
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
    private static let limit = Interval(seconds: 30)

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
        // What was read before the lock was taken may have moved on.
        let open = try await reading { store throws(StorageError) in
            try await store.openRotation(of: unit.secret)
        }
        let before = try await currentVersion(of: unit.secret)
        guard let rotation = try await rotation(for: unit, open: open) else {
            return try await payDebts(of: unit)
        }
        guard let rotator = rotator(for: rotation) else {
            return nil
        }
        let after = try await rotator.work(on: rotation)
        return try await report(after, unit, before: before)
    }

    /// The rotation to work on: the open one, or a new one, or none.
    private func rotation(
        for unit: Pass.Unit, open: Rotation?
    ) async throws(JournalError) -> Rotation? {
        switch pass.demand {
        case .schedule:
            if let open {
                // Before its time only its debts are paid.
                let now = program.clock.now()
                return open.canGoOn && (open.nextTryAt ?? now) <= now ? open : nil
            }
            guard unit.isWanted, let policy = unit.policy, try await isStillDue(unit.secret)
            else { return nil }
            return try await begin(policy, .schedule, reason: nil, ticket: nil, superseding: nil)
        case .byHand(_, let trigger, let reason, let ticket):
            guard let policy = unit.policy else { return nil }
            var open = open
            if let current = open, [.issue, .prove, .promote, .deliver].contains(current.step) {
                // A new secret is on its way. A person wants no other one beside it, and an
                // emergency must know what came of a minting call before it makes one.
                if trigger == .manual, current.cause != .tooManyMintings {
                    return try await resume(current)
                }
                if current.step == .issue, let rotator = rotator(for: current) {
                    let after = try await rotator.work(on: try await resume(current))
                    // What may have been made under its name could not be looked for.
                    guard after.step != .issue || after.terms.strategy == .inPlace else {
                        return after
                    }
                    open = [.done, .superseded].contains(after.state) ? nil : after
                }
            }
            return try await begin(
                policy, trigger, reason: reason, ticket: ticket, superseding: open)
        }
    }

    /// An open or parked rotation that a person takes up: now, and with all its attempts.
    private func resume(_ rotation: Rotation) async throws(JournalError) -> Rotation {
        guard rotation.state == .parked || rotation.nextTryAt != nil else { return rotation }
        var resumed = rotation
        resumed.state = .open
        resumed.failures = 0
        resumed.nextTryAt = nil
        return try await store.record([], in: resumed)
    }

    private func isStillDue(_ secret: SecretReference) async throws(JournalError) -> Bool {
        let now = program.clock.now()
        return try await reading { store throws(StorageError) in
            try await store.isDue(secret, at: now)
        }
    }

    private func begin(
        _ policy: StoredPolicy, _ trigger: Rotation.Trigger, reason: String?, ticket: String?,
        superseding: Rotation?
    ) async throws(JournalError) -> Rotation {
        var terms = policy.policy.terms
        // What another rotation leaves behind is ended in the way in which it was made: an edited
        // strategy acts from the rotation after (P4).
        if let superseding, try await hasLeftovers(policy.secret) {
            terms.strategy = superseding.terms.strategy
        }
        let rotation = Rotation(
            id: try store.newIdentifier(), secret: policy.secret, target: policy.policy.target,
            trigger: trigger, reason: reason, ticket: ticket, terms: terms,
            startedAt: program.clock.now())
        return try await reading { store throws(StorageError) in
            try await store.begin(rotation, superseding: superseding)
        }
    }

    /// Whether a version besides the current one still has to be ended.
    private func hasLeftovers(_ secret: SecretReference) async throws(JournalError) -> Bool {
        try await store.versions(of: secret).contains {
            [.pending, .retiring, .lost].contains($0.state) && $0.endedAt == nil
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
            case .open where rotation.cause != nil && rotation.cause != .clock: .failed
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
    private func rotator(for rotation: Rotation) -> Rotator? {
        guard let client = client(of: rotation.target.connection) else { return nil }
        return program.rotator(
            of: rotation.target.kind, rotation.terms.strategy, client, store: store, alive: alive,
            isClockTrusted: isClockTrusted, isByHand: pass.isByHand, isStopping: ending)
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
