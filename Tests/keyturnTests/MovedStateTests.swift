import Audit
import PineconeEmulator
import Rotations
import Storage
import TestSupport
import Testing

@testable import keyturn

/// A state that was restored or moved: nothing is signed twice, and nothing is minted, retired or
/// delivered by itself (P32).
@Suite struct MovedStateTests {
    /// A program whose database is from before its last rotation.
    private func restored() async throws -> (TestProgram, ServiceAccount) {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        try program.backUp()
        try await program.require(program.keyturn("run"))
        try program.restore()
        return (program, account)
    }

    @Test func `a restored backup rotates nothing, signs nothing, and shows both checkpoints`()
        async throws
    {
        let (program, account) = try await restored()
        let before = program.directory.text("state/keyturn.db")
        let run = await program.keyturn("run")
        #expect(run.status == 6)
        #expect(run.conversation.contains("audit new-epoch --reason … --accept-loss"))
        #expect(run.conversation.contains("the anchor has\n\n"))
        #expect(run.conversation.contains("the database has\n\n"))
        #expect(program.directory.text("state/keyturn.db") == before)
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(program.isDeliveredAccepted("ci", account))
        let check = await program.keyturn("check", "--json")
        #expect(check.status == 6)
        #expect(await program.keyturn("audit", "verify").status == 6)
        #expect(await program.keyturn("audit", "new-epoch", "--reason", "x").status == 6)
        #expect(
            await program.keyturn("audit", "new-epoch", "--reason", "x", "--dry-run").status == 6)
        #expect(program.directory.text("state/keyturn.db") == before)
    }

    @Test func `after the new epoch a person decides, and what was rotated since is not touched`()
        async throws
    {
        let (program, account) = try await restored()
        let epoch = await program.keyturn(
            "audit", "new-epoch", "--reason", "disk died", "--accept-loss")
        #expect(epoch.status == 0)
        #expect(epoch.conversation.contains("a new epoch was begun, although the anchor"))
        #expect(epoch.conversation.contains("0 rotations are parked"))
        #expect(epoch.conversation.contains("1 schedules held"))
        #expect(epoch.output.contains("/e2+"))
        #expect(await program.isTrailIntact())

        // It was due in the backup: it waits, and no run takes it up.
        for _ in 0..<2 {
            let run = await program.keyturn("run")
            #expect(run.status == 0)
            program.advance(.hours(1))
        }
        #expect(await program.keyturn("check").status == 7)
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(program.isDeliveredAccepted("ci", account))
        // Let go on by a person, the schedule finds our value refused: the lost history replaced it.
        #expect(await program.keyturn("policy", "resume", "--all").output.contains("goes on"))
        #expect(await program.keyturn("run").status == 7)
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.rotate("ci").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 3)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test func `an emergency begins the epoch that it needs, and no other`() async throws {
        let (program, account) = try await restored()
        func emergency(_ more: String...) async -> TestProgram.Outcome {
            await program.keyturn(
                ["rotate", "ci", "--compromised", "--reason", "leaked", "--confirm", "ci"] + more)
        }
        #expect(await emergency().status == 6)
        #expect(program.emulator.rotations(of: account.id) == 2)

        let outcome = await emergency("--new-epoch")
        #expect(outcome.status == 0)
        #expect(program.emulator.rotations(of: account.id) == 3)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(try await program.entries("epoch.started") == 1)
        #expect(await program.isTrailIntact())

        #expect(await emergency("--new-epoch").status == 0)
        #expect(try await program.entries("epoch.started") == 1)
        #expect(await program.keyturn("rotate", "ci", "--new-epoch", "--reason", "x").status == 64)
    }

    // MARK: Another machine

    @Test func `on another machine what is due waits for a person`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        program.machine.withLock { $0 = "00000000000000000000000000000001" }

        let run = await program.keyturn("run")
        #expect(run.status == 7)
        #expect(run.conversation.contains("the state was on another machine before"))
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(try await program.entries("state.moved") == 1)
        #expect(await program.newestEntry("policy.paused").contains(Moved.reason))
        // Its id is in no entry.
        let all = await program.keyturn("audit", "list", "--limit", "1000", "--json").output
        #expect(!all.contains("00000000000000000000000000000001"))

        #expect(await program.keyturn("run").status == 0)
        #expect(try await program.entries("state.moved") == 1)
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(await program.isTrailIntact())
        #expect(await program.keyturn("check").status == 7)
        // Proved first, as ever (P8).
        #expect(await program.keyturn("policy", "resume", "ci").status == 0)
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.keyturn("check").status == 0)
        #expect(await program.isTrailIntact())
    }

    @Test func `what is under way on another machine neither retires nor delivers by itself`()
        async throws
    {
        let program = try await TestProgram()
        let key = try await program.dueKey()
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.liveKeys.count(where: { $0.projectID == program.project }) == 2)
        program.advance(.hours(25))
        program.machine.withLock { $0 = "00000000000000000000000000000002" }
        #expect(await program.keyturn("run").status == 7)
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.liveKeys.contains { $0.id == key.id })
        #expect(
            await program.keyturn("rotation", "resume", "search", "--reason", "moved house").status
                == 0)
        #expect(!program.emulator.liveKeys.contains { $0.id == key.id })
        #expect(program.isDeliveredKeyAccepted("search"))
        #expect(await program.isTrailIntact())
    }

    @Test func `a delivery owed is put off until a person brings it`() async throws {
        let program = try await TestProgram()
        let hook = try program.failingHook()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account, more: hook.yaml))
        #expect(await program.keyturn("run").status != 0)
        try hook.mend()
        program.machine.withLock { $0 = "00000000000000000000000000000003" }
        program.advance(.hours(13))
        #expect(await program.keyturn("run").status == 7)
        program.advance(.days(1))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.received == [])
        #expect(await program.keyturn("deliver", "ci").status == 0)
        #expect(program.received.count == 1)
        #expect(await program.isTrailIntact())
    }

    @Test func `a machine without an id is not another one`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        program.machine.withLock { $0 = nil }
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(try await program.entries("state.moved") == 0)
    }

    @Test func `a state that never knew its machine learns it, with an entry`() async throws {
        let program = try await TestProgram()
        program.machine.withLock { $0 = nil }
        _ = try await program.dueAccount()
        program.machine.withLock { $0 = "00000000000000000000000000000004" }
        #expect(await program.keyturn("run").status == 0)
        #expect(try await program.entries("machine.recorded") == 1)
        #expect(try await program.entries("state.moved") == 0)
        #expect(await program.isTrailIntact())
    }
}
