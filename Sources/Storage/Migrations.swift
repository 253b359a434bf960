import CMigrations
import SQLite

/// The schema, as the steps that led to it. A database's version is the number of steps it took.
package struct Migrations: Sendable {
    /// One file of `migrations/`.
    package struct Step: Sendable {
        /// The file's name without its ending.
        package let name: String
        package let sql: String

        package init(name: String, sql: String) {
            self.name = name
            self.sql = sql
        }
    }

    package let steps: [Step]

    package init(steps: [Step]) { self.steps = steps }

    /// What this program was built with.
    package static let shipped = Migrations(
        steps: (0..<cmigrations_count).map { index in
            let migration = unsafe cmigration_at(index).pointee
            let bytes = unsafe UnsafeBufferPointer(start: migration.sql, count: migration.length)
            return unsafe Step(
                name: String(cString: migration.name),
                sql: String(decoding: bytes, as: UTF8.self))
        })

    /// `kytn`: SQLite's application id of our databases.
    static let applicationID = 0x6b79_746e

    /// From this version on a state has an anchor file.
    static let firstWithAnchors = 3

    /// The version that this program knows.
    var current: Int { steps.count }

    /// Takes an open transaction from `version` to the newest.
    func apply(to database: Database, from version: Int) throws {
        for step in steps[version...] { try database.execute(step.sql) }
        try database.execute("PRAGMA user_version = \(current)")
        try database.execute("PRAGMA application_id = \(Self.applicationID)")
    }

    /// The statements of every table, index and trigger that the steps lead to, by name.
    func schema() throws(StorageError) -> [String: String] {
        do {
            let database = try Database()
            for step in steps { try database.execute(step.sql) }
            return try Self.schema(of: database)
        } catch {
            throw StorageError(error)
        }
    }

    /// The same of a database.
    static func schema(of database: Database) throws -> [String: String] {
        let rows = try database.all(
            "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
        ) { ($0.text(0), $0.text(1)) }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    /// The version of a database.
    static func version(of database: Database) throws -> Int {
        Int(try database.pragma("user_version") ?? "0") ?? 0
    }

    /// Whether the database is one of ours.
    static func isOurs(_ database: Database) throws -> Bool {
        try database.pragma("application_id") == String(applicationID)
    }
}
