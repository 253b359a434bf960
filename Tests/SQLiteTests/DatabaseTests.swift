import SQLite
import TestSupport
import Testing

struct DatabaseTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(arguments: [
        ("foreign_keys", "1"), ("recursive_triggers", "1"), ("secure_delete", "1"),
        ("cell_size_check", "1"), ("temp_store", "2"), ("trusted_schema", "0"),
        ("synchronous", "3"), ("journal_mode", "delete"), ("query_only", "0"),
        ("encoding", "UTF-8"), ("writable_schema", "0"),
    ])
    func `each setting is what the trail relies on`(_ name: String, _ value: String) throws {
        #expect(try directory.database().pragma(name) == value)
    }

    @Test func `pages are read and never mapped`() throws {
        // An input error must be an error and not a signal.
        #expect(["0", nil].contains(try directory.database().pragma("mmap_size")))
    }

    @Test func `a file in another journal mode is brought back to ours`() throws {
        try directory.database().execute("PRAGMA journal_mode = WAL; CREATE TABLE t(x)")
        #expect(try directory.database().pragma("journal_mode") == "delete")
        #expect(directory.names == ["db"])
    }

    @Test func `a reader may not write, nor make itself a writer once restricted`() throws {
        let writer = try directory.database()
        try writer.execute("CREATE TABLE t(x); INSERT INTO t VALUES (1)")
        let reader = try directory.database(.readOnly)
        #expect(try reader.pragma("query_only") == "1")
        #expect(try reader.all("SELECT x FROM t") { $0.int(0) } == [1])
        for sql in ["INSERT INTO t VALUES (2)", "DELETE FROM t", "DROP TABLE t"] {
            let error = #expect(throws: SQLiteError.self, "\(sql)") { try reader.run(sql) }
            #expect(error?.isReadOnly == true, "\(sql)")
        }
        try reader.restrict(true)
        #expect(throws: SQLiteError.self) { try reader.execute("PRAGMA query_only = 0") }
        #expect(try writer.all("SELECT x FROM t") { $0.int(0) } == [1])
    }

    @Test(arguments: [Database.Access.readWrite, .readOnly])
    func `a missing file is not created`(_ access: Database.Access) throws {
        let error = #expect(throws: SQLiteError.self) {
            _ = try Database(path: directory.file("none"), access: access, busyTimeout: 0)
        }
        #expect(error?.cannotOpen == true)
        #expect(directory.names == [])
    }

    @Test func `a path that is not absolute stops the program`() async {
        await #expect(processExitsWith: .failure) {
            // SQLite would take it for a URI, and open an empty database without an error.
            _ = try? Database(path: "file:x.db?mode=memory", access: .readWrite, busyTimeout: 0)
        }
    }

    @Test func `a name that looks like a URI is a name`() throws {
        for name in ["file:db?mode=memory", "db?vfs=none#x", "%64b"] {
            let path = try directory.make(name)
            let database = try Database(path: path, access: .readWrite, busyTimeout: 0)
            try database.execute("CREATE TABLE t(x)")
            #expect(directory.text(name)?.hasPrefix("SQLite format 3\u{0}") == true, "\(name)")
        }
    }

    @Test func `symbolic links are refused in the name and on the way`() throws {
        try directory.makeDirectory("real")
        try directory.make("real/db")
        try directory.link("linked", to: directory.file("real"))
        try directory.link("link", to: directory.file("real/db"))
        for name in ["linked/db", "link"] {
            let error = #expect(throws: SQLiteError.self, "\(name)") {
                _ = try Database(path: directory.file(name), access: .readWrite, busyTimeout: 0)
            }
            #expect(error?.cannotOpen == true, "\(name)")
        }
        #expect(throws: Never.self) {
            _ = try Database(path: directory.file("real/db"), access: .readWrite, busyTimeout: 0)
        }
    }

    @Test func `a file layer that is not there is an error`() throws {
        try directory.make("db")
        #expect(throws: SQLiteError.self) {
            _ = try Database(
                path: directory.file("db"), access: .readWrite, busyTimeout: 0, vfs: "none")
        }
    }

    // MARK: - What statements may do

    @Test(arguments: [
        "ATTACH 'x' AS other", "DETACH main", "CREATE TABLE u(x)", "CREATE TEMP TABLE u(x)",
        "CREATE INDEX i ON t(x)", "CREATE VIEW v AS SELECT 1",
        "CREATE TRIGGER g2 AFTER INSERT ON t BEGIN SELECT 1; END", "DROP TABLE t", "DROP TRIGGER g",
        "ALTER TABLE t RENAME TO u", "ALTER TABLE t ADD COLUMN y", "REINDEX", "ANALYZE", "VACUUM",
        "VACUUM INTO '/tmp/keyturn-never'", "PRAGMA foreign_keys", "PRAGMA foreign_keys = 0",
        "PRAGMA writable_schema = 1", "PRAGMA user_version = 9", "PRAGMA journal_mode = MEMORY",
        "PRAGMA table_info(t)", "PRAGMA query_only = 0",
        "UPDATE sqlite_schema SET sql = '' WHERE name = 'g'",
        "CREATE VIRTUAL TABLE u USING fts5(x)",
    ])
    func `what changes schema, files or settings is denied once restricted`(_ sql: String) throws {
        let database = try directory.database()
        try database.execute(
            "CREATE TABLE t(x UNIQUE); CREATE TRIGGER g AFTER UPDATE ON t BEGIN SELECT 1; END")
        try database.restrict(true)
        #expect(throws: SQLiteError.self) { try database.execute(sql) }
        #expect(throws: SQLiteError.self) { try database.run(sql) }
        try database.restrict(false)
        let names = try database.all("SELECT name FROM sqlite_schema ORDER BY name") { $0.text(0) }
        #expect(names == ["g", "sqlite_autoindex_t_1", "t"])
        #expect(try database.pragma("foreign_keys") == "1")
        #expect(try database.pragma("user_version") == "0")
        #expect(directory.names == ["db"])
    }

    @Test func `rows and transactions are allowed once restricted`() throws {
        let database = try directory.database()
        try database.execute("CREATE TABLE t(x INTEGER)")
        try database.restrict(true)
        try database.run("BEGIN IMMEDIATE")
        try database.run("SAVEPOINT s")
        try database.run("INSERT INTO t VALUES (?), (?)", [1, 2])
        try database.run("UPDATE t SET x = x + 1")
        #expect(database.changes == 2)
        try database.run("DELETE FROM t WHERE x = 2")
        try database.run("RELEASE s")
        try database.run("COMMIT")
        #expect(try database.all("SELECT max(x) FROM t") { $0.int(0) } == [3])
        #expect(try database.first("PRAGMA integrity_check") { $0.text(0) } == "ok")
        #expect(try database.first("PRAGMA quick_check") { $0.text(0) } == "ok")
    }

    @Test func `a statement that was prepared before is not allowed after`() throws {
        let database = try directory.database()
        let sql = "CREATE TABLE IF NOT EXISTS t(x)"
        try database.run(sql)
        try database.restrict(true)
        #expect(throws: SQLiteError.self) { try database.run(sql) }
        try database.restrict(false)
        #expect(throws: Never.self) { try database.run(sql) }
    }

    @Test(arguments: [
        "ATTACH ':memory:' AS other", "SELECT \"no such column\"", "SELECT load_extension('x')",
        "SELECT fts3_tokenizer('x', x'00')",
        "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = ''",
    ])
    func `doors that SQLite leaves open are shut from the beginning`(_ sql: String) throws {
        let database = try directory.database()
        try database.execute("CREATE TABLE t(x)")
        #expect(throws: SQLiteError.self) { try database.execute(sql) }
    }

    @Test func `what SQLite would read has a limit`() throws {
        let database = try directory.database()
        let columns = (1...101).map { "c\($0)" }
        try database.execute("CREATE TABLE t(\(columns.prefix(100).joined(separator: ",")))")
        for sql in [
            "CREATE TABLE u(\(columns.joined(separator: ",")))",
            "SELECT " + String(repeating: " ", count: 100_000) + "1",
            "SELECT " + String(repeating: "(", count: 60) + "1" + String(repeating: ")", count: 60)
                + String(repeating: "+1", count: 60),
        ] {
            #expect(throws: SQLiteError.self, "\(sql.prefix(30))") { try database.execute(sql) }
        }
    }

    @Test func `a replaced row counts as deleted, and references hold`() throws {
        let database = try directory.database()
        try database.execute(
            """
            CREATE TABLE t(id INTEGER PRIMARY KEY, x);
            CREATE TABLE child(t INTEGER REFERENCES t(id));
            CREATE TRIGGER g BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'append-only'); END;
            INSERT INTO t VALUES (1, 'a');
            """)
        for sql in ["REPLACE INTO t VALUES (1, 'b')", "INSERT INTO child VALUES (2)"] {
            let error = #expect(throws: SQLiteError.self) { try database.run(sql) }
            #expect(error?.isConstraint == true, "\(sql)")
        }
        #expect(try database.first("SELECT x FROM t") { $0.text(0) } == "a")
    }

    @Test func `what was deleted is overwritten in the file`() throws {
        let database = try directory.database()
        let canary = String(repeating: "canary", count: 50)
        try database.execute("CREATE TABLE t(x)")
        try database.run("INSERT INTO t VALUES (?)", [.text(canary)])
        #expect(directory.text("db")?.contains(canary) == true)
        try database.run("DELETE FROM t")
        #expect(directory.text("db")?.contains("canary") == false)
    }

    // MARK: - Several connections

    @Test func `a second writer is told that it must wait`() throws {
        let first = try directory.database()
        let second = try directory.database()
        try first.execute("CREATE TABLE t(x)")
        try first.run("BEGIN IMMEDIATE")
        #expect(first.isInTransaction)
        #expect(!second.isInTransaction)
        let error = #expect(throws: SQLiteError.self) { try second.run("BEGIN IMMEDIATE") }
        #expect(error?.isBusy == true)
        #expect(!second.isInTransaction)
        try first.run("INSERT INTO t VALUES (1)")
        try first.run("COMMIT")
        try second.run("BEGIN IMMEDIATE")
        #expect(try second.all("SELECT x FROM t") { $0.int(0) } == [1])
        try second.run("ROLLBACK")
    }

    @Test func `a reader in the middle of its rows keeps a commit waiting`() throws {
        let writer = try directory.database()
        try writer.execute("CREATE TABLE t(x); INSERT INTO t VALUES (1), (2)")
        let reader = try directory.database(.readOnly)
        try reader.forEach("SELECT x FROM t") { _ in
            let error = #expect(throws: SQLiteError.self) {
                try writer.run("INSERT INTO t VALUES (3)")
            }
            #expect(error?.isBusy == true)
            return false
        }
        // The rows were left, so the lock is gone.
        try writer.run("INSERT INTO t VALUES (3)")
        #expect(try reader.all("SELECT x FROM t") { $0.int(0) } == [1, 2, 3])
    }

    @Test func `a backup is a whole copy, made under restriction too`() throws {
        let database = try directory.database()
        try database.execute("CREATE TABLE t(x)")
        try database.run("INSERT INTO t VALUES (?)", [.blob([1, 0, 2])])
        try database.restrict(true)
        let path = try directory.make("copy")
        try database.backup(to: path)
        let copy = try Database(path: path, access: .readOnly, busyTimeout: 0)
        #expect(try copy.first("SELECT x FROM t") { $0.bytes(0) } == [1, 0, 2])
        #expect(try copy.first("PRAGMA integrity_check") { $0.text(0) } == "ok")
        #expect(directory.names == ["copy", "db"])
    }

    @Test func `a backup is refused where no file is, and while another writes`() throws {
        let database = try directory.database()
        try database.execute("CREATE TABLE t(x)")
        let missing = #expect(throws: SQLiteError.self) {
            try database.backup(to: directory.file("none"))
        }
        #expect(missing?.cannotOpen == true)
        let path = try directory.make("copy")
        try directory.link("link", to: path)
        #expect(throws: SQLiteError.self) { try database.backup(to: directory.file("link")) }
        let writer = try directory.database()
        try writer.run("BEGIN EXCLUSIVE")
        let busy = #expect(throws: SQLiteError.self) { try database.backup(to: path) }
        #expect(busy?.isBusy == true)
        #expect(directory.text("copy") == "")
        #expect(directory.names == ["copy", "db", "link"])
    }
}

extension TemporaryDirectory {
    /// A connection to `db` in the directory, which is made if it is not there.
    func database(_ access: Database.Access = .readWrite) throws -> Database {
        if !names.contains("db") { try make("db") }
        return try Database(path: file("db"), access: access, busyTimeout: 0)
    }
}
