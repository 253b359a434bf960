import FoundationEssentials
import OpenSSL
import PineconeEmulator
import Rotations
import Secrets
import Storage
import Synchronization
import TestSupport

@testable import keyturn

/// The program in a test: real commands, a real state and real destinations in a directory of its
/// own, an emulator over loopback, and a clock that the test moves. Waiting moves it too.
final class TestProgram: Sendable {
    let directory: TemporaryDirectory
    let emulator: Emulator
    let clock: SimulatedClock
    /// A signal that the program shall see; nil for none.
    let signal = Mutex<Int32?>(nil)
    /// How often the program still finds no signal before it sees SIGTERM; nil for ever.
    let checksBeforeSignal = Mutex<Int?>(nil)
    /// What stands before the journal of each command from now on.
    let journal = Mutex<@Sendable (Store) -> any Journal>({ $0 })
    /// Through what each command delivers from now on.
    let handoff = Mutex<@Sendable (any Handoff) -> any Handoff>({ $0 })
    /// The machine that commands find themselves on from now on; nil for one without an id.
    let machine = Mutex<String?>("6f1c7f1e3c8b4d5e9a510d6f1f3f8a10")
    /// How long a request may take from now on; only a provider that hangs makes it matter.
    let requestLimit = Mutex<Duration>(.seconds(30))
    /// The project that API keys are made in.
    let project: String
    /// The key `anchors` of files that are applied from now on.
    let anchors = Mutex("")
    /// The first admin.
    let admin: ServiceAccount

    private let turn: Turn

    /// A program whose emulator runs. Nothing is made yet.
    init(settings: Settings = Settings()) async throws {
        turn = await Turn.take()
        // A hook's directories must not be writable by others, as /tmp is.
        directory = try TemporaryDirectory(
            in: ProcessInfo.processInfo.environment["HOME"] ?? "/root")
        clock = SimulatedClock()
        emulator = Emulator(settings: settings, clock: { [clock] in clock.now })
        try await emulator.start()
        project = emulator.addProject(name: "search")
        admin = emulator.addOwner(name: "ops-a")
        try directory.makeDirectory("out")
    }

    deinit { emulator.stop() }

    /// What a command said and how it ended.
    struct Outcome {
        let status: Int32
        /// Standard output.
        let output: String
        /// Standard error.
        let conversation: String

        /// The objects of `--json`, decoded.
        func objects() throws -> [Object] {
            try output.split(separator: "\n").map {
                try JSONDecoder().decode(Object.self, from: Data($0.utf8))
            }
        }
    }

    /// The fields of a line of `--json` that tests look at.
    struct Object: Decodable {
        let kind: String
        let name: String?
        let state: String?
        let outcome: String?
        let cause: String?
        let step: String?
        let version: Int?
        let debts: Int?
        let rotated: Int?
        let failed: Int?
        let due: Int?
        let exit: Int?
        let problem: String?
        let intact: Bool?
        let what: String?
        let change: String?
    }

    /// Runs a command line on this state.
    @discardableResult
    func keyturn(_ arguments: String..., input: String? = nil, answer: String? = nil) async
        -> Outcome
    {
        await keyturn(arguments, input: input, answer: answer)
    }

    /// Runs a command line on this state.
    func keyturn(
        _ arguments: [String], input: String? = nil, answer: String? = nil,
        isTerminal: Bool = false
    ) async -> Outcome {
        await outcome(input, answer, isTerminal) { await Keyturn.main(arguments, in: $0) }
    }

    /// Runs a command that was read before: in a debug build that takes as long as a run which does
    /// little.
    func perform(_ command: any KeyturnCommand) async -> Outcome {
        await outcome { await Keyturn.perform(command, in: $0) }
    }

    private func outcome(
        _ input: String? = nil, _ answer: String? = nil, _ isTerminal: Bool = false,
        of command: (Surroundings) async -> Int32
    ) async -> Outcome {
        let output = Recorder()
        let conversation = Recorder()
        let clock = clock
        let surroundings = Surroundings(
            console: Console(
                writeOutput: { output.append($0) }, writeError: { conversation.append($0) },
                isTerminal: isTerminal, isErrorTerminal: false, width: 80),
            clock: WallClock(
                now: { Timestamp(milliseconds: clock.now) },
                wait: { interval in clock.advance(ms: interval.seconds * 1000) }),
            environment: [
                "KEYTURN_STATE": directory.file("state"), "PWD": directory.path,
                "HOME": directory.path,
            ],
            readSecret: { _ throws(Failure) in
                guard let input, let secret = try? SecretBytes(copying: Array(input.utf8).span)
                else { throw Failure("no secret was given", .usage) }
                return secret
            },
            readText: { _ throws(Failure) in input ?? "" }, ask: { _ in answer },
            stopSignal: { [self] in nextSignal() }, journal: journal.withLock { $0 },
            requestLimit: requestLimit.withLock { $0 }, handoff: handoff.withLock { $0 },
            journalSocket: directory.file("journal"),
            machine: machine.withLock { $0 })
        let status = await command(surroundings)
        return Outcome(
            status: status, output: output.text, conversation: conversation.text)
    }

    private func nextSignal() -> Int32? {
        let hasCome = checksBeforeSignal.withLock { checks in
            guard let left = checks else { return false }
            checks = max(left - 1, 0)
            return left == 0
        }
        return hasCome ? 15 : signal.withLock { $0 }
    }

    /// Keeps what a command writes.
    private final class Recorder: Sendable {
        private let bytes = Mutex<[UInt8]>([])

        @discardableResult
        func append(_ span: Span<UInt8>) -> Bool {
            bytes.withLock { bytes in for index in span.indices { bytes.append(span[index]) } }
            return true
        }

        var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
    }

    // MARK: A world that is set up

    /// Makes the state, applies these policies, and logs the admin in.
    func setUp(_ policies: String, admins: [String] = ["ops-a"]) async throws {
        try await require(keyturn("init"))
        try await apply(policies, admins: admins)
        try await logIn("ops-a", admin)
    }

    /// Applies a file with these policies.
    func apply(_ policies: String, admins: [String] = ["ops-a"]) async throws {
        try write("keyturn.yaml", configuration(policies, admins: admins))
        try await require(keyturn("policy", "apply", directory.file("keyturn.yaml")))
    }

    /// Logs an account in as an admin.
    func logIn(_ name: String, _ account: ServiceAccount) async throws {
        try await require(
            keyturn(
                "login", "pinecone", "--as", name, "--client-id", account.clientID,
                input: account.clientSecret))
    }

    /// A whole file.
    func configuration(_ policies: String, admins: [String] = ["ops-a"]) -> String {
        """
        version: 1
        connections:
          pinecone:
            api: \(emulator.url)
            login: \(emulator.tokenURL)
            admins: [\(admins.joined(separator: ", "))]
        policies:
        \(policies)
        \(anchors.withLock { $0 })
        """
    }

    /// A policy over a service account that delivers to `out/NAME.env`.
    func policy(
        _ name: String, account: ServiceAccount, every: String = "30d", more: String = ""
    ) -> String {
        """
          - name: \(name)
            service-account: { connection: pinecone, id: \(account.id), name: \(account.name) }
            every: \(every)
            deliver:
              - file: { path: \(directory.file("out/\(name).env")), format: env }
        \(more)

        """
    }

    /// A policy over an API key that delivers to `out/NAME`, raw.
    func policy(
        _ name: String, key: APIKey, every: String = "30d", overlap: String = "24h",
        more: String = ""
    ) -> String {
        """
          - name: \(name)
            api-key: { connection: pinecone, project: \(project), id: \(key.id) }
            every: \(every)
            overlap: \(overlap)
            deliver:
              - file: { path: \(directory.file("out/\(name)")), format: raw }
        \(more)

        """
    }

    /// Makes or replaces a file.
    func write(_ name: String, _ text: String, mode: UInt32 = 0o600) throws {
        if directory.text(name) != nil { try directory.remove(name) }
        try directory.make(name, text, mode: mode)
    }

    /// Throws what a command said when it did not end with 0.
    func require(_ outcome: Outcome) throws {
        guard outcome.status == 0 else {
            throw CommandFailed(text: outcome.output + outcome.conversation)
        }
    }

    struct CommandFailed: Error { let text: String }

    // MARK: What the world shows

    /// The client secret that was delivered to `out/NAME.env`.
    func deliveredSecret(_ name: String) -> String? {
        directory.text("out/\(name).env")?.split(separator: "\n").last
            .map { String($0.dropFirst("PINECONE_CLIENT_SECRET=".count)) }
    }

    /// Whether Pinecone accepts what was delivered for this account.
    func isDeliveredAccepted(_ name: String, _ account: ServiceAccount) -> Bool {
        guard let secret = deliveredSecret(name) else { return false }
        return emulator.accepts(clientID: account.clientID, clientSecret: secret)
    }

    /// Whether `audit verify` finds the trail intact.
    func isTrailIntact() async -> Bool {
        let verify = await keyturn("audit", "verify")
        if verify.status != 0 { print(verify.output, verify.conversation) }
        return verify.status == 0
    }

    /// How many entries of this type the trail has.
    func entries(_ type: String) async throws -> Int {
        let outcome = await keyturn("audit", "list", "--type", type, "--limit", "10000", "--json")
        return outcome.output.split(separator: "\n").count
    }

    /// Changes the database as somebody does who owns the file.
    func sql(_ statement: String) throws {
        try RawDatabase(directory.file("state/keyturn.db")).execute(statement)
    }

    /// Moves the clock.
    func advance(_ interval: Interval) { clock.advance(ms: interval.seconds * 1000) }
}
