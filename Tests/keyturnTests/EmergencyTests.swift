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
