import Audit
import Pinecone
import Rotations
import Secrets
import Storage
import Synchronization

@testable import keyturn

/// One process of the program: what surrounds it, and where it dies.
///
/// It is dead when its disk is: from then on nothing that it still does has any effect.
final class Invocation: Sendable {
    /// What is going to happen to it.
    struct Fate: Sendable {
        /// How many of its calls in a hundred go wrong.
        var weather = 0
        var death: Death?
        var diskFault: Disk.Fault?
        /// What of the unsynced writes is gone when it has died; nil when only the process died.
        var powerCut: UInt64?
        /// How often it still finds no signal before it sees SIGTERM.
        var checksBeforeSignal: Int?
        /// Whether no file can be made in the spool.
        var isSpoolGone = false
    }

    let world: World
    let disk: Disk
    let fate: Fate
    private let directory: StateDirectory
    private let home: String
    private let input: String
    private let state = Mutex(State())
    private let rows = Mutex<Rows?>(nil)

    private struct State {
        var moments: [Moment] = []
        var checks = 0
        var conversation: [UInt8] = []
        var clockOffset: Int64?
        var acceptedKeyAt: Int64?
        /// Values that said in this process that they live.
        var accepted: Set<String> = []
    }

    init(
        _ world: World, _ disk: Disk, _ fate: Fate, _ directory: StateDirectory,
        home: String, input: String
    ) {
        self.home = home
        self.world = world
        self.disk = disk
        self.fate = fate
        self.directory = directory
        self.input = input
    }

    var dice: Dice { world.dice }
    var isDead: Bool { disk.isDead }

    /// A moment in which the process may die. False when it is dead.
    func lives(_ moment: Moment) -> Bool {
        guard !isDead else { return false }
        let before = state.withLock { state in
            defer { state.moments.append(moment) }
            return state.moments
        }
        switch fate.death {
        case .at(before.count): break
        case .after(let count, moment) where count == before.count(where: { $0 == moment }): break
        default: return true
        }
        world.with { truth in
            truth.tell("dies at \(moment)")
            truth.deaths.insert(moment)
        }
        disk.kill()
        return false
    }

    /// Whether this call goes wrong.
    func goesWrong() -> Bool { dice.happens(fate.weather) }

    /// Looks at the database with other eyes, in the middle of things.
    func look<T: Sendable>(_ body: (Rows) throws -> T) -> T? {
        rows.withLock { rows in
            do {
                let found = try rows ?? Rows(directory.database)
                rows = found
                return try body(found)
            } catch {
                world.accuse("the database cannot be read: \(error)")
                return nil
            }
        }
    }

    /// Ends it; what it said.
    func end() -> String {
        rows.withLock { $0 = nil }
        return state.withLock { String(decoding: $0.conversation, as: UTF8.self) }
    }

    // MARK: What it learned from the provider

    /// Notes an answer of the provider: its date, and that time has passed.
    func noteAnswer() {
        world.pass(Int64(dice.roll(20..<400)))
        let offset = world.with { -$0.skew }
        state.withLock { $0.clockOffset = offset }
    }

    var clockOffset: Int64? { state.withLock { $0.clockOffset } }

    /// Notes that a value was accepted.
    func noteAccepted(_ value: String, isKey: Bool) {
        let now = world.with { $0.now }
        state.withLock { state in
            state.accepted.insert(value)
            if isKey { state.acceptedKeyAt = now }
        }
    }

    func hasAccepted(_ value: String) -> Bool { state.withLock { $0.accepted.contains(value) } }

    /// Whether an API key was accepted within the minute: the control of a refusal (P20).
    var hasKeyControl: Bool {
        let now = world.with { $0.now }
        return state.withLock { ($0.acceptedKeyAt ?? .min) > now - 60_000 }
    }

    // MARK: Surroundings

    /// The names in the spool.
    var spooled: [String] { (try? Spool(directory).names()) ?? [] }

    /// What the program is handed.
    func surroundings(vfs: String = "faulty") -> Surroundings {
        Surroundings(
            console: Console(
                writeOutput: { _ in true },
                writeError: { [self] bytes in
                    guard !isDead else { return }
                    state.withLock { state in
                        for index in bytes.indices { state.conversation.append(bytes[index]) }
                    }
                }, isTerminal: false, isErrorTerminal: false, width: 80),
            clock: WallClock(
                now: { [world] in
                    // No two looks show one time, so that the order of rows is the order of events.
                    world.with { truth in
                        truth.now += 1
                        return Timestamp(milliseconds: truth.localTime)
                    }
                },
                wait: { [self] interval in
                    guard lives(.wait) else { return }
                    world.pass(interval.seconds * 1000)
                }),
            environment: ["KEYTURN_STATE": directory.path, "PWD": home],
            readSecret: { _ throws(Failure) in throw Failure("nobody is there", .usage) },
            readText: { [input] _ throws(Failure) in input }, ask: { _ in nil },
            stopSignal: { [self] in nextSignal() },
            journal: { [self] in WitnessJournal(store: $0, process: self) },
            seesOrganizations: false,
            provider: { [self] provider in
                SimulatedProvider(process: self, isInPlace: provider is ServiceAccounts)
            },
            handoff: { [self] _ in SimulatedHandoff(process: self) }, vfs: vfs,
            actor: Actor(
                uid: 0, loginUID: nil, user: "keyturn", host: "host", pid: 1, invocation: nil,
                claimedSudoUser: nil))
    }

    private func nextSignal() -> Int32? {
        guard !isDead else { return 9 }
        guard let limit = fate.checksBeforeSignal else { return nil }
        return state.withLock { state in
            state.checks += 1
            return state.checks > limit ? 15 : nil
        }
    }
}
