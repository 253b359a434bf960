import TestSupport
import Testing

@testable import Storage

/// What the triggers refuse of anybody who comes by SQL, whatever the connection's settings.
@Suite struct AppendOnlyTests {
    static let copy = "leaf, hash, time_ms, type, secret_id, rotation_id, run_id, outcome"

    static let statements = [
        "UPDATE audit_entry SET type = 'x' WHERE seq = 2",
        "DELETE FROM audit_entry WHERE seq = 8",
        "DELETE FROM audit_entry",
        "REPLACE INTO audit_entry SELECT * FROM audit_entry WHERE seq = 2",
        "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry WHERE seq = 8",
        "INSERT OR IGNORE INTO audit_entry SELECT 11, \(copy) FROM audit_entry WHERE seq = 8",
        "INSERT INTO audit_entry SELECT 10, \(copy) FROM audit_entry WHERE seq = 8",
        "INSERT INTO audit_entry SELECT -1, \(copy) FROM audit_entry WHERE seq = 8",
        "INSERT INTO audit_entry SELECT NULL, \(copy) FROM audit_entry WHERE seq = 8",
        """
        INSERT INTO audit_entry SELECT * FROM audit_entry WHERE seq = 2
        ON CONFLICT(seq) DO UPDATE SET type = 'x'
        """,
        "UPDATE audit_node SET hash = zeroblob(32) WHERE level = 1 AND position = 0",
        "DELETE FROM audit_node",
        "REPLACE INTO audit_node SELECT level, position, zeroblob(32) FROM audit_node LIMIT 1",
        "INSERT OR REPLACE INTO audit_node VALUES (1, 0, zeroblob(32))",
        "UPDATE audit_checkpoint SET note = '' WHERE size = 1",
        "DELETE FROM audit_checkpoint WHERE size = 9",
        "REPLACE INTO audit_checkpoint VALUES (9, '')",
        "INSERT INTO audit_checkpoint VALUES (0, '')",
        "UPDATE audit_cosignature SET line = '' WHERE size = 1",
        "DELETE FROM audit_cosignature",
        "REPLACE INTO audit_cosignature VALUES (1, 'witness', 'other')",
    ]

    @Test(arguments: statements)
    func `the trail only grows`(_ sql: String) async throws {
        let state = try TestState()
        try await state.fill()
        let raw = try state.raw()
        try raw.execute("INSERT INTO audit_cosignature VALUES (1, 'witness', 'line')")
        let before = try Self.contents(raw)

        #expect(throws: RawDatabase.Refused.self) { try raw.execute(sql) }
        #expect(try Self.contents(raw) == before)
    }

    @Test func `and an entry that is the next is taken`() async throws {
        let state = try TestState()
        try await state.fill()
        let raw = try state.raw()

        try raw.execute(
            "INSERT INTO audit_entry SELECT 9, \(Self.copy) FROM audit_entry WHERE seq = 8")

        #expect(try raw.column("SELECT max(seq) FROM audit_entry") == ["9"])
    }

    private static func contents(_ raw: RawDatabase) throws -> [String] {
        try raw.column("SELECT seq || leaf || hex(hash) || type FROM audit_entry")
            + raw.column("SELECT level || '/' || position || hex(hash) FROM audit_node")
            + raw.column("SELECT size || note FROM audit_checkpoint")
            + raw.column("SELECT size || key || line FROM audit_cosignature")
    }
}
