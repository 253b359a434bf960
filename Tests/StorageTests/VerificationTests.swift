import Audit
import TestSupport
import Testing

@testable import Storage

/// A change by somebody who owns the file and dodges the triggers, and what `verify` says first.
struct Tampering: Sendable, CustomTestStringConvertible {
    let sql: String
    /// The first entry concerned; nil where no entry is.
    let sequence: Int?
    let problem: String

    init(_ sql: String, _ sequence: Int?, _ problem: String) {
        self.sql = sql
        self.sequence = sequence
        self.problem = problem
    }

    var testDescription: String { sql }
}

/// `audit verify` finds every change of history and names the first entry concerned.
@Suite struct VerificationTests {
    static let entries = [
        Tampering(
            "UPDATE audit_entry SET leaf = replace(leaf, '\"uid\":0', '\"uid\":1') WHERE seq = 5",
            5,
            "the entry is not what its hash was made of"),
        Tampering(
            "UPDATE audit_entry SET leaf = replace(leaf, '\"uid\":0', '\"uid\": 0') WHERE seq = 5",
            5, "the entry is not what its hash was made of"),
        Tampering(
            "UPDATE audit_entry SET hash = zeroblob(32) WHERE seq = 5", 5,
            "the entry is not what its hash was made of"),
        Tampering(
            "UPDATE audit_entry SET time_ms = time_ms + 1 WHERE seq = 5", 5,
            "a column differs from the entry"),
        Tampering(
            "UPDATE audit_entry SET type = 'state.created' WHERE seq = 5", 5,
            "a column differs from the entry"),
        Tampering(
            "UPDATE audit_entry SET secret_id = NULL WHERE seq = 2", 2,
            "a column differs from the entry"),
        Tampering(
            "UPDATE audit_entry SET rotation_id = 'x' WHERE seq = 5", 5,
            "a column differs from the entry"),
        Tampering(
            "UPDATE audit_entry SET run_id = NULL WHERE seq = 5", 5,
            "a column differs from the entry"),
        Tampering(
            "UPDATE audit_entry SET outcome = 'done' WHERE seq = 5", 5,
            "a column differs from the entry"),
        Tampering("DELETE FROM audit_entry WHERE seq = 5", 5, "the entry is missing"),
        Tampering("DELETE FROM audit_entry WHERE seq = 0", 0, "the entry is missing"),
        Tampering(
            "DELETE FROM audit_entry WHERE seq = 8", 8,
            "the entry is missing: a checkpoint of 9 entries was signed"),
        Tampering(
            """
            DELETE FROM audit_entry WHERE seq >= 7;
            DELETE FROM audit_checkpoint WHERE size >= 8
            """, 7, "a node of the tree covers entries that are missing"),
        Tampering(
            "UPDATE audit_checkpoint SET note = replace(note, 'keyturn', 'keyturm') WHERE size = 6",
            5, "the checkpoint is not signed by this log's key"),
        Tampering(
            """
            UPDATE audit_checkpoint
            SET note = (SELECT note FROM audit_checkpoint WHERE size = 5) WHERE size = 6
            """, 5, "a checkpoint of size 5 stands here"),
        Tampering(
            "DELETE FROM audit_checkpoint WHERE size = 9", 8,
            "the entry is not covered by any checkpoint"),
        Tampering(
            "UPDATE audit_node SET hash = zeroblob(32) WHERE level = 1 AND position = 2", 4,
            "a node of the tree is not its hash"),
        Tampering(
            "DELETE FROM audit_node WHERE level = 2 AND position = 1", 4,
            "a node of the tree is not its hash"),
    ]

    static let records = [
        Tampering(
            "UPDATE sealed SET ciphertext = zeroblob(length(ciphertext)) WHERE id = 2", 2,
            "a vault record is not the one in the trail: value"),
        Tampering(
            "UPDATE sealed SET created_at_ms = 0 WHERE id = 3", 3,
            "a vault record is not the one in the trail: value"),
        Tampering(
            """
            UPDATE sealed SET (salt, commitment, wrap_nonce, wrapped_key, nonce, ciphertext) =
              (SELECT o.salt, o.commitment, o.wrap_nonce, o.wrapped_key, o.nonce, o.ciphertext
               FROM sealed o WHERE o.id = 3) WHERE id = 2
            """, 2, "a vault record is not the one in the trail: value"),
        Tampering(
            "UPDATE version SET sealed_id = 5 - sealed_id", 2, "version 1 of "),
        Tampering("DELETE FROM sealed WHERE id = 3", 3, "a vault record is gone: value"),
        Tampering(
            """
            INSERT INTO sealed SELECT NULL, purpose, owner, 99, created_at_ms, key_id, salt,
              commitment, wrap_nonce, wrapped_key, nonce, ciphertext FROM sealed WHERE id = 2
            """, nil, "a vault record is not in the trail: value"),
        Tampering(
            "UPDATE sealed SET salt = zeroblob(32) WHERE purpose = 'signing-key'", 0,
            "a vault record is not the one in the trail: signing-key"),
    ]

    static let schema = [
        Tampering(
            "DROP TRIGGER audit_entry_no_update", nil,
            "audit_entry_no_update is missing from the schema"),
        Tampering(
            """
            DROP TRIGGER audit_entry_no_update;
            CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry
              WHEN NEW.seq = 7 BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END
            """, nil, "the schema of audit_entry_no_update is not this program's"),
        Tampering(
            "DROP INDEX rotation_open", nil, "rotation_open is missing from the schema"),
        Tampering(
            "CREATE TABLE pocket(a)", nil, "the schema of pocket is not this program's"),
        Tampering(
            "ALTER TABLE admin ADD COLUMN note TEXT", nil,
            "the schema of admin is not this program's"),
    ]

    @Test func `an untouched trail is intact`() async throws {
        let state = try TestState()
        try await state.fill()

        let found = try await state.open(.readOnly).verify()

        #expect(found.findings == [])
        #expect(found.entryCount == 9)
        #expect(found.checkpointCount == 9)
        #expect(found.recordCount == 3)
    }

    @Test(arguments: entries + records)
    func `a change is found, and the first entry concerned is named`(
        _ tampering: Tampering
    ) async throws {
        let state = try TestState()
        try await state.fill()
        try state.raw().tamper(tampering.sql)

        let first = try #require(try await state.findings().first)

        #expect(first.sequence == tampering.sequence)
        #expect(first.problem.hasPrefix(tampering.problem), "\(first.problem)")
    }

    @Test(arguments: schema)
    func `a door left open in the schema is found`(_ tampering: Tampering) async throws {
        let state = try TestState()
        try await state.fill()
        try state.raw().execute(tampering.sql)

        #expect(try await state.findings().map(\.problem) == [tampering.problem])
    }

    /// Everything that can be computed without the key is computed again: only the signature is left.
    @Test func `a history rewritten whole is found by the first checkpoint over it`() async throws {
        let state = try TestState()
        try await state.fill()
        let raw = try state.raw()
        var frontier = MerkleFrontier()
        var script = ""
        for (seq, leaf) in try raw.column("SELECT leaf FROM audit_entry ORDER BY seq").enumerated()
        {
            let changed = seq == 5 ? leaf.replacing("\"uid\":0", with: "\"uid\":1") : leaf
            let hash = MerkleTree.leafHash(Array(changed.utf8).span)
            script += "UPDATE audit_entry SET leaf = '\(changed)', hash = x'\(hexadecimal(hash))' "
            script += "WHERE seq = \(seq);"
            for node in frontier.append(hash) {
                script += "UPDATE audit_node SET hash = x'\(hexadecimal(node.hash))' "
                script += "WHERE level = \(node.at.level) AND position = \(node.at.position);"
            }
        }
        try raw.tamper(script)

        #expect(
            try await state.findings() == [
                LogVerifier.Finding(5, "the entries are not those that the checkpoint covers")
            ])
    }
}
