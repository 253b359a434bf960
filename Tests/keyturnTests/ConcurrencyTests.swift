import Glibc
import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// Several at once: processes, secrets, and changes in one commit (P2, P33).
@Suite(.timeLimit(.minutes(60))) struct ConcurrencyTests {
    /// A program with this many due accounts.
    private func program(_ count: Int) async throws -> (TestProgram, [ServiceAccount]) {
        var settings = Settings()
        settings.latencyMs = 4
        let program = try await TestProgram(settings: settings)
        let accounts = (0..<count).map { _ in program.emulator.addServiceAccount(name: "deploys") }
        let policies = accounts.enumerated().map { program.policy("ci\($0)", account: $1) }
        try await program.setUp(policies.joined())
        return (program, accounts)
    }

    @Test func `passes at the same time rotate each secret once`() async throws {
        let (program, accounts) = try await program(6)

        let statuses = await withTaskGroup(of: Int32.self) { group in
            for _ in 0..<4 { group.addTask { await program.keyturn("run").status } }
            return await group.reduce(into: []) { $0.append($1) }
        }

        #expect(statuses == [0, 0, 0, 0])
        for (number, account) in accounts.enumerated() {
            #expect(program.emulator.rotations(of: account.id) == 1)
            #expect(program.isDeliveredAccepted("ci\(number)", account))
        }
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }

    @Test func `what another process works on is left to it by a schedule, and told to a person`()
        async throws
    {
        let (program, accounts) = try await program(2)
        let path = program.directory.file("state/lock/\(try program.secretID("ci0"))")
        let held = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        #expect(held >= 0 && flock(held, LOCK_EX | LOCK_NB) == 0)

        let run = await program.keyturn("run", "--json")
        #expect(run.status == 0)
        #expect(try program.rotation(run, "ci0").outcome == "busy")
        #expect(program.emulator.rotations(of: accounts[0].id) == 0)
        #expect(program.emulator.rotations(of: accounts[1].id) == 1)
        let before = program.clock.now
        #expect(await program.rotate("ci0").status == 5)
        #expect(program.clock.now - before >= 30_000)
        #expect(await program.keyturn("deliver", "ci1").status == 0)
        #expect(await program.keyturn("deliver", "ci0").status == 5)
        #expect(program.emulator.rotations(of: accounts[0].id) == 0)

        close(held)
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: accounts[0].id) == 1)
    }

    @Test func `as many at once as may be asked for have memory enough`() async throws {
        let (program, accounts) = try await program(128)

        let run = await program.keyturn("run", "--json", "--jobs", "64")

        #expect(run.status == 0)
        #expect(try program.summary(run).rotated == 128)
        #expect(accounts.allSatisfy { program.emulator.rotations(of: $0.id) == 1 })
    }

    @Test func `an emergency ends the process that it cannot wait for`() async throws {
        let (program, accounts) = try await program(1)
        let path = program.directory.file("state/lock/\(try program.secretID("ci0"))")
        let holder = try Self.hold(path)

        #expect(await program.rotate("ci0").status == 5)
        #expect(holder.isAlive)
        let before = program.clock.now
        #expect(await program.rotate("ci0", "--compromised").status == 0)
        #expect(!holder.isAlive)
        // It waited, and then until nothing that was sent could still be carried out.
        #expect(program.clock.now - before >= 60_000)
        #expect(program.emulator.rotations(of: accounts[0].id) == 1)
        #expect(await program.isTrailIntact())
    }

    /// Another process that holds a lock and has written down who it is.
    private static func hold(_ path: String) throws -> OtherProcess {
        let made = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(made) }
        let process = try OtherProcess("exec 9>>\(path); flock 9 && exec sleep 600")
        // It has the lock once nobody else can take it.
        while flock(made, LOCK_EX | LOCK_NB) == 0 {
            flock(made, LOCK_UN)
            sched_yield()
        }
        let name = Array("\(try process.identity)\n".utf8)
        try #require(write(made, name, name.count) == name.count)
        return process
    }

    @Test func `a lock that others may write is no work that is left to others`() async throws {
        let (program, accounts) = try await program(1)
        let path = "state/lock/\(try program.secretID("ci0"))"
        try program.directory.make(path, mode: 0o622)

        #expect(await program.keyturn("run").status == 1)
        #expect(program.emulator.rotations(of: accounts[0].id) == 0)
    }

    @Test(arguments: ["ABORT", "ROLLBACK", "FAIL"])
    func `a change that fails in a shared commit is answered, and loses nothing`(_ how: String)
        async throws
    {
        let (program, accounts) = try await program(8)
        let id = try program.secretID("ci3")
        try program.execute(
            """
            CREATE TRIGGER harm BEFORE INSERT ON version WHEN NEW.secret_id = '\(id)'
            BEGIN SELECT RAISE(\(how), 'harm'); END
            """)

        let run = await program.keyturn("run", "--json")
        #expect(run.status == 4)
        #expect(try program.rotation(run, "ci3").outcome == "unsettled")
        if how != "ROLLBACK" { #expect(try program.summary(run).rotated == 7) }

        try program.execute("DROP TRIGGER harm")
        #expect(await program.keyturn("run").status == 0)
        for (number, account) in accounts.enumerated() {
            #expect(program.emulator.rotations(of: account.id) == 1)
            #expect(program.isDeliveredAccepted("ci\(number)", account))
        }
        #expect(await program.isTrailIntact())
    }

    @Test func `a trail that cannot be taken up is told, and keeps nobody waiting`() async throws {
        let (program, accounts) = try await program(4)
        try program.execute(
            "DROP TRIGGER audit_node_no_delete; DELETE FROM audit_node WHERE level >= 1")

        let run = await program.keyturn("run")

        #expect(run.status != 0)
        #expect(accounts.allSatisfy { program.emulator.rotations(of: $0.id) == 0 })
    }
}
