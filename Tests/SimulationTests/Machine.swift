import Audit
import FoundationEssentials
import Rotations
import Storage
import Synchronization
import TestSupport

@testable import keyturn

/// A machine with a state on it: processes of the program run on it, one after the other.
final class Machine: Sendable {
    let world: World
    let disk: Disk
    let home: TemporaryDirectory
    let state: StateDirectory

    init(_ world: World) throws {
        self.world = world
        home = try TemporaryDirectory(in: Self.fastDisk)
        state = StateDirectory(path: home.file("state"))
        disk = Disk(state.path)
    }

    /// A file system in memory, where there is one.
    private static let fastDisk =
        FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : "/tmp"

    /// How a process ended.
    struct Ended: Sendable {
        let status: Int32
        let isDead: Bool
        /// Standard error.
        let conversation: String
    }

    /// Runs a command line in a process of its own.
    @discardableResult
    func run(
        _ arguments: [String], _ fate: Invocation.Fate = Invocation.Fate(), input: String = ""
    ) async -> Ended {
        world.tell("$ keyturn \(arguments.joined(separator: " "))")
        let process = Invocation(world, disk, fate, state, home: home.path, input: input)
        disk.prepare(fate)
        let status = await Self.run(arguments, in: process.surroundings())
        let isDead = process.isDead
        if isDead { world.with { _ = $0.deaths.insert(fate.powerCut == nil ? .disk : .power) } }
        world.with { truth in
            for index in truth.mintings.indices where truth.mintings[index].isInMemory {
                if !isDead {
                    truth.accuse("1: \(truth.mintings[index].value) was read and not kept")
                }
                truth.mintings[index].isInMemory = false
            }
        }
        let conversation = process.end()
        world.tell(isDead ? "dead" : "status \(status)")
        await disk.restart(powerCut: isDead ? fate.powerCut : nil)
        if isDead, let powerCut = fate.powerCut { tearAnchor(Int(powerCut % 600)) }
        return Ended(status: status, isDead: isDead, conversation: conversation)
    }

    /// The power went while the last checkpoint was added to the anchor: a part of it is missing, or all.
    private func tearAnchor(_ count: Int) {
        let url = URL(filePath: state.anchor)
        guard let data = try? Data(contentsOf: url) else { return }
        var blocks = AnchorBlocks()
        guard let last = blocks.add(Array(data)).last else { return }
        let kept = max(last.start, data.count - count)
        // In place, so that it stays the same file.
        try? data.prefix(kept).write(to: url)
    }

    private static func run(_ arguments: [String], in surroundings: Surroundings) async -> Int32 {
        await Keyturn.perform(command(arguments), in: surroundings)
    }

    /// Commands by their lines: parsing one takes longer than running it.
    private struct Parsed: @unchecked Sendable {
        var commands: [[String]: any KeyturnCommand] = [:]
    }
    private static let parsed = Mutex(Parsed())

    private static func command(_ arguments: [String]) -> any KeyturnCommand {
        parsed.withLock { parsed in
            if let known = parsed.commands[arguments] { return known }
            guard let command = try? Keyturn.parseAsRoot(arguments) as? any KeyturnCommand else {
                preconditionFailure("no command: \(arguments)")
            }
            parsed.commands[arguments] = command
            return command
        }
    }

    /// The program as somebody uses it who only reads.
    func reader() throws -> Program {
        try Program(
            Invocation(world, disk, Invocation.Fate(), state, home: home.path, input: "")
                .surroundings(vfs: "unix"),
            state: nil)
    }
}
