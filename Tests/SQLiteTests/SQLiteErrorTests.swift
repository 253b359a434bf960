import Glibc
import SQLite
import TestSupport
import Testing

struct SQLiteErrorTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(arguments: [
        "INSERT INTO t VALUES (1, 'x')", "INSERT INTO t VALUES (2, NULL)",
        "INSERT INTO t VALUES (3, '')", "UPDATE t SET x = 'y'", "INSERT INTO t VALUES (4, x'00')",
    ])
    func `what a constraint or a trigger refuses is a constraint`(_ sql: String) throws {
        let database = try directory.database()
        try database.execute(
            """
            CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT NOT NULL CHECK (x != '')) STRICT;
            CREATE TRIGGER g BEFORE UPDATE ON t BEGIN SELECT RAISE(ABORT, 'append-only'); END;
            INSERT INTO t VALUES (1, 'x');
            """)
        let error = #expect(throws: SQLiteError.self) { try database.run(sql) }
        #expect(error.map(kinds) == ["constraint"])
    }

    @Test func `a file that is no database is damaged`() throws {
        try directory.make("db", String(repeating: "no database ", count: 100))
        let error = #expect(throws: SQLiteError.self) { try directory.database() }
        #expect(error.map(kinds) == ["damaged"])
    }

    @Test func `a database whose pages were changed is damaged`() throws {
        let database = try directory.database()
        try database.execute("CREATE TABLE t(x); INSERT INTO t VALUES (1)")
        let file = open(directory.file("db"), O_WRONLY)
        let page = [UInt8](repeating: 0xff, count: 4096)
        #expect(pwrite(file, page, page.count, 4096) == 4096)
        close(file)
        let again = try directory.database()
        let error = #expect(throws: SQLiteError.self) { try again.all("SELECT x FROM t") { _ in } }
        #expect(error.map(kinds) == ["damaged"])
    }

    @Test func `a database that may not grow is full`() throws {
        let database = try directory.database()
        try database.execute("CREATE TABLE t(x); PRAGMA max_page_count = 10")
        let error = #expect(throws: SQLiteError.self) {
            try database.run("INSERT INTO t VALUES (zeroblob(100000))")
        }
        #expect(error.map(kinds) == ["full"])
    }

    @Test func `a write that the system refuses is an input or output error`() async throws {
        let path = try directory.make("db")
        await #expect(processExitsWith: .success) { [path = path as String] in
            let database = try Database(path: path, access: .readWrite, busyTimeout: 0)
            try database.execute("CREATE TABLE t(x)")
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 16_384, rlim_max: 16_384)
            try #require(setrlimit(__rlimit_resource_t(1), &limit) == 0)  // RLIMIT_FSIZE
            let error = #expect(throws: SQLiteError.self) {
                try database.run("INSERT INTO t VALUES (zeroblob(100000))")
            }
            #expect(error.map(kinds) == ["input-output"])
            // It was rolled back, and the connection goes on.
            #expect(try database.all("SELECT x FROM t") { $0.int(0) } == [])
        }
    }

    @Test func `an error quotes no value that was bound`() throws {
        let database = try directory.database()
        try database.execute("CREATE TABLE t(x TEXT UNIQUE CHECK (length(x) < 30)) STRICT")
        try database.run("INSERT INTO t VALUES (?)", ["canary"])
        for value in ["canary", String(repeating: "canary", count: 9)] {
            let error = #expect(throws: SQLiteError.self) {
                try database.run("INSERT INTO t VALUES (?)", [.text(value)])
            }
            #expect(error?.description.contains("canary") == false)
            #expect(error?.description.hasPrefix("SQLite: ") == true)
        }
    }

    @Test func `an error of the statement itself is of no kind`() throws {
        let database = try directory.database()
        let error = #expect(throws: SQLiteError.self) { try database.run("SELEC 1") }
        #expect(error.map(kinds) == [])
        #expect(error?.message.contains("syntax error") == true)
    }
}

/// The kinds that an error claims to be.
private func kinds(_ error: SQLiteError) -> [String] {
    [
        (error.isBusy, "busy"), (error.isFull, "full"), (error.isInputOutput, "input-output"),
        (error.isConstraint, "constraint"), (error.isDamaged, "damaged"),
        (error.isReadOnly, "read-only"), (error.cannotOpen, "cannot-open"),
    ].filter(\.0).map(\.1)
}
