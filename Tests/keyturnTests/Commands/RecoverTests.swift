import PineconeEmulator
import TestSupport
import Testing

@testable import keyturn

/// Taking in a sealed answer that the database could not take (P14).
@Suite struct RecoverTests {
    /// A rotation whose answer went to the spool, and the armour that a person would have kept.
    private func interrupted() async throws -> (TestProgram, ServiceAccount, armour: String) {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))
        try program.sql(
            "CREATE TRIGGER full BEFORE INSERT ON sealed WHEN NEW.purpose = 'answer' "
                + "BEGIN SELECT RAISE(ABORT, 'no more'); END")
        #expect(await program.keyturn("run").status == 4)
        try program.sql("DROP TRIGGER full")
        let spool = TemporaryDirectory.names(in: program.directory.file("state/spool"))
        let name = "state/spool/" + (try #require(spool.first))
        let armour = try #require(program.directory.text(name))
        try program.directory.remove(name)
        return (program, account, armour)
    }

    @Test func `an armour is taken in, and the next run finishes with it`() async throws {
        let (program, account, armour) = try await interrupted()

        let outcome = await program.keyturn("recover", input: "mail before\n\(armour)after\n")

        #expect(outcome.status == 0, "\(outcome.conversation)")
        #expect(outcome.output.contains("is taken in; `keyturn run` goes on with it"))
        try await program.require(program.keyturn("run"))
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(await program.isTrailIntact())
    }

    @Test func `taking it in twice is harmless, and a dry run takes nothing in`() async throws {
        let (program, _, armour) = try await interrupted()
        let before = program.directory.text("state/keyturn.db")
        let dry = await program.keyturn("recover", "--dry-run", input: armour)
        #expect(dry.output == "the sealed answer opens under this root key\n")
        #expect(program.directory.text("state/keyturn.db") == before)

        try await program.require(program.keyturn("recover", input: armour))
        let once = program.directory.text("state/keyturn.db")
        try await program.require(program.keyturn("recover", input: armour))
        #expect(program.directory.text("state/keyturn.db") == once)
        #expect(await program.isTrailIntact())
    }

    @Test func `what is no armour is refused with what to give`() async throws {
        let program = try await TestProgram()
        try await program.require(program.keyturn("init"))
        let outcome = await program.keyturn("recover", input: "nothing of the kind")
        #expect(outcome.status == 64)
        #expect(outcome.conversation.contains("from the BEGIN line to the END line"))
    }

    @Test func `the armour of another state is refused and takes nothing in`() async throws {
        let (_, _, armour) = try await interrupted()
        let other = try await TestProgram()
        try await other.require(other.keyturn("init"))
        let before = other.directory.text("state/keyturn.db")

        let outcome = await other.keyturn("recover", input: armour)

        #expect(outcome.status == 78, "\(outcome.conversation)")
        #expect(outcome.conversation.contains("give the right key"))
        #expect(other.directory.text("state/keyturn.db") == before)
    }
}
