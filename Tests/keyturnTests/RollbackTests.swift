import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// The way back while the old credential lives.
@Suite struct RollbackTests {
    /// A key whose old and new value both live, at the file and in the hook's log.
    private func rotated() async throws -> (TestProgram, APIKey, String) {
        let program = try await TestProgram()
        let hook = try program.hook("exit 0")
        try hook.mend()
        let old = try await program.dueKey(held: true, more: hook.yaml)
        try await program.require(program.keyturn("run"))
        program.advance(.hours(1))
        return (program, old, try #require(program.directory.text("out/search")))
    }

    private func rollBack(_ program: TestProgram) async -> TestProgram.Outcome {
        await program.keyturn(
            "rotation", "rollback", "search", "--reason", "too narrow", "--confirm", "search")
    }

    @Test func `the old key is delivered again and stays, and the new one is retired later`()
        async throws
    {
        let (program, old, new) = try await rotated()

        #expect(await rollBack(program).status == 0)

        #expect(program.directory.text("out/search") == old.value)
        #expect(program.received.suffix(2) == [new, old.value])
        #expect(program.emulator.accepts(apiKey: new))
        #expect(await program.newestEntry("rotation.rolled-back").contains("too narrow"))
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(!program.emulator.accepts(apiKey: new))
        #expect(program.emulator.accepts(apiKey: old.value))
        #expect(program.liveKeyValues == [old.value])
        #expect(await program.isTrailIntact())
    }

    @Test func `what was rolled back is due again, and rotates to a third key`() async throws {
        let (program, old, new) = try await rotated()
        #expect(await rollBack(program).status == 0)
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)

        #expect(await program.keyturn("run").status == 0)

        let third = try #require(program.directory.text("out/search"))
        #expect(third != old.value && third != new)
        #expect(program.emulator.accepts(apiKey: third))
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.liveKeyValues == [third])
        #expect(await program.isTrailIntact())
    }

    @Test func `its consumers must be acknowledged anew`() async throws {
        let (program, old, new) = try await rotated()
        try await program.apply(
            program.policy("search", key: old, more: "    acknowledge: true"))
        program.advance(.hours(24))
        try await program.require(program.keyturn("run"))
        program.advance(.days(31))
        try await program.require(program.keyturn("run"))  // a rotation under the new terms
        let third = try #require(program.directory.text("out/search"))
        await program.keyturn("secret", "acknowledge", "search", "--reason", "x")
        #expect(await rollBack(program).status == 0)
        #expect(program.directory.text("out/search") == new)
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.accepts(apiKey: third))
        await program.keyturn("secret", "acknowledge", "search", "--reason", "back")
        #expect(await program.keyturn("run").status == 0)
        #expect(program.liveKeyValues == [new])
    }

    @Test func `before the promotion it takes back what was delivered`() async throws {
        let program = try await TestProgram()
        let hook = try program.hook("exit 0")
        try hook.mend()
        let old = try await program.dueKey(held: true, more: hook.yaml)
        try hook.rewrite("exit 3")
        #expect(await program.keyturn("run").status == 1)
        try #require(program.directory.text("out/search") != old.value)
        try hook.mend()

        #expect(await rollBack(program).status == 0)
        #expect(program.directory.text("out/search") == old.value)
        #expect(program.received.last == old.value)
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.liveKeyValues == [old.value])
        #expect(await program.isTrailIntact())
    }

    @Test func `in place there is no way back, and it says why`() async throws {
        let program = try await TestProgram()
        _ = try await program.dueAccount(held: true)
        let refused = await program.keyturn(
            "rotation", "rollback", "ci", "--reason", "x", "--confirm", "ci")
        #expect(refused.status == 1)
        #expect(refused.conversation.contains("the old secret died at the provider"))
    }

    @Test func `after the retirement there is no way back`() async throws {
        let (program, _, new) = try await rotated()
        program.advance(.hours(25))
        try await program.require(program.keyturn("run"))
        let refused = await rollBack(program)
        #expect(refused.status == 1)
        #expect(refused.conversation.contains("deleted at the provider"))
        #expect(program.liveKeyValues == [new])
    }

    @Test func `while a retirement is not settled there is no way back`() async throws {
        let (program, _, _) = try await rotated()
        program.advance(.hours(25))
        program.emulator.inject(
            Fault(operation: .deleteAPIKey, effect: .after(.closeBeforeHeaders), times: nil))
        program.emulator.inject(
            Fault(operation: .listAPIKeys, effect: .before(.status(503)), times: nil))
        #expect(await program.keyturn("run").status == 4)
        let refused = await rollBack(program)
        #expect(refused.status == 1)
        #expect(refused.conversation.contains("or is being deleted"))
    }

    @Test func `an old key that somebody deleted is no way back, and nothing changes`()
        async throws
    {
        let (program, old, new) = try await rotated()
        program.emulator.deleteElsewhere(apiKey: old.id)
        #expect(await rollBack(program).status == 7)
        #expect(program.directory.text("out/search") == new)
        #expect(try await program.entries("rotation.rolled-back") == 0)
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: 0..<12, StopPlan.Side.allCases)
    func `wherever it is stopped, the next run ends it`(_ write: Int, _ side: StopPlan.Side)
        async throws
    {
        let (program, old, new) = try await rotated()
        let plan = StopPlan(at: write, side)
        program.follow(plan)
        _ = await rollBack(program)
        plan.revive()
        for _ in 1...3 { await program.keyturn("run") }
        // The way back begins with its row; without that the new one is still the right one.
        let isBack = try await program.entries("rotation.rolled-back") == 1
        #expect(program.directory.text("out/search") == (isBack ? old.value : new))
        program.advance(.hours(25))
        for _ in 1...3 { await program.keyturn("run") }
        let live = program.liveKeyValues
        #expect(live.contains(try #require(program.directory.text("out/search"))))
        #expect(await program.hasRowForEveryKey("search"))
        #expect(await program.isTrailIntact())
    }
}
