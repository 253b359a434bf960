import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// What proves that a secret lives, and what proves nothing (P18 to P20).
@Suite struct ProofTests {
    @Test(arguments: [1_000, 15_000, 30_000, 59_000] as [Int64])
    func `a new secret may be refused for a minute`(_ delay: Int64) async throws {
        var settings = Settings()
        settings.newSecretDelayMs = delay
        let program = try await TestProgram(settings: settings)
        let account = try await program.dueAccount()

        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [1_000, 30_000, 59_000] as [Int64])
    func `a new key may be refused for a minute`(_ delay: Int64) async throws {
        var settings = Settings()
        settings.newKeyDelayMs = delay
        let program = try await TestProgram(settings: settings)
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        try await program.setUp(program.policy("search", key: key))

        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.committed(.createAPIKey) == 1)
        #expect(program.isDeliveredKeyAccepted("search"))
    }

    @Test(arguments: [false, true])
    func `a secret refused for ever is minted anew, and is never delivered`(_ held: Bool)
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: held)
        let before = program.directory.text("out/ci.env")
        let minted = program.emulator.rotations(of: account.id)
        program.emulator.settings.newSecretDelayMs = 365 * 86_400_000

        #expect(await program.keyturn("run").status == 1)
        #expect(program.emulator.rotations(of: account.id) == minted + 3)
        #expect(program.directory.text("out/ci.env") == before)
        program.advance(.hours(1))
        #expect(await program.keyturn("run").status == 1)
        #expect(program.emulator.rotations(of: account.id) == minted + 4)
        #expect(program.directory.text("out/ci.env") == before)

        program.emulator.settings.newSecretDelayMs = 0
        program.advance(.hours(1))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test func `a key refused for ever is deleted again, and the old one goes on`() async throws {
        let program = try await TestProgram()
        let old = try await program.dueKey(held: true)
        program.emulator.settings.newKeyDelayMs = 365 * 86_400_000

        #expect(await program.keyturn("run").status == 1)
        #expect(program.liveKeyValues == [old.value])
        #expect(program.directory.text("out/search") == old.value)
        for _ in 0..<8 {
            program.advance(.hours(13))
            await program.keyturn("run")
        }
        #expect(program.emulator.committed(.createAPIKey) == 1 + 3)
        #expect(program.liveKeyValues == [old.value])
        #expect(try await program.entries("rotation.parked") == 1)

        program.emulator.settings.newKeyDelayMs = 0
        #expect(await program.rotate("search").status == 0)
        #expect(program.isDeliveredKeyAccepted("search"))
        #expect(program.emulator.accepts(apiKey: old.value))
        #expect(await program.isTrailIntact())
    }

    @Test func `a key refused without a control is not given up`() async throws {
        let program = try await TestProgram()
        let old = try await program.dueKey()
        program.emulator.inject(
            Fault(operation: .listIndexes, effect: .before(.status(401)), times: nil))

        #expect(await program.keyturn("run").status == 1)
        #expect(program.liveKeyValues.count == 2)
        #expect(program.emulator.committed(.deleteAPIKey) == 0)
        #expect(program.directory.text("out/search") == nil)

        program.emulator.removeFaults()
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.committed(.createAPIKey) == 1)
        #expect(program.isDeliveredKeyAccepted("search"))
        #expect(program.emulator.accepts(apiKey: old.value))
    }

    @Test func `in place a secret nobody could judge is promoted, and delivered once proved`()
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        let before = program.directory.text("out/ci.env")
        // The admin's token is asked for first, the old secret next; then nothing answers.
        program.emulator.inject(
            Fault(
                operation: .token, target: account.clientID, effect: .before(.status(503)),
                times: nil, skip: 1))

        let run = await program.keyturn("run", "--json")
        #expect(run.status == 1)
        #expect(try program.rotation(run, "ci").version == 3)
        #expect(program.directory.text("out/ci.env") == before)
        #expect(program.emulator.rotations(of: account.id) == 2)

        program.emulator.removeFaults()
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.newestEntry("version.proved").contains("accepted"))
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [true, false])
    func `promoted without a verdict and refused later, it is minted anew`(_ delivers: Bool)
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        if !delivers {
            let lines = program.policy("ci", account: account).split(separator: "\n")
            try await program.apply(
                lines.prefix { !$0.contains("deliver:") }.joined(separator: "\n") + "\n")
        }
        program.emulator.settings.newSecretDelayMs = 365 * 86_400_000
        program.emulator.inject(
            Fault(
                operation: .token, target: account.clientID, effect: .before(.status(503)),
                times: nil, skip: 1))
        #expect(await program.keyturn("run").status == 1)
        program.emulator.removeFaults()
        program.emulator.settings.newSecretDelayMs = 0

        let run = await program.keyturn("run", "--json")
        #expect(run.status == 0)
        #expect(try program.rotation(run, "ci").version == 4)
        #expect(program.emulator.rotations(of: account.id) == 3)
        if delivers { #expect(program.isDeliveredAccepted("ci", account)) }
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }

    @Test func `a forbidden key is alive only if a made-up one is refused`() async throws {
        let program = try await TestProgram()
        let narrow = program.emulator.addAPIKey(
            project: program.project, name: "narrow", roles: [.dataPlaneViewer])
        try await program.setUp(program.policy("narrow", key: narrow))

        #expect(await program.keyturn("run").status == 0)
        #expect(program.isDeliveredKeyAccepted("narrow"))

        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        program.advance(.days(31))
        let delivered = program.directory.text("out/narrow")
        // A wall in front of the API that forbids everything proves nothing.
        program.emulator.inject(
            Fault(operation: .listIndexes, effect: .before(.status(403)), times: nil))
        #expect(await program.keyturn("run").status == 1)
        #expect(program.directory.text("out/narrow") == delivered)
        #expect(program.emulator.committed(.createAPIKey) == 1)
    }

    @Test func `a refused old secret says nothing while every exchange is refused`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        program.emulator.inject(
            Fault(operation: .rotateSecret, effect: .after(.status(500))))
        // Once the call is out, the login host is down; later it refuses everybody.
        program.emulator.inject(
            Fault(operation: .token, effect: .before(.status(503)), times: nil, skip: 2))
        #expect(await program.keyturn("run").status == 4)
        program.emulator.removeFaults()
        program.emulator.inject(
            Fault(operation: .token, effect: .before(.status(401)), times: nil))

        #expect(await program.keyturn("run").status == 4)
        #expect(program.emulator.rotations(of: account.id) == 2)
        program.emulator.removeFaults()
        program.advance(.minutes(5))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 3)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }
}
