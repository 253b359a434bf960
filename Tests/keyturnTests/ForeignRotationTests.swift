import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// Somebody else replaced the secret (P8, P21).
@Suite struct ForeignRotationTests {
    @Test func `a schedule stops, and mints nothing over somebody else's secret`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        let theirs = try #require(program.emulator.rotateElsewhere(account: account.id))

        let run = await program.keyturn("run", "--json")

        #expect(run.status == 7)
        #expect(try program.rotation(run, "ci").cause == "foreign-rotated")
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(program.emulator.accepts(clientID: account.clientID, clientSecret: theirs))
        let status = await program.keyturn("status", "--json")
        #expect(try status.objects().first?.state == "foreign-rotated")
        program.advance(.days(2))
        await program.keyturn("run")
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [1, 2])
    func `a refusal that does not last is nobody's rotation`(_ times: Int) async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        program.emulator.inject(
            Fault(
                operation: .token, target: account.clientID, effect: .before(.status(401)),
                times: times))

        let run = await program.keyturn("run")

        #expect(run.status == 0)
        #expect(program.emulator.faults.isEmpty)
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [false, true])
    func `a person says go, and it is rotated`(_ isEmergency: Bool) async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        let theirs = try #require(program.emulator.rotateElsewhere(account: account.id))
        await program.keyturn("run")

        let run =
            isEmergency ? await program.rotate("ci", "--compromised") : await program.rotate("ci")

        #expect(run.status == 0)
        #expect(!program.emulator.accepts(clientID: account.clientID, clientSecret: theirs))
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test func `resumed by a person, and confirmed, it is rotated over theirs`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        try #require(program.emulator.rotateElsewhere(account: account.id) != nil)
        await program.keyturn("run")

        let unconfirmed = await program.keyturn("rotation", "resume", "ci", "--reason", "ours")
        #expect(unconfirmed.status == 64)
        #expect(program.emulator.rotations(of: account.id) == 1)
        let resumed = await program.keyturn(
            "rotation", "resume", "ci", "--reason", "ours", "--confirm", "ci")

        #expect(resumed.status == 0)
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [false, true])
    func `a secret that was replaced before it was delivered is rotated by hand`(
        _ isResumed: Bool
    ) async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        let plan = StopPlan(at: 6)  // before the intent of its first delivery
        program.follow(plan)
        #expect(await program.keyturn("run").status == 4)
        plan.revive()
        try #require(program.emulator.rotateElsewhere(account: account.id) != nil)
        #expect(await program.keyturn("run").status == 7)
        #expect(program.emulator.rotations(of: account.id) == 2)

        let run =
            isResumed
            ? await program.keyturn(
                "rotation", "resume", "ci", "--reason", "ours", "--confirm", "ci")
            : await program.rotate("ci")

        #expect(run.status == 0)
        #expect(program.emulator.rotations(of: account.id) == 3)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test func `a refusal without a control is no foreign rotation`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        program.emulator.inject(
            Fault(
                operation: .token, target: account.clientID, effect: .before(.status(503)),
                times: nil))

        let run = await program.keyturn("run", "--json")

        #expect(run.status == 1)
        #expect(try program.rotation(run, "ci").cause == "old-secret-no-verdict")
        #expect(program.emulator.received(.rotateSecret) == 1)
    }

    @Test func `a debt is not paid with a value that somebody else replaced`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let hook = try program.failingHook()
        try await program.setUp(program.policy("ci", account: account, more: hook.yaml))
        #expect(await program.keyturn("run").status == 1)
        try #require(program.emulator.rotateElsewhere(account: account.id) != nil)
        try hook.mend()
        program.advance(.hours(1))

        let asked = program.emulator.received(.token)
        #expect(await program.keyturn("run").status == 7)

        // The dead secret three times and its control, and no more until the debt's next time.
        #expect(program.emulator.received(.token) - asked <= 4)
        #expect(await program.newestEntry("delivery.settled").contains("foreign-rotated"))
        #expect(await program.keyturn("run").output == "")
        #expect(program.directory.text("log") == nil)
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(await program.keyturn("deliver", "ci").status == 7)
        #expect(program.directory.text("log") == nil)
        #expect(await program.isTrailIntact())
    }
}
