import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// `secret import`: a value that the credential has now, proved and sealed.
@Suite struct ImportTests {
    private func bring(_ program: TestProgram, _ name: String, _ value: String) async
        -> TestProgram.Outcome
    {
        await program.keyturn("secret", "import", name, "--reason", "test", input: value)
    }

    @Test func `a first value is proved and sealed, and becomes the evidence of a lost answer`()
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount()
        #expect(await bring(program, "ci", account.clientSecret).status == 0)
        // It was never rotated; now its age counts from here.
        #expect(await program.keyturn("run").output == "")
        program.advance(.days(31))
        program.emulator.inject(Fault(operation: .rotateSecret, effect: .before(.status(503))))

        #expect(await program.keyturn("run").status == 1)

        #expect(program.emulator.rotations(of: account.id) == 0)
        #expect(await program.newestEntry("rotation.failed").contains("not-carried-out"))
        #expect(await program.isTrailIntact())
    }

    @Test func `a value that is refused is not kept`() async throws {
        let program = try await TestProgram()
        _ = try await program.dueAccount()
        let refused = await bring(program, "ci", "wrong")
        #expect(refused.status == 1)
        #expect(refused.conversation.contains("nothing was kept"))
        #expect(!(refused.output + refused.conversation).contains("wrong"))
        #expect(try await program.entries("version.imported") == 0)
    }

    @Test func `the value that is held already changes nothing`() async throws {
        let program = try await TestProgram()
        _ = try await program.dueAccount(held: true)
        let value = try #require(program.deliveredSecret("ci"))
        let again = await bring(program, "ci", value)
        #expect(again.status == 0 && again.output.contains("already"))
        #expect(try await program.entries("version.imported") == 0)
    }

    @Test func `what somebody else made ends the stop, and is delivered`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        let theirs = try #require(program.emulator.rotateElsewhere(account: account.id))
        #expect(await program.keyturn("run").status == 7)

        #expect(await bring(program, "ci", theirs).status == 0)

        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(await program.keyturn("run").status == 0)
        #expect(program.deliveredSecret("ci") == theirs)
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(await program.keyturn("run").output == "")
        program.advance(.days(31))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(await program.isTrailIntact())
    }

    @Test func `it can be taken from a destination that somebody else wrote`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        let theirs = try #require(program.emulator.rotateElsewhere(account: account.id))
        #expect(await program.keyturn("run").status == 7)
        try program.write(
            "out/ci.env", "PINECONE_CLIENT_ID=x\nPINECONE_CLIENT_SECRET='\(theirs)'\n")

        let imported = await program.keyturn(
            "secret", "import", "ci", "--from", program.directory.file("out/ci.env"), "--reason",
            "x")

        #expect(imported.status == 0)
        #expect(await program.keyturn("run").status == 0)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(program.emulator.rotations(of: account.id) == 1)
    }

    @Test func `another key's value is no value of this key`() async throws {
        let program = try await TestProgram()
        _ = try await program.dueKey(held: true)
        let other = program.emulator.addAPIKey(project: program.project, name: "other")
        let refused = await bring(program, "search", other.value)
        #expect(refused.status == 1)
        #expect(refused.conversation.contains("never changes"))
    }

    @Test func `while a new value is on its way nothing is imported`() async throws {
        let program = try await TestProgram()
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        try await program.setUp(program.policy("search", key: key))
        try await program.require(program.keyturn("run"))
        let refused = await bring(program, "search", key.value)
        #expect(refused.status == 1)
        #expect(refused.conversation.contains("is under way"))
    }

    @Test func `a dry run proves and keeps nothing`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount()
        let before = program.directory.text("state/keyturn.db")
        let dry = await program.keyturn(
            "secret", "import", "ci", "--dry-run", "--reason", "x", input: account.clientSecret)
        #expect(dry.status == 0)
        #expect(program.directory.text("state/keyturn.db") == before)
    }
}
