import Rotations
import Secrets
import Storage
import Synchronization

/// Where a program is to die: at which of the writes of its rotations, and on which side of the
/// commit. One plan outlives the commands of a test.
final class StopPlan: Sendable {
    /// Which side of the commit.
    enum Side: Sendable, CaseIterable {
        case beforeCommit, afterCommit
    }

    private struct State {
        var target: (write: Int, side: Side)?
        var isDead = false
        var hasStruck = false
        var writes: [String] = []
    }

    private let state: Mutex<State>
    /// Called before each write with its name.
    private let onWrite: @Sendable (String) -> Void

    /// Dies at the write of this number, counted from 0; with nil it only keeps count.
    init(
        at write: Int? = nil, _ side: Side = .beforeCommit,
        onWrite: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.onWrite = onWrite
        state = Mutex(State(target: write.map { ($0, side) }))
    }

    /// What was written so far, in order.
    var writes: [String] { state.withLock { $0.writes } }

    /// Whether it has struck, once.
    var hasStruck: Bool { state.withLock { $0.hasStruck } }
    /// Whether the process that it struck is dead still.
    var isDead: Bool { state.withLock { $0.isDead } }

    /// The next command is another process.
    func revive() {
        state.withLock { state in
            guard state.isDead else { return }
            state.isDead = false
            state.target = nil
        }
    }

    /// Counts a write and says whether the process dies before it, or after.
    fileprivate func begin(_ name: String) throws(JournalError) -> Side? {
        let (isDead, side): (Bool, Side?) = state.withLock { state in
            if state.isDead { return (true, nil) }
            let number = state.writes.count
            state.writes.append(name)
            guard let target = state.target, target.write == number else { return (false, nil) }
            state.isDead = true
            state.hasStruck = true
            return (false, target.side)
        }
        if isDead || side == .beforeCommit { throw .storage }
        onWrite(name)
        return side
    }

    fileprivate func end(_ side: Side?) throws(JournalError) {
        if side == .afterCommit { throw .storage }
    }
}

/// The store, until it dies: from then on it takes and gives nothing, like a process that is gone.
final class StoppingJournal: Journal {
    private let store: Store
    private let plan: StopPlan

    init(_ store: Store, _ plan: StopPlan) {
        self.store = store
        self.plan = plan
    }

    func versions(of secret: SecretReference) async throws(JournalError) -> [Version] {
        try await store.versions(of: secret)
    }

    func value(of version: Int, of secret: SecretReference) async throws(JournalError)
        -> SecretBytes
    {
        try await store.value(of: version, of: secret)
    }

    func openEffect(of rotation: Rotation) async throws(JournalError) -> Effect? {
        try await store.openEffect(of: rotation)
    }

    func attempts(of secret: SecretReference) async throws(JournalError) -> [Attempt] {
        try await store.attempts(of: secret)
    }

    func answer(of effect: Effect) async throws(JournalError) -> SecretBytes {
        try await store.answer(of: effect)
    }

    func deliveries(of version: Int, of secret: SecretReference) async throws(JournalError)
        -> [Delivery]
    {
        try await store.deliveries(of: version, of: secret)
    }

    func fingerprint(of bytes: borrowing SecretBytes) throws(JournalError) -> [UInt8] {
        try store.fingerprint(of: bytes)
    }

    func newIdentifier() throws(JournalError) -> Identifier { try store.newIdentifier() }

    func makeReady(for effect: Effect) async throws(JournalError) {
        let side = try plan.begin("ready")
        try await store.makeReady(for: effect)
        try plan.end(side)
    }

    func record(_ changes: [Change], in rotation: Rotation) async throws(JournalError) -> Rotation {
        let side = try plan.begin(
            rotation.state == .done ? "done" : "\(rotation.step)\(changes.isEmpty ? "" : "+")")
        let next = try await store.record(changes, in: rotation)
        try plan.end(side)
        return next
    }

    func keep(
        _ answer: consuming SecretBytes, of effect: Effect, in rotation: Rotation
    ) async throws(JournalError) {
        let side = try plan.begin("keep")
        try await store.keep(answer, of: effect, in: rotation)
        try plan.end(side)
    }

    func store(
        _ issued: consuming Issued, as version: Int, of effect: Effect, in rotation: Rotation
    ) async throws(JournalError) -> Rotation {
        let side = try plan.begin("store")
        let next = try await store.store(issued, as: version, of: effect, in: rotation)
        try plan.end(side)
        return next
    }

    func record(
        _ delivery: Delivery, rotation: Identifier?, hook: HookReport?
    ) async throws(JournalError) {
        let side = try plan.begin(
            "delivery \(delivery.process == nil ? delivery.state.rawValue : "started")")
        try await store.record(delivery, rotation: rotation, hook: hook)
        try plan.end(side)
    }
}
