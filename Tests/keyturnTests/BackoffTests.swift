import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// When what failed is tried again (P29).
@Suite struct BackoffTests {
    @Test func `after a failure the next run tries at once, then after 1, 5 and 15 minutes`()
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount(more: "    attempts: 9")
        program.emulator.inject(
            Fault(operation: .fetchServiceAccount, effect: .before(.status(404)), times: nil))
        func tries() async -> Bool {
            let before = program.emulator.received(.fetchServiceAccount)
            await program.keyturn("run")
            return program.emulator.received(.fetchServiceAccount) > before
        }

        #expect(await tries())
        #expect(await tries())
        for minutes in [1, 5, 15, 60] as [Int64] {
            program.clock.advance(ms: minutes * 60_000 - 1)
            #expect(await !tries())
            program.clock.advance(ms: 1)
            #expect(await tries())
        }
        program.emulator.removeFaults()
        program.advance(.hours(2))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.isDeliveredAccepted("ci", account))
    }

    @Test func `parked after its attempts, and a person takes it up`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(more: "    attempts: 2")
        program.emulator.inject(
            Fault(operation: .fetchServiceAccount, effect: .before(.status(404)), times: nil))

        #expect(await program.keyturn("run").status == 1)
        let second = await program.keyturn("run", "--json")
        #expect(try program.rotation(second, "ci").outcome == "parked")
        program.emulator.removeFaults()
        program.advance(.days(3))
        let quiet = await program.keyturn("run")
        #expect(quiet.status == 0 && quiet.output == "")
        #expect(program.emulator.rotations(of: account.id) == 0)

        #expect(await program.rotate("ci").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }

    @Test func `Retry-After makes the wait longer, and never longer than twelve hours`()
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount()
        program.emulator.inject(
            Fault(
                operation: .rotateSecret,
                effect: .before(.status(429, retryAfterSeconds: 30 * 86_400))))
        #expect(await program.keyturn("run").status == 1)

        program.clock.advance(ms: 12 * 3_600_000 - 1)
        #expect(await program.keyturn("run").output == "")
        program.clock.advance(ms: 1)
        #expect(await program.keyturn("run").status == 0)
        #expect(program.isDeliveredAccepted("ci", account))
    }

    @Test func `who is asked to come again in hours does not ask again in the same run`()
        async throws
    {
        let program = try await TestProgram()
        let old = try await program.dueKey()
        try await program.require(program.keyturn("run"))
        program.advance(.hours(25))
        program.emulator.inject(
            Fault(
                operation: .deleteAPIKey, effect: .before(.status(429, retryAfterSeconds: 7200))))
        #expect(await program.keyturn("run").status == 1)
        #expect(program.emulator.received(.deleteAPIKey) == 1)

        program.clock.advance(ms: 2 * 3_600_000 - 1)
        #expect(await program.keyturn("run").output == "")
        #expect(program.emulator.accepts(apiKey: old.value))
        program.clock.advance(ms: 1)
        #expect(await program.keyturn("run").status == 0)
        #expect(!program.emulator.accepts(apiKey: old.value))
        #expect(program.liveKeyValues == [program.directory.text("out/search")])
    }

    @Test func `a person does not wait, neither for a rotation nor for a debt`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let hook = try program.failingHook()
        try await program.setUp(program.policy("ci", account: account, more: hook.yaml))
        let plan = StopPlan(at: 4, .afterCommit)  // proved and on its way to promotion
        program.journal.withLock { $0 = { StoppingJournal($0, plan) } }
        await program.keyturn("run")
        plan.revive()

        #expect(await program.rotate("ci").status == 1)
        #expect(program.emulator.rotations(of: account.id) == 1)
        try hook.mend()
        #expect(await program.keyturn("deliver", "ci").status == 0)
        #expect(program.received.last == program.deliveredSecret("ci"))
        #expect(await program.isTrailIntact())
    }
}
