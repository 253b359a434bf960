import Files
import FoundationEssentials
import Linux
import OpenSSL
import PineconeEmulator
import Processes
import Rotations
import SQLite
import Secrets

/// A directory with a state, an emulator in process, and the binary that is measured.
final class Bench {
    private let keyturn: String
    private let me: String
    private let directory: String
    private var lastState = ""

    init(keyturn: String, me: String) throws {
        let base = ProcessInfo.processInfo.environment["HOME"] ?? "/root"
        let id = Identifier(
            at: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)),
            random: try Random.bytes(10))
        directory = "\(base)/.keyturn-bench-\(id)"
        try Directory.create(directory)
        self.keyturn = try FileManager.default.destinationOrSelf(keyturn)
        self.me = try FileManager.default.destinationOrSelf(me)
    }

    /// Removes everything.
    func end() {
        // What cannot be removed is left for a person; the numbers are printed.
        try? FileManager.default.removeItem(atPath: directory)
    }

    // MARK: The rows of the table

    func quietRun(policies: Int) async throws {
        try await Emulator.withRunning { emulator in
            let state = try await setUp(emulator, accounts: policies, first: "after-interval")
            let quiet = try await fastest(of: 7) { try await run(["run"], state: state) }
            let baseline = try await fastest(of: 7) {
                try await run(["open", "\(state)/keyturn.db"], state: state, program: me)
            }
            report(
                "run, nothing due, \(policies) policies", quiet / baseline, bar: "at most 2",
                "\(milliseconds(quiet)) against \(milliseconds(baseline)) for opening the database")
        }
    }

    func dueRotations(count: Int, latency: Int) async throws {
        var settings = Settings()
        settings.latencyMs = Int64(latency)
        try await Emulator.withRunning(settings: settings) { emulator in
            let state = try await setUp(emulator, accounts: count, first: "due")
            lastState = state
            let before = emulator.tally
            let taken = try await time {
                try await run(["run", "--jobs", "32"], state: state)
            }
            let calls =
                emulator.tally.received.values.reduce(0, +)
                - before.received.values.reduce(0, +)
            let rotated = emulator.tally.committed[.rotateSecret] ?? 0
            precondition(rotated == count, "\(rotated) of \(count) were rotated")
            let database = try Database(
                path: "\(state)/keyturn.db", access: .readOnly, busyTimeout: 1000)
            let commits =
                try database.first(
                    "SELECT count(*) FROM audit_checkpoint"
                ) { $0.int(0) } ?? 0
            let commit = try await commitTime()
            let ideal =
                Double(calls) * Double(latency) / 1000 / 32 + Double(commits) * commit
            let rate = Int(Double(count) / taken)
            if latency > 0 {
                report(
                    "\(count) due, \(latency) ms a call, 32 jobs", ideal / taken,
                    bar: "at least 0.90",
                    "\(seconds(taken)); \(calls) calls and \(commits) commits of "
                        + "\(milliseconds(commit)) allow \(seconds(ideal))")
            } else {
                report(
                    "\(count) due, 0 ms a call, 32 jobs", Double(rate) / 240,
                    bar: "at least 1 (20 times the SDK's pool, measured at 12 a second)",
                    "\(rate) rotations a second")
            }
        }
    }

    /// Rotates some secrets over and over, until their trail is so long, and measures what reads it.
    func longTrail(entries: Int) async throws {
        let accounts = min(1_000, entries / 100)
        try await Emulator.withRunning { emulator in
            lastState = try await setUp(emulator, accounts: accounts, first: "due")
            try await run(["run", "--jobs", "32"], state: lastState)
            while try entryCount() < entries {
                try await run(
                    [
                        "rotate", "--all", "--reason", "benchmark", "--confirm", "\(accounts)",
                        "--jobs", "32",
                    ], state: lastState)
            }
        }
        try await verify()
        try await report()
    }

    private func verify() async throws {
        let verify = try await fastest(of: 3) {
            try await run(["audit", "verify"], state: lastState)
        }
        let baseline = try await fastest(of: 3) {
            try await run(["verify", "\(lastState)/keyturn.db"], state: lastState, program: me)
        }
        report(
            "audit verify, \(try entryCount()) entries", verify / baseline, bar: "at most 2",
            "\(milliseconds(verify)) against \(milliseconds(baseline)) for reading and hashing")
    }

    /// A report after one for which all was verified: what is new since is little.
    private func report() async throws {
        func make(_ number: Int, _ options: [String] = []) async throws {
            let output = "\(directory)/report-\(number).json"
            try await run(
                ["audit", "report", "--format", "json", "--output", output] + options,
                state: lastState)
        }
        try await make(0, ["--verify"])
        let before = try Self.processorTime()
        try await make(1)
        let taken = try Self.processorTime() - before
        report(
            "audit report, \(try entryCount()) entries", taken, bar: "at most 1.5 s of CPU",
            "all of one that verifies only what is new")
    }

    private func entryCount() throws -> Int {
        let database = try Database(
            path: "\(lastState)/keyturn.db", access: .readOnly, busyTimeout: 1000)
        return try database.first("SELECT count(*) FROM audit_entry") { $0.int(0) } ?? 0
    }

    /// What the processes started here have taken of all cores so far, in seconds (proc_pid_stat(5):
    /// fields 16 and 17, in hundredths).
    private static func processorTime() throws -> Double {
        let text = try String(contentsOfFile: "/proc/self/stat", encoding: .utf8)
        // The second field, in parentheses, may hold blanks.
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.dropFirst(13).prefix(2).reduce(0) { $0 + (Double($1) ?? 0) } / 100
    }

    // MARK: Setting up

    private func setUp(
        _ emulator: Emulator, accounts: Int, first: String
    ) async throws -> String {
        let state = "\(directory)/state-\(accounts)-\(first)-\(emulator.port ?? 0)"
        let latency = emulator.settings.latencyMs
        emulator.settings.latencyMs = 0
        let admin = emulator.addOwner(name: "ops")
        var text = """
            version: 1
            connections:
              pinecone: { api: "\(emulator.url)", login: "\(emulator.tokenURL)", admins: [ops] }
            defaults: { every: 30d, first: \(first) }
            policies:

            """
        for number in 0..<accounts {
            let account = emulator.addServiceAccount(name: "account-\(number)")
            text += """
                  - name: p\(number)
                    service-account: { connection: pinecone, id: \(account.id) }

                """
        }
        let file = "\(state).yaml"
        try PlainFile.create(file, contents: Array(text.utf8).span, mode: 0o600)
        try await run(["init"], state: state)
        try await run(["policy", "apply", file], state: state)
        let secret = try SecretBytes(copying: Array((admin.clientSecret + "\n").utf8).span)
        let login = Command(
            program: keyturn,
            arguments: [
                "login", "pinecone", "--as", "ops", "--client-id", admin.clientID, "--state", state,
            ], timeout: .seconds(60))
        guard await login.run(input: secret, onStart: { _ in }).isSuccess else {
            throw Failed(arguments: "login")
        }
        emulator.settings.latencyMs = latency
        return state
    }

    /// How long a commit of one small row takes here, durable as keyturn's are.
    private func commitTime() async throws -> Double {
        let path = "\(directory)/commits.db"
        _ = try PlainFile.remove(path)
        try PlainFile.createEmpty(path)
        let database = try Database(path: path, access: .readWrite, busyTimeout: 1000)
        try database.execute("CREATE TABLE t(i INTEGER PRIMARY KEY, b BLOB)")
        let count = 50
        let taken = try await time {
            for index in 0..<count {
                try database.run("BEGIN IMMEDIATE")
                try database.run(
                    "INSERT INTO t VALUES (?, ?)",
                    [.integer(Int64(index)), .blob([UInt8](repeating: 7, count: 4096))])
                try database.run("COMMIT")
            }
        }
        return taken / Double(count)
    }

    // MARK: Measuring

    private struct Failed: Error { let arguments: String }

    private func run(_ arguments: [String], state: String, program: String? = nil) async throws {
        let command = Command(
            program: program ?? keyturn,
            arguments: arguments + (program == nil ? ["--state", state] : []),
            environment: ["HOME": directory], timeout: .seconds(600))
        guard await command.run(onStart: { _ in }).isSuccess else {
            throw Failed(arguments: arguments.joined(separator: " "))
        }
    }

    private func time(_ body: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await body()
        return (ContinuousClock.now - start) / .seconds(1)
    }

    private func fastest(of count: Int, _ body: () async throws -> Void) async throws -> Double {
        var best = Double.infinity
        for _ in 0..<count { best = min(best, try await time(body)) }
        return best
    }

    private func report(_ what: String, _ ratio: Double, bar: String, _ detail: String) {
        let rounded = (ratio * 100).rounded() / 100
        print("\(what): \(rounded) (bar: \(bar)); \(detail)")
    }

    private func milliseconds(_ value: Double) -> String {
        "\((value * 10_000).rounded() / 10) ms"
    }

    private func seconds(_ value: Double) -> String { "\((value * 100).rounded() / 100) s" }
}

extension FileManager {
    /// Where a symbolic link leads, or the path itself.
    fileprivate func destinationOrSelf(_ path: String) throws -> String {
        let url = URL(filePath: path).resolvingSymlinksInPath()
        return url.path
    }
}
