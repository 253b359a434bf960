import SQLite
import TestSupport
import Testing

struct RowTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(
        arguments: [
            .null, .integer(0), .integer(.max), .integer(.min), .text(""), .text("räder 🔑"),
            .text("a\u{0}b\u{0}"), .text(String(repeating: "x", count: 1 << 20)), .blob([]),
            .blob([0]), .blob([0, 1, 255, 0]), .blob([UInt8](repeating: 7, count: 1 << 20)),
        ] as [Value])
    func `a value is read back as it was bound`(_ value: Value) throws {
        let database = try directory.database()
        try database.execute("CREATE TABLE t(x) STRICT".replacing("(x)", with: "(x ANY)"))
        try database.run("INSERT INTO t VALUES (?)", [value])
        let found = try database.first("SELECT x, typeof(x), length(CAST(x AS BLOB)) FROM t") {
            ($0.value(as: value), $0.text(1), $0.optionalInt(2))
        }
        let (read, type, count) = try #require(found)
        #expect(read == value)
        switch value {
        case .null: #expect(type == "null" && count == nil)
        case .integer: #expect(type == "integer")
        case .text(let text): #expect(type == "text" && count == text.utf8.count)
        case .blob(let bytes): #expect(type == "blob" && count == bytes.count)
        }
    }

    @Test func `what is larger than 4 MiB is refused and the connection goes on`() throws {
        let database = try directory.database()
        try database.execute("CREATE TABLE t(x)")
        #expect(throws: SQLiteError.self) {
            try database.run(
                "INSERT INTO t VALUES (?)", [.blob([UInt8](repeating: 7, count: (4 << 20) + 1))])
        }
        try database.run(
            "INSERT INTO t VALUES (?)", [.blob([UInt8](repeating: 7, count: 4_000_000))])
        #expect(try database.first("SELECT length(x) FROM t") { $0.int(0) } == 4_000_000)
    }

    @Test func `NULL is nil and nothing else is`() throws {
        let database = try directory.database()
        let sql = "SELECT NULL, 0, '', x''"
        let nils = try database.first(sql) { row in (0..<4).map { row.isNull($0) } }
        #expect(nils == [true, false, false, false])
        let integers = try database.first(sql) { ($0.optionalInteger(0), $0.optionalInteger(1)) }
        #expect(integers?.0 == nil)
        #expect(integers?.1 == 0)
        let texts = try database.first(sql) { ($0.optionalText(0), $0.optionalText(2)) }
        #expect(texts?.0 == nil)
        #expect(texts?.1 == "")
        let blobs = try database.first(sql) { ($0.optionalBytes(0), $0.optionalBytes(3)) }
        #expect(blobs?.0 == nil)
        #expect(blobs?.1 == [])
    }

    @Test func `nil binds NULL and the literals what they say`() throws {
        let database = try directory.database()
        let types = try database.first(
            "SELECT typeof(?), typeof(?), typeof(?), typeof(?), typeof(?), typeof(?), ?",
            [
                Value(nil as Int?), Value(nil as String?), Value(nil as [UInt8]?), nil, 5, "x",
                Value(true),
            ]
        ) { row in (0..<7).map { row.text($0) } }
        #expect(types == ["null", "null", "null", "null", "integer", "text", "1"])
    }

    @Test func `bytes are lent without a copy`() throws {
        let database = try directory.database()
        let sum = try database.first("SELECT x'010203', 'abc', x'', NULL") { row in
            (0..<4).map { column in
                row.withBytes(column) { bytes in bytes.indices.reduce(0) { $0 + Int(bytes[$1]) } }
            }
        }
        #expect(sum == [6, 97 + 98 + 99, 0, 0])
    }

    @Test func `text that is not UTF-8 is repaired as text and kept as bytes`() throws {
        let database = try directory.database()
        let found = try database.first("SELECT CAST(x'61ff62' AS TEXT)") {
            ($0.bytes(0), $0.text(0))
        }
        #expect(found?.0 == [0x61, 0xff, 0x62])
        #expect(found?.1 == "a\u{fffd}b")
    }

    @Test func `rows end when the body says so, and a statement may be used again`() throws {
        let database = try directory.database()
        try database.execute("CREATE TABLE t(x); INSERT INTO t VALUES (1), (2), (3)")
        let sql = "SELECT x FROM t ORDER BY x"
        var seen: [Int] = []
        try database.forEach(sql) {
            seen.append($0.int(0))
            return seen.count < 2
        }
        #expect(seen == [1, 2])
        #expect(throws: TestFailure.self) {
            try database.forEach(sql) { _ in throw TestFailure.system(0) }
        }
        #expect(try database.all(sql) { $0.int(0) } == [1, 2, 3])
        #expect(try database.first("SELECT x FROM t WHERE x = ?", [9]) { $0.int(0) } == nil)
    }

    @Test func `a query may ask another in the middle of its rows`() throws {
        let database = try directory.database()
        try database.execute("CREATE TABLE t(x); INSERT INTO t VALUES (1), (2)")
        let squares = try database.all("SELECT x FROM t") { row in
            try database.first("SELECT ?1 * ?1", [.integer(row.integer(0))]) { $0.int(0) }
        }
        #expect(squares == [1, 4])
    }
}

extension Row {
    /// The first column, read as the kind that was bound.
    fileprivate func value(as kind: Value) -> Value {
        switch kind {
        case .null: isNull(0) ? .null : "not null"
        case .integer: .integer(integer(0))
        case .text: .text(text(0))
        case .blob: .blob(bytes(0))
        }
    }
}
