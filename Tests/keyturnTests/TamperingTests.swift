import PineconeEmulator
import Testing

@testable import keyturn

/// Somebody edits the file without the key, and keyturn must not cover it with its own signature.
@Suite struct TamperingTests {
    @Test(arguments: [
        """
        DROP TRIGGER audit_checkpoint_no_delete;
        DELETE FROM audit_checkpoint WHERE size = (SELECT max(size) FROM audit_checkpoint)
        """,
        """
        DROP TRIGGER audit_entry_no_update;
        UPDATE audit_entry SET hash = zeroblob(32)
        WHERE seq = (SELECT max(seq) FROM audit_entry) AND seq % 2 = 0
          OR seq = (SELECT max(seq) - 1 FROM audit_entry) AND seq % 2 = 0
        """,
        """
        DROP TRIGGER audit_node_no_update;
        UPDATE audit_node SET hash = zeroblob(32)
        """,
    ])
    func `nothing is signed on top of what was not signed`(_ edit: String) async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))
        for statement in edit.split(separator: ";") { try program.sql(String(statement)) }
        let before = program.directory.text("state/keyturn.db")

        let outcome = await program.keyturn(
            "policy", "pause", "ci", "--until", "3d", "--reason", "test")

        #expect(outcome.status == 6)
        #expect(program.directory.text("state/keyturn.db") == before)
        #expect(await program.keyturn("run").status != 0)
        #expect(program.emulator.rotations(of: account.id) == 0)
    }
}
