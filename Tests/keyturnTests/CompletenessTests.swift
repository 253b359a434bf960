import Audit
import Files
import PineconeEmulator
import Rotations
import TestSupport
import Testing
import Vault

@testable import Storage
@testable import keyturn

/// What cannot be audited is not done (invariant 3): no table changes without an entry in the same
/// transaction, whoever writes and whatever table comes.
@Suite struct CompletenessTests {
    /// A state in which every table has rows.
    private func full() async throws -> TestProgram {
        let program = try await TestProgram()
        program.anchors.withLock {
            $0 = "freezes: [{ from: 2031-01-01, until: 2031-01-02, owner: x, reason: y }]"
        }
        _ = try await program.dueAccount(
            more: """
                    labels: { env: prod }
                    after: [{ command: { run: [/bin/true] } }]
                """)
        try await program.require(
            program.keyturn(
                "rotate", "ci", "--compromised", "--reason", "test", "--confirm", "ci"))
        _ = program.emulator.addServiceAccount(name: "batch")
        try await program.require(
            program.keyturn(
                "account", "delete", "batch", "--reason", "test", "--confirm", "batch",
                "--retire-after", "30d"))
        return program
    }

    /// The tables of the schema but those of the trail itself, and a column of each.
    private func tables(_ program: TestProgram) throws -> [(table: String, column: String)] {
        let database = try RawDatabase(program.directory.file("state/keyturn.db"))
        return try database.column(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'audit_%'"
        ).map { table in
            let column = try database.column("SELECT name FROM pragma_table_info('\(table)')")[0]
            let count = try database.column("SELECT count(*) FROM \(table)")[0]
            #expect(count != "0", "give \(table) a row here")
            return (table, column)
        }
    }

    @Test func `no table changes without an entry`() async throws {
        let program = try await full()
        let tables = try tables(program)
        #expect(tables.count > 10)
        let store = try await program.unlockedStore()
        let before = try program.entryCount()
        for (table, column) in tables {
            await #expect(
                throws: StorageError.refused("a change without an entry in the audit trail"),
                "\(table)"
            ) {
                try await store.commit { transaction in
                    try transaction.database.run("UPDATE \(table) SET \(column) = \(column)")
                }
            }
        }
        #expect(try program.entryCount() == before)
        #expect(await program.isTrailIntact())
    }

    @Test func `the same change is made when an entry says so`() async throws {
        let program = try await full()
        let tables = try tables(program)
        let store = try await program.unlockedStore()
        for (table, column) in tables {
            try await store.commit { transaction in
                try transaction.database.run("UPDATE \(table) SET \(column) = \(column)")
                transaction.append(Event(.runHeartbeat))
            }
        }
        #expect(await program.isTrailIntact())
    }

    @Test func `who reads changes nothing`() async throws {
        let program = try await full()
        let store = try await program.unlockedStore()
        try await store.read { try $0.run("DELETE FROM setting") }
        #expect(try await !store.freezes().isEmpty)
    }

    /// A heartbeat is the one entry that is about nothing else.
    @Test func `one place alone notes something without an entry`() throws {
        var uses: [String] = []
        let sources =
            #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
            + "/Sources/Storage"
        for name in try Directory.names(sources) {
            let text = TemporaryDirectory.text(at: "\(sources)/\(name)") ?? ""
            for line in text.split(separator: "\n") where line.contains(".noting {") {
                uses.append("\(name):\(line.drop { $0 == " " })")
            }
        }
        #expect(
            uses == [
                "Store+Journal.swift:return try transaction.noting { try transaction.update(delivery) }"
            ])
    }
}
