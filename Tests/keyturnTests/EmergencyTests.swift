import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// Rotations by hand and in an emergency (P31).
@Suite struct EmergencyTests {
    @Test func `the old key dies at once, delivered or not`() async throws {
        let program = try await TestProgram()
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        let hook = try program.failingHook()
        try await program.setUp(program.policy("search", key: key, more: hook.yaml))

        let run = await program.rotate("search", "--compromised")

        #expect(run.status == 1)  // a required delivery is owed
        #expect(!program.emulator.accepts(apiKey: key.value))
        #expect(program.liveKeyValues == [program.directory.text("out/search")])
        try hook.mend()
        program.advance(.minutes(1))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.received == program.liveKeyValues)
        #expect(await program.isTrailIntact())
    }

    @Test func `it takes the keys that had time left, and the open rotation's`() async throws {
        let program = try await TestProgram()
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        try await program.setUp(program.policy("search", key: key))
        try await program.require(program.keyturn("run"))
        program.advance(.hours(1))
        let second = try #require(program.directory.text("out/search"))

        #expect(await program.rotate("search", "--compromised").status == 0)

        #expect(!program.emulator.accepts(apiKey: key.value))
        #expect(!program.emulator.accepts(apiKey: second))
        #expect(program.liveKeyValues == [program.directory.text("out/search")])
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: StopAnywhereTests.overlap.prefix(11).indices)
    func `it supersedes a rotation that stands anywhere`(_ write: Int) async throws {
        let program = try await TestProgram()
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        let hook = try program.hook("exit 0")
        try hook.mend()
        try await program.setUp(program.policy("search", key: key, more: hook.yaml))
        let plan = StopPlan(at: write, .afterCommit)
        program.journal.withLock { $0 = { StoppingJournal($0, plan) } }
        #expect(await program.keyturn("run").status == 4)
        plan.revive()

        #expect(await program.rotate("search", "--compromised").status == 0)

        #expect(!program.emulator.accepts(apiKey: key.value))
        #expect(program.liveKeyValues == [program.directory.text("out/search")])
        #expect(program.received.last == program.directory.text("out/search"))
        #expect(await program.hasRowForEveryKey("search"))
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: StopAnywhereTests.inPlace.indices)
    func `in place it supersedes a rotation that stands anywhere`(_ write: Int) async throws {
        let program = try await TestProgram()
        let hook = try program.hook("exit 0")
        try hook.mend()
        let account = try await program.dueAccount(held: true, more: hook.yaml)
        let plan = StopPlan(at: write, .beforeCommit)
        program.journal.withLock { $0 = { StoppingJournal($0, plan) } }
        #expect(await program.keyturn("run").status == 4)
        let before = program.emulator.clientSecret(of: account.id)
        plan.revive()

        #expect(await program.rotate("ci", "--compromised").status == 0)

        #expect(program.emulator.clientSecret(of: account.id) != before)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }

    @Test func `it goes on where nobody can say whether the old secret works`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        program.emulator.inject(
            Fault(operation: .token, target: account.clientID, effect: .before(.status(503))))

        #expect(await program.rotate("ci", "--compromised").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(program.isDeliveredAccepted("ci", account))
    }

    // MARK: Many

    private func many(_ count: Int) async throws -> TestProgram {
        let program = try await TestProgram()
        var policies = ""
        for number in 0..<count {
            let account = program.emulator.addServiceAccount(name: "deploys-\(number)")
            let tier = number % 3 == 2 ? "gold" : number % 3 == 1 ? "silver" : "rest"
            policies += program.policy(
                "ci-\(number)", account: account, more: "    labels: { tier: \(tier) }\n")
        }
        try await program.setUp(policies)
        return program
    }

    @Test func `waves go in the order that was asked for`() async throws {
        let program = try await many(12)
        let outcome = await program.keyturn(
            "rotate", "--all", "--compromised", "--reason", "x", "--confirm", "12", "--jobs", "8",
            "--first", "tier=gold", "--first", "tier=silver")
        #expect(outcome.status == 0)
        let numbers = outcome.output.split(separator: "\n").dropLast().compactMap { line in
            Int(line.dropFirst(3).prefix { $0 != ":" })
        }
        #expect(numbers.count == 12)
        #expect(numbers.map { $0 % 3 } == [2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0])
    }

    @Test func `no more are begun in a minute than was asked for`() async throws {
        let program = try await many(7)
        let before = program.clock.now
        let outcome = await program.keyturn(
            "rotate", "--all", "--reason", "x", "--confirm", "7", "--per-minute", "6")
        #expect(outcome.status == 0)
        #expect(program.clock.now - before >= 60_000)
        #expect(
            await program.keyturn("rotate", "--all", "--reason", "x", "--per-minute", "0").status
                == 64)
    }

    @Test func `the same command goes on where a signal ended it, and rotates nothing twice`()
        async throws
    {
        let program = try await many(40)
        let command = [
            "rotate", "--all", "--compromised", "--reason", "x", "--confirm", "40",
        ]
        program.checksBeforeSignal.withLock { $0 = 60 }
        let first = await program.keyturn(command)
        #expect(first.status == 143)
        program.checksBeforeSignal.withLock { $0 = nil }
        let done = program.emulator.received(.rotateSecret)
        #expect(done > 0 && done < 40)

        let second = await program.keyturn(command)

        #expect(second.status == 0)
        #expect(second.output.contains("0 old credentials still alive"))
        #expect(program.emulator.received(.rotateSecret) == 40)
        #expect(try await program.entries("incident.opened") == 1)
        #expect(try await program.entries("incident.closed") == 1)
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [
        [], ["--confirm", "other"], ["--confirm", "2"], ["--confirm", "ci", "--confirm", "other"],
    ])
    func `nothing starts without the right confirmation`(_ confirmation: [String]) async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount()

        let run = await program.keyturn(
            ["rotate", "ci", "--compromised", "--reason", "x"] + confirmation)
        #expect(run.status == 64)
        #expect(program.emulator.received(.rotateSecret) == 0)
        #expect(program.emulator.rotations(of: account.id) == 0)
        #expect(try await program.entries("rotation.started") == 0)
    }

    @Test(arguments: [("ci", 0), ("yes", 64), ("", 64)] as [(String, Int32)])
    func `a person types the name`(_ answer: String, _ status: Int32) async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount()

        let run = await program.keyturn("rotate", "ci", "--reason", "x", answer: answer)
        #expect(run.status == status)
        #expect(program.emulator.rotations(of: account.id) == (status == 0 ? 1 : 0))
    }
}

/// An emergency has a name, so that the same command resumes it (P31).
@Suite struct IncidentTests {
    /// Three accounts in place and a key, and the program.
    private func world() async throws -> (TestProgram, [ServiceAccount], APIKey) {
        let program = try await TestProgram()
        let accounts = (1...3).map { program.emulator.addServiceAccount(name: "a\($0)") }
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        let policies = accounts.map { program.policy($0.name, account: $0) }.joined()
        try await program.setUp(policies + program.policy("search", key: key))
        return (program, accounts, key)
    }

    private func emergency(_ program: TestProgram, _ more: String...) async
        -> TestProgram.Outcome
    {
        await program.keyturn(
            ["rotate", "--all", "--compromised", "--reason", "laptop stolen", "--confirm", "4"]
                + more)
    }

    @Test func `it is opened, closed when all is done, and then another one`() async throws {
        let (program, accounts, key) = try await world()

        let first = await emergency(program)

        #expect(first.status == 0)
        #expect(first.output.contains("0 old credentials still alive"))
        #expect(!program.emulator.accepts(apiKey: key.value))
        #expect(try await program.entries("incident.opened") == 1)
        #expect(try await program.entries("incident.closed") == 1)
        #expect(await emergency(program).status == 0)
        #expect(try await program.entries("incident.opened") == 2)
        for account in accounts { #expect(program.emulator.rotations(of: account.id) == 2) }
        #expect(await program.isTrailIntact())
    }

    @Test func `while it is open the same command touches nothing done`() async throws {
        let (program, accounts, key) = try await world()
        program.emulator.inject(
            Fault(
                operation: .rotateSecret, target: accounts[1].id,
                effect: .before(.status(403)), times: 1))
        let first = await emergency(program, "--json")
        #expect(first.status == 3)
        #expect(first.output.contains(#""exposed":1"#))
        #expect(try await program.entries("incident.closed") == 0)

        #expect(await emergency(program).status == 0)

        for account in accounts { #expect(program.emulator.rotations(of: account.id) == 1) }
        #expect(program.emulator.committed(.createAPIKey) == 1)
        #expect(!program.emulator.accepts(apiKey: key.value))
        #expect(try await program.entries("incident.opened") == 1)
        #expect(try await program.entries("incident.closed") == 1)
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [1, 5, 9, 14, 20, 27, 33])
    func `killed and given again it rotates each exactly once`(_ write: Int) async throws {
        let (program, accounts, _) = try await world()
        let plan = StopPlan(at: write, .afterCommit)
        program.follow(plan)
        #expect(await emergency(program, "--jobs", "1").status != 0)
        plan.revive()

        #expect(await emergency(program).status == 0)

        for account in accounts {
            // An intent that was never sent is settled by a recovery mint, since nothing is held.
            #expect(program.emulator.rotations(of: account.id) == 1)
            #expect(program.isDeliveredAccepted(account.name, account))
        }
        #expect(program.liveKeyValues == [program.directory.text("out/search")])
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }

    @Test func `a run that finishes what a killed emergency began closes its incident`()
        async throws
    {
        let (program, accounts, _) = try await world()
        let counting = StopPlan()
        program.follow(counting)
        #expect(await emergency(program, "--jobs", "1", "--ticket", "counted").status == 0)
        let plan = StopPlan(at: counting.writes.count - 1, .beforeCommit)
        program.follow(plan)
        #expect(await emergency(program, "--jobs", "1").status != 0)
        plan.revive()
        #expect(try await program.entries("incident.closed") == 1)

        #expect(await program.keyturn("run").status == 0)

        #expect(try await program.entries("incident.closed") == 2)
        #expect(await program.keyturn("run").output == "")
        // The same words, another night: nothing is taken for done.
        #expect(await emergency(program).status == 0)
        for account in accounts { #expect(program.emulator.rotations(of: account.id) == 3) }
        #expect(await program.isTrailIntact())
    }

    @Test func `another reason is another incident`() async throws {
        let (program, accounts, _) = try await world()
        #expect(await emergency(program).status == 0)
        let other = await program.keyturn(
            "rotate", "a1", "--compromised", "--reason", "again", "--confirm", "a1")
        #expect(other.status == 0)
        #expect(program.emulator.rotations(of: accounts[0].id) == 2)
        #expect(program.emulator.rotations(of: accounts[1].id) == 1)
    }

    @Test func `the offset of the clocks is written down`() async throws {
        let (program, _, _) = try await world()
        #expect(await emergency(program).status == 0)
        #expect(await program.newestEntry("rotation.prepared").contains("clock_offset_ms"))
    }
}
