import CSQLite

/// What SQLite answered instead of doing what it was asked.
package struct SQLiteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The extended result code (https://sqlite.org/rescode.html).
    package let code: Int32
    /// SQLite's own words. They name tables, columns and triggers; values are bound and therefore
    /// never part of them.
    package let message: String

    /// Another process holds the lock that was asked for.
    package var isBusy: Bool { primary == SQLITE_BUSY || primary == SQLITE_LOCKED }
    /// There is no room left.
    package var isFull: Bool { primary == SQLITE_FULL }
    /// The operating system failed a read, write or sync. What was being committed may or may not
    /// be there.
    package var isInputOutput: Bool { primary == SQLITE_IOERR }
    /// A constraint or a trigger refused the statement.
    package var isConstraint: Bool { primary == SQLITE_CONSTRAINT }
    /// The file is not a database, or is damaged.
    package var isDamaged: Bool { primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB }
    /// The file may not be written.
    package var isReadOnly: Bool { primary == SQLITE_READONLY || primary == SQLITE_PERM }
    /// The file cannot be opened.
    package var cannotOpen: Bool { primary == SQLITE_CANTOPEN }

    /// The statement itself was refused, by its own fault or a constraint, not by the world.
    package var isRefusal: Bool { primary == SQLITE_ERROR || isConstraint }

    private var primary: Int32 { code & 0xff }

    package var description: String { "SQLite: \(message) (\(code))" }
}
