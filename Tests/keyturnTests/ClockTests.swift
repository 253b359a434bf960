import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// A clock that cannot be trusted (P28): behind the last entry, or far from the provider's.
@Suite struct ClockTests {
    enum Doubt: Sendable, CaseIterable {
        case behindTheTrail, farFromTheProvider
    }

    /// A program with a due secret, whose clock jumped ahead for one entry and back again.
    private func behind(_ program: TestProgram) async throws {
        program.advance(.days(10))
        try await program.require(
            program.keyturn("policy", "pause", "other", "--until", "30d", "--reason", "x"))
        program.clock.advance(ms: -10 * 86_400_000)
    }

    private func doubtful(_ doubt: Doubt, _ program: TestProgram) async throws {
        switch doubt {
        case .behindTheTrail: try await behind(program)
        case .farFromTheProvider: program.emulator.settings.dateSkewSeconds = 301
        }
    }

    private func trust(_ doubt: Doubt, _ program: TestProgram) {
        switch doubt {
        case .behindTheTrail: program.advance(.days(11))
        case .farFromTheProvider: program.emulator.settings.dateSkewSeconds = 0
        }
    }

    /// A program with a policy to pause besides.
    private func program(_ policies: (TestProgram) -> String) async throws -> TestProgram {
        let program = try await TestProgram()
        let other = program.emulator.addServiceAccount(name: "other")
        try await program.setUp(
            policies(program)
                + program.policy("other", account: other, more: "    first: after-interval"))
        return program
    }

    @Test(arguments: Doubt.allCases)
    func `no schedule mints, nothing is parked, and later it goes on`(_ doubt: Doubt) async throws {
        let account = TestAccount()
        let program = try await program { account.policy($0) }
        try await doubtful(doubt, program)

        for _ in 0..<8 {
            #expect(await program.keyturn("run").status == 7)
            program.advance(.minutes(10))
        }
        #expect(program.emulator.received(.rotateSecret) == 0)
        #expect(try await program.entries("rotation.held") == 1)

        trust(doubt, program)
        #expect(await program.keyturn("run").status == 0)
        #expect(program.isDeliveredAccepted("ci", account.account))
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: Doubt.allCases)
    func `nothing is retired, and later it is`(_ doubt: Doubt) async throws {
        let key = TestKey()
        let program = try await program { key.policy($0) }
        try await program.require(program.keyturn("run"))
        program.advance(.hours(25))
        try await doubtful(doubt, program)

        #expect(await program.keyturn("run").status == 7)
        #expect(program.emulator.accepts(apiKey: key.key.value))
        #expect(program.emulator.committed(.deleteAPIKey) == 0)

        trust(doubt, program)
        #expect(await program.keyturn("run").status == 0)
        #expect(!program.emulator.accepts(apiKey: key.key.value))
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: Doubt.allCases)
    func `what was minted before is finished and delivered`(_ doubt: Doubt) async throws {
        let account = TestAccount()
        let program = try await program { account.policy($0) }
        let plan = StopPlan(at: 3, .afterCommit)  // the secret is stored
        program.journal.withLock { $0 = { StoppingJournal($0, plan) } }
        #expect(await program.keyturn("run").status == 4)
        plan.revive()
        try await doubtful(doubt, program)

        #expect(await program.keyturn("run").status == 7)
        #expect(program.isDeliveredAccepted("ci", account.account))
        #expect(program.emulator.rotations(of: account.account.id) == 1)
    }

    @Test(arguments: Doubt.allCases)
    func `an emergency goes on`(_ doubt: Doubt) async throws {
        let key = TestKey()
        let program = try await program { key.policy($0) }
        try await doubtful(doubt, program)

        await program.rotate("search", "--compromised")
        #expect(!program.emulator.accepts(apiKey: key.key.value))
        #expect(program.isDeliveredKeyAccepted("search"))
    }
}

/// An account that is made with its policy.
private final class TestAccount {
    private var made: ServiceAccount?

    var account: ServiceAccount {
        guard let made else { preconditionFailure("the policy comes first") }
        return made
    }

    func policy(_ program: TestProgram) -> String {
        let account = program.emulator.addServiceAccount(name: "deploys")
        made = account
        return program.policy("ci", account: account)
    }
}

/// A key that is made with its policy.
private final class TestKey {
    private var made: APIKey?

    var key: APIKey {
        guard let made else { preconditionFailure("the policy comes first") }
        return made
    }

    func policy(_ program: TestProgram) -> String {
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        made = key
        return program.policy("search", key: key)
    }
}
