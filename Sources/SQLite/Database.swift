import CSQLite

/// A connection to a database file, with every setting that this program relies on.
///
/// It belongs to one thread at a time. Every setting is read back after it was made: a SQLite that
/// was built otherwise must not silently weaken what the audit trail promises.
package final class Database {
    /// What a connection may do.
    package enum Access: Sendable {
        case readWrite
        /// Statements change nothing. The file is still opened for writing where that is allowed:
        /// a crashed writer's journal must be rolled back before anybody can read.
        case readOnly
    }

    /// The bytes of its file that connections lock (SQLite's file format, 1.4: the lock-byte page).
    package static let lockBytes: Range<Int64> = 0x4000_0000..<0x4000_0200

    private let handle: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]

    /// Opens `path`, which must be absolute: SQLite would take a path that begins with `file:` for
    /// a URI. The file must exist; journals take its mode, so whoever creates it decides.
    ///
    /// - Parameters:
    ///   - busyTimeout: milliseconds that a statement waits for another process's lock.
    ///   - vfs: another file layer, for tests of what a disk may do.
    package init(
        path: String, access: Access, busyTimeout: Int, vfs: String = "unix"
    ) throws(SQLiteError) {
        precondition(path.hasPrefix("/"), "database paths are absolute")
        var opened: OpaquePointer?
        let flags =
            SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE
            | SQLITE_OPEN_FULLMUTEX
        let code = sqlite3_open_v2(path, &opened, flags, vfs)
        guard let opened, code == SQLITE_OK else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(opened)
            throw SQLiteError(code: code, message: message)
        }
        handle = opened
        sqlite3_busy_timeout(handle, Int32(busyTimeout))
        try configure(access)
    }

    /// An empty database in memory, which ends with the connection. None of the settings above is
    /// made: nothing in it is kept.
    package init() throws(SQLiteError) {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(
            ":memory:", &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, nil)
        guard let opened, code == SQLITE_OK else {
            sqlite3_close_v2(opened)
            throw SQLiteError(code: code, message: "out of memory")
        }
        handle = opened
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    /// Runs statements that return no rows, one after the other.
    package func execute(_ script: String) throws(SQLiteError) {
        try check(sqlite3_exec(handle, script, nil, nil, nil))
    }

    /// Runs one statement with its parameters bound in order.
    package func run(_ sql: String, _ parameters: [Value] = []) throws(SQLiteError) {
        let statement = try bound(sql, parameters)
        defer { sqlite3_reset(statement) }
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw failure(code) }
        }
    }

    /// Calls `body` for each row until it returns false or the rows end.
    package func forEach(
        _ sql: String, _ parameters: [Value] = [], _ body: (Row) throws -> Bool
    ) throws {
        let statement = try bound(sql, parameters)
        defer { sqlite3_reset(statement) }
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw failure(code) }
            guard try body(Row(statement: statement)) else { return }
        }
    }

    /// All rows, each made into a value.
    package func all<T>(
        _ sql: String, _ parameters: [Value] = [], _ make: (Row) throws -> T
    ) throws -> [T] {
        var values: [T] = []
        try forEach(sql, parameters) {
            values.append(try make($0))
            return true
        }
        return values
    }

    /// The first row made into a value, or nil when there is none.
    package func first<T>(
        _ sql: String, _ parameters: [Value] = [], _ make: (Row) throws -> T
    ) throws -> T? {
        var value: T?
        try forEach(sql, parameters) {
            value = try make($0)
            return false
        }
        return value
    }

    /// Rows changed by the last INSERT, UPDATE or DELETE.
    package var changes: Int { Int(sqlite3_changes64(handle)) }

    /// Whether a transaction is open.
    package var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// From now on statements may not change the schema, attach files or change settings.
    package func restrict(_ on: Bool) throws(SQLiteError) {
        // A statement prepared under the other rule would keep it.
        for statement in statements.values { sqlite3_finalize(statement) }
        statements = [:]
        try check(csqlite_restrict(handle, on ? 1 : 0))
    }

    /// Changes how long a statement waits for another process's lock, in milliseconds.
    package func setBusyTimeout(_ milliseconds: Int) {
        sqlite3_busy_timeout(handle, Int32(milliseconds))
    }

    /// Copies the whole database into `path`, which must be an existing empty file, as one
    /// consistent snapshot (https://sqlite.org/backup.html).
    package func backup(to path: String) throws(SQLiteError) {
        precondition(path.hasPrefix("/"), "database paths are absolute")
        var target: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE
        let code = sqlite3_open_v2(path, &target, flags, "unix")
        defer { sqlite3_close_v2(target) }
        guard code == SQLITE_OK, let target else {
            throw SQLiteError(code: code, message: "the backup file cannot be opened")
        }
        guard let copy = sqlite3_backup_init(target, "main", handle, "main") else {
            throw SQLiteError(code: sqlite3_extended_errcode(target), message: "backup")
        }
        let stepped = sqlite3_backup_step(copy, -1)
        let finished = sqlite3_backup_finish(copy)
        guard stepped == SQLITE_DONE, finished == SQLITE_OK else {
            throw SQLiteError(code: finished == SQLITE_OK ? stepped : finished, message: "backup")
        }
    }

    /// The number of the SQLite library, for example `3.40.1`.
    package static var version: String { String(cString: sqlite3_libversion()) }

    // MARK: -

    private func configure(_ access: Access) throws(SQLiteError) {
        for (option, on) in [
            (SQLITE_DBCONFIG_DEFENSIVE, 1), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
            (SQLITE_DBCONFIG_DQS_DML, 0), (SQLITE_DBCONFIG_DQS_DDL, 0),
            (SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0),
            (SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0), (SQLITE_DBCONFIG_ENABLE_TRIGGER, 1),
        ] as [(Int32, Int32)] {
            try check(csqlite_db_config(handle, option, on))
        }
        var settings: [(name: String, value: String)] = [
            ("foreign_keys", "1"), ("recursive_triggers", "1"), ("secure_delete", "1"),
            ("cell_size_check", "1"), ("mmap_size", "0"), ("temp_store", "2"),
            ("trusted_schema", "0"), ("synchronous", "3"),
        ]
        switch access {
        case .readWrite: settings.append(("journal_mode", "delete"))
        case .readOnly: settings.append(("query_only", "1"))
        }
        for setting in settings {
            try execute("PRAGMA \(setting.name) = \(setting.value)")
            let found = try pragma(setting.name)
            // With mmap compiled out the pragma answers nothing, which is what is wanted.
            guard found == setting.value || (setting.name == "mmap_size" && found == nil) else {
                throw SQLiteError(
                    code: SQLITE_MISUSE,
                    message: "PRAGMA \(setting.name) is \(found ?? "absent"), not \(setting.value)")
            }
        }
        for (limit, value) in [
            (SQLITE_LIMIT_LENGTH, 4 << 20), (SQLITE_LIMIT_SQL_LENGTH, 100_000),
            (SQLITE_LIMIT_ATTACHED, 0), (SQLITE_LIMIT_TRIGGER_DEPTH, 10),
            (SQLITE_LIMIT_EXPR_DEPTH, 50), (SQLITE_LIMIT_COLUMN, 100),
        ] as [(Int32, Int32)] {
            sqlite3_limit(handle, limit, value)
        }
    }

    /// What a PRAGMA says, as text; nil when it says nothing.
    package func pragma(_ name: String) throws(SQLiteError) -> String? {
        do {
            return try first("PRAGMA \(name)") { $0.text(0) }
        } catch let error as SQLiteError {
            throw error
        } catch {
            preconditionFailure("only SQLite fails here")
        }
    }

    private func bound(_ sql: String, _ parameters: [Value]) throws(SQLiteError) -> OpaquePointer {
        let statement = try prepared(sql)
        precondition(
            Int(sqlite3_bind_parameter_count(statement)) == parameters.count,
            "a parameter is missing or too many")
        for (index, value) in parameters.enumerated() {
            try check(bind(value, to: statement, at: Int32(index + 1)))
        }
        return statement
    }

    private func prepared(_ sql: String) throws(SQLiteError) -> OpaquePointer {
        if let cached = statements[sql] {
            // A statement that is still being stepped (a query inside a query) is not shared.
            precondition(sqlite3_stmt_busy(cached) == 0, "a statement was used inside itself")
            return cached
        }
        var made: OpaquePointer?
        try check(
            sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &made, nil))
        guard let made else { preconditionFailure("an empty statement") }
        statements[sql] = made
        return made
    }

    private func bind(_ value: Value, to statement: OpaquePointer, at index: Int32) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(statement, index)
        case .integer(let integer): return sqlite3_bind_int64(statement, index, integer)
        case .text(var text):
            return text.withUTF8 {
                csqlite_bind_text(statement, index, $0.baseAddress, Int32($0.count))
            }
        case .blob(let bytes):
            return bytes.withUnsafeBufferPointer {
                csqlite_bind_blob(statement, index, $0.baseAddress, Int32($0.count))
            }
        }
    }

    private func check(_ code: Int32) throws(SQLiteError) {
        guard code == SQLITE_OK else { throw failure(code) }
    }

    private func failure(_ code: Int32) -> SQLiteError {
        SQLiteError(code: code, message: String(cString: sqlite3_errmsg(handle)))
    }
}
