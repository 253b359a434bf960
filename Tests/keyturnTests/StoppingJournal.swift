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

    /// What happens there.
    private enum Strike {
        case death(Side)
        /// The write fails, and the process lives.
        case failure(JournalError)
    }

    private struct State {
        var target: (write: Int, strike: Strike)?
        var isDead = false
        var hasStruck = false
        var writes: [String] = []
    }

    private let state: Mutex<State>
    /// Called before each write with its number and name.
    private let onWrite: @Sendable (Int, String) -> Void

    /// Dies at the write of this number, counted from 0; with nil it only keeps count.
    init(
        at write: Int? = nil, _ side: Side = .beforeCommit,
        onWrite: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.onWrite = { onWrite($1) }
        state = Mutex(State(target: write.map { ($0, .death(side)) }))
    }

    /// The write of this number fails with this error, and nothing of it is there.
    init(at write: Int, failing error: JournalError) {
        onWrite = { _, _ in }
        state = Mutex(State(target: (write, .failure(error))))
    }

    /// Nothing is done to the writes, save by what is called before each with its number.
    init(onNumber: @escaping @Sendable (Int) -> Void) {
        onWrite = { number, _ in onNumber(number) }
        state = Mutex(State())
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
        let (number, isDead, strike): (Int, Bool, Strike?) = state.withLock { state in
            if state.isDead { return (0, true, nil) }
            let number = state.writes.count
            state.writes.append(name)
            guard let target = state.target, target.write == number else {
                return (number, false, nil)
            }
            state.hasStruck = true
            if case .death = target.strike { state.isDead = true }
            return (number, false, target.strike)
        }
        if isDead { throw .storage }
        switch strike {
        case .failure(let error): throw error
        case .death(.beforeCommit): throw .storage
        case .death(.afterCommit):
            onWrite(number, name)
            return .afterCommit
        case nil:
            onWrite(number, name)
            return nil
        }
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
