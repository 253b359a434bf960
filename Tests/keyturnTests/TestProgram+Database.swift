import Rotations
import SQLite
import TestSupport

@testable import keyturn

extension TestProgram {
    /// Another process's connection to the database.
    func database() throws -> Database {
        try Database(
            path: directory.file("state/keyturn.db"), access: .readWrite, busyTimeout: 1000)
    }

    /// Runs statements on the database from outside.
    func execute(_ sql: String) throws { try database().execute(sql) }

    /// How many rows a table has.
    func count(_ table: String) throws -> Int {
        try database().first("SELECT count(*) FROM \(table)") { $0.int(0) } ?? 0
    }

    /// The id of a secret's row.
    func secretID(_ name: String) throws -> String {
        let id = try database().first("SELECT id FROM secret WHERE name = ?", [.text(name)]) {
            $0.text(0)
        }
        guard let id else { throw CommandFailed(text: "no secret \(name)") }
        return id
    }

    /// Puts something before the journal of each command: it is told of each write.
    func follow(_ plan: StopPlan) {
        journal.withLock { $0 = { StoppingJournal($0, plan) } }
    }

    /// Names in the spool.
    var spooled: [String] {
        TemporaryDirectory.names(in: directory.file("state/spool")).sorted()
    }
}
