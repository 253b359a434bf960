import Files
import Testing
import TestSupport

@testable import Storage

/// The schema is the files of `migrations/`, and a database is brought to it or refused.
@Suite struct MigrationsTests {
    private static let folder =
        #filePath.split(separator: "/").dropLast(3)
        .reduce("") { $0 + "/" + $1 } + "/migrations"

    /// This program's schema and a step that it does not have yet.
    private static func later(_ sql: String) -> Migrations {
        Migrations(
            steps: Migrations.shipped.steps + [Migrations.Step(name: "v999_later", sql: sql)])
    }

    /// The version of a database that this program makes.
    private static let known = Migrations.shipped.steps.count

    private let good = later("CREATE TABLE pocket(a INTEGER NOT NULL) STRICT;\n")

    @Test func `the program carries the files of migrations, in their order`() throws {
        let names = try Directory.names(Self.folder).filter { $0.hasSuffix(".sql") }
        #expect(Migrations.shipped.steps.map { $0.name + ".sql" } == names)
        for step in Migrations.shipped.steps {
            #expect(step.sql == TemporaryDirectory.text(at: "\(Self.folder)/\(step.name).sql"))
        }
    }

    @Test func `a newer database is refused and left alone`() async throws {
        let state = try TestState(migrations: good)
        let before = state.directory.text("state/keyturn.db")
        await #expect(throws: StorageError.newer(found: Self.known + 1, known: Self.known)) {
            _ = try await state.open()
        }
        #expect(state.directory.text("state/keyturn.db") == before)
    }

    @Test func `a database of another program is refused`() async throws {
        let state = try TestState()
        try state.raw().execute("PRAGMA application_id = 7")
        await #expect(throws: StorageError.notOurs(path: state.place.database)) {
            _ = try await state.open()
        }
    }

    @Test func `an older one is copied, then brought to the schema with an entry`() async throws {
        let state = try TestState()
        try await state.fill()
        let environment = state.environment(migrations: good)
        await #expect(throws: StorageError.older(found: Self.known, known: Self.known + 1)) {
            _ = try await Store.open(state.place, access: .readOnly, environment: environment)
        }

        let migrated = try await state.migrate(to: good)
        let copy = try #require(migrated)

        let store = try await Store.open(
            state.place, access: .readOnly, environment: environment)
        let newest = try await store.entries(EntryFilter()).first
        #expect(newest?.entry.projection.type == "state.migrated")
        #expect(newest?.entry.members["schema"]?.integer == Int64(Self.known + 1))
        #expect(try await store.verify().findings == [])
        let old = try RawDatabase(copy)
        #expect(try old.column("PRAGMA user_version") == ["\(Self.known)"])
        #expect(try old.column("SELECT count(*) FROM audit_entry") == ["9"])
        #expect(try PlainFile.state(copy)?.mode == 0o600)
    }

    @Test(arguments: [
        "CREATE TABLE pocket(a) STRICT;", "CREATE TABLE pocket(a INTEGER); NONSENSE;",
        "INSERT INTO installation VALUES (1, 'x', 0);",
    ])
    func `a step that fails leaves the old schema and the copy`(_ sql: String) async throws {
        let state = try TestState()
        try await state.fill()
        do {
            _ = try await state.migrate(to: Self.later(sql))
            Issue.record("it migrated")
        } catch let error as StorageError {
            guard case .notMigrated(let copy, _) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(try RawDatabase(copy).column("PRAGMA user_version") == ["\(Self.known)"])
        }
        #expect(try state.raw().column("PRAGMA user_version") == ["\(Self.known)"])
        #expect(try await state.findings() == [])
    }

    @Test(arguments: 1..<Migrations.shipped.steps.count)
    func `a state of any earlier schema is brought to the present one`(_ version: Int) async throws
    {
        let state = try TestState(schema: version)

        _ = try await state.migrate(to: .shipped)

        #expect(try state.raw().column("PRAGMA user_version") == ["\(Self.known)"])
        #expect(try await state.findings() == [])
        try await state.fill()
        #expect(try await state.findings() == [])
    }

    @Test func `another key migrates nothing`() async throws {
        let state = try TestState()
        let other = try TestState()
        await #expect(throws: StorageError.self) {
            _ = try await state.migrate(to: good, keyOf: other)
        }
        #expect(try state.raw().column("PRAGMA user_version") == ["\(Self.known)"])
    }

    @Test func `the second of two migrations finds nothing to do`() async throws {
        let state = try TestState()
        _ = try await state.migrate(to: good)
        #expect(try await state.migrate(to: good) == nil)
    }
}
