import CSQLite

/// A connection without any of this program's settings.
package final class RawDatabase {
    private let handle: OpaquePointer

    package struct Refused: Error, CustomStringConvertible {
        package let description: String
    }

    package init(_ path: String) throws {
        var opened: OpaquePointer?
        guard sqlite3_open(path, &opened) == SQLITE_OK, let opened else {
            throw Refused(description: "cannot open")
        }
        handle = opened
    }

    deinit { sqlite3_close_v2(handle) }

    package func execute(_ sql: String) throws {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
            throw Refused(description: String(cString: sqlite3_errmsg(handle)))
        }
    }

    /// The first column of each row, as text.
    package func column(_ sql: String) throws -> [String] {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else {
            throw Refused(description: String(cString: sqlite3_errmsg(handle)))
        }
        defer { sqlite3_finalize(statement) }
        var values: [String] = []
        while sqlite3_step(statement) == SQLITE_ROW {
            values.append(sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? "")
        }
        return values
    }

    /// Changes what the triggers guard, and puts them back.
    package func tamper(_ sql: String) throws {
        let triggers = try column("SELECT sql FROM sqlite_schema WHERE type = 'trigger'")
        for name in try column("SELECT name FROM sqlite_schema WHERE type = 'trigger'") {
            try execute("DROP TRIGGER \(name)")
        }
        try execute(sql)
        for trigger in triggers { try execute(trigger) }
    }
}
