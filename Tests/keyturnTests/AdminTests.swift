import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// Admins: which is used, and which may be rotated (P7, P30).
@Suite struct AdminTests {
    /// A program with these policies and a second admin, logged in.
    private func program(
        _ policies: (TestProgram, ServiceAccount) -> String
    ) async throws -> (TestProgram, second: ServiceAccount) {
        let program = try await TestProgram()
        let second = program.emulator.addOwner(name: "ops-b")
        try await program.require(program.keyturn("init"))
        try await program.apply(policies(program, second), admins: ["ops-a", "ops-b"])
        try await program.logIn("ops-a", program.admin)
        try await program.logIn("ops-b", second)
        return (program, second)
    }

    @Test func `when the first admin is dead the second is used, and the first asked little`()
        async throws
    {
        let (program, _) = try await program { program, _ in
            (1...6).map { number in
                let account = program.emulator.addServiceAccount(name: "deploys")
                return program.policy("ci\(number)", account: account)
            }.joined()
        }
        _ = program.emulator.rotateElsewhere(account: program.admin.id)
        let asked = program.emulator.received(.token)

        let run = await program.keyturn("run", "--json", "--jobs", "1")

        #expect(run.status == 0)
        #expect(try program.summary(run).rotated == 6)
        // One for each new secret, one for the second admin, one for the dead one.
        #expect(program.emulator.received(.token) - asked == 6 + 1 + 1)
    }

    @Test func `the only admin is not rotated`() async throws {
        let program = try await TestProgram()
        try await program.setUp(program.policy("ops", account: program.admin))

        let run = await program.keyturn("run", "--json")
        #expect(run.status == 1)
        #expect(try program.rotation(run, "ops").cause == "lock-out")
        #expect(program.emulator.received(.rotateSecret) == 0)
    }

    @Test(arguments: [false, true])
    func `an admin is not rotated while the other is dead, or may not rotate`(_ isWeak: Bool)
        async throws
    {
        let (program, second) = try await program { program, _ in
            program.policy("ops", account: program.admin)
        }
        if isWeak {
            program.emulator.inject(
                Fault(operation: .listRoleBindings, effect: .before(.status(403)), times: nil))
        } else {
            _ = program.emulator.rotateElsewhere(account: second.id)
        }

        let run = await program.keyturn("run", "--json")
        #expect(run.status == 1)
        #expect(run.output.contains(#""cause":"lock-out""#))
        #expect(program.emulator.received(.rotateSecret) == 0)
        #expect(
            program.emulator.accepts(
                clientID: program.admin.clientID, clientSecret: program.admin.clientSecret))
    }

    @Test func `two admins rotate each other in one run, and others with them`() async throws {
        let (program, second) = try await program { program, second in
            let account = program.emulator.addServiceAccount(name: "deploys")
            return program.policy("a", account: program.admin)
                + program.policy("b", account: second) + program.policy("ci", account: account)
        }

        let run = await program.keyturn("run", "--json")

        #expect(run.status == 0)
        #expect(try program.summary(run).rotated == 3)
        for account in [program.admin, second] {
            #expect(program.emulator.rotations(of: account.id) == 1)
            #expect(
                !program.emulator.accepts(
                    clientID: account.clientID, clientSecret: account.clientSecret))
        }
        program.advance(.days(31))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: second.id) == 2)
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: StopAnywhereTests.inPlace.prefix(4).indices)
    func `a second admin waits until the first is proved, in whatever run`(_ write: Int)
        async throws
    {
        let (program, second) = try await program { program, second in
            program.policy("a", account: program.admin) + program.policy("b", account: second)
        }
        let plan = StopPlan(at: write, .afterCommit)
        program.follow(plan)
        #expect(await program.keyturn("run", "a").status == 4)
        plan.revive()
        program.journal.withLock { $0 = { $0 } }

        let other = await program.rotate("b")

        // Nothing of the first is out before the intent of its call.
        let isUnderWay = write > 0
        #expect(program.emulator.rotations(of: second.id) == (isUnderWay ? 0 : 1))
        #expect(other.status == 0)
        if isUnderWay {
            #expect(other.output.contains("another admin of the connection is being rotated"))
        }
        // What was never sent is settled first, and tried again by the next run (P29).
        for _ in 1...2 { await program.keyturn("run") }
        #expect(await program.rotate("b").status == 0)
        #expect(program.emulator.rotations(of: second.id) >= 1)
        #expect(program.isDeliveredAccepted("a", program.admin))
        #expect(program.isDeliveredAccepted("b", second))
        #expect(await program.isTrailIntact())
    }

    @Test func `an emergency over all leaves an admin alive when every reply is lost`()
        async throws
    {
        let (program, second) = try await program { program, second in
            program.policy("a", account: program.admin) + program.policy("b", account: second)
        }
        program.emulator.inject(
            Fault(operation: .rotateSecret, effect: .after(.closeBeforeHeaders), times: nil))

        let lost = await program.keyturn(
            "rotate", "--all", "--compromised", "--reason", "x", "--confirm", "2")
        #expect(lost.status != 0)
        let alive = [program.admin, second].filter {
            program.emulator.accepts(clientID: $0.clientID, clientSecret: $0.clientSecret)
        }
        #expect(alive.count == 1)

        program.emulator.removeFaults()
        program.advance(.hours(1))
        #expect(
            await program.keyturn(
                "rotate", "--all", "--compromised", "--reason", "x", "--confirm", "2"
            ).status == 0)
        #expect(program.isDeliveredAccepted("a", program.admin))
        #expect(program.isDeliveredAccepted("b", second))
        #expect(await program.isTrailIntact())
    }

    @Test func `check names the one of two admins that is dead`() async throws {
        let (program, second) = try await program { program, _ in
            let account = program.emulator.addServiceAccount(name: "deploys")
            return program.policy("ci", account: account)
        }
        #expect(await program.keyturn("check").status == 0)
        _ = program.emulator.rotateElsewhere(account: second.id)

        let check = await program.keyturn("check")

        #expect(check.status == 7)
        #expect(check.output.contains("ATTENTION admin pinecone/ops-b"))
    }

    @Test func `a login takes up at once what waited for an admin`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount()
        _ = program.emulator.rotateElsewhere(account: program.admin.id)
        for _ in 1...3 {
            program.advance(.minutes(2))
            #expect(await program.keyturn("run").status != 0)
        }
        #expect(await program.keyturn("run").output == "")
        let secret = try #require(program.emulator.clientSecret(of: program.admin.id))
        try await program.require(
            program.keyturn(
                "login", "pinecone", "--as", "ops-a", "--client-id", program.admin.clientID,
                input: secret))

        #expect(await program.keyturn("run").status == 0)
        #expect(program.isDeliveredAccepted("ci", account))
    }

    @Test func `a token that dies early is replaced`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount()
        program.emulator.inject(
            Fault(operation: .fetchServiceAccount, effect: .before(.status(401))))
        program.emulator.inject(Fault(operation: .rotateSecret, effect: .before(.status(401))))

        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(program.isDeliveredAccepted("ci", account))
    }

    @Test func `waiting for an admin uses up no try, and is written down once`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.require(program.keyturn("init"))
        try await program.apply(program.policy("ci", account: account))
        for _ in 0..<12 {
            #expect(await program.keyturn("run").status == 78)
            program.advance(.hours(1))
        }
        let written = try program.entryCount()
        #expect(await program.keyturn("run").status == 78)
        #expect(try program.entryCount() == written)
        #expect(try await program.entries("rotation.parked") == 0)

        try await program.logIn("ops-a", program.admin)
        #expect(await program.keyturn("run").status == 0)
        #expect(program.isDeliveredAccepted("ci", account))
    }

    @Test func `without an admin nothing is done, and the exit status says what is missing`()
        async throws
    {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.require(program.keyturn("init"))
        try await program.apply(program.policy("ci", account: account))

        #expect(await program.keyturn("run").status == 78)
        #expect(program.emulator.received(.rotateSecret) == 0)
        try await program.logIn("ops-a", program.admin)
        #expect(await program.keyturn("run").status == 0)
        #expect(program.isDeliveredAccepted("ci", account))
    }
}
