import PineconeEmulator
import Testing

@testable import keyturn

/// The straight path of a service account, and where it may break off.
@Suite struct InPlaceTests {
    @Test func `a due account is rotated, and the delivered secret is accepted`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))

        let run = await program.keyturn("run", "--json")

        #expect(run.status == 0)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(
            !program.emulator.accepts(
                clientID: account.clientID, clientSecret: account.clientSecret))
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(await program.isTrailIntact())
    }

    @Test func `a second run rotates nothing and writes nothing`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))
        try await program.require(program.keyturn("run"))
        let before = program.directory.text("state/keyturn.db")

        let run = await program.keyturn("run")

        #expect(run.status == 0)
        #expect(run.output == "")
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(program.directory.text("state/keyturn.db") == before)
    }

    @Test func `after the interval it is due again, and the held old secret is proved dead`()
        async throws
    {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))
        try await program.require(program.keyturn("run"))
        program.advance(.days(31))

        try await program.require(program.keyturn("run"))

        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(try await program.entries("version.retired") == 2)
        let retired = await program.keyturn(
            "audit", "list", "--type", "version.retired", "--limit", "1", "--json")
        #expect(retired.output.contains(#""verdict":"refused""#))
        #expect(retired.output.contains("time_to_death_ms"))
    }
}
