import Audit
import OpenSSL
import Rotations
import SQLite

/// The rows of one secret, or of the state itself, as one hash. The last entry about them says it
/// (`Sources/Audit/FORMAT.md`): whoever edits any column of any table and leaves the trail alone is
/// found, whatever tables and columns come.
struct TableRows {
    /// Rows in one order, without the columns that change between entries.
    private struct Part {
        let table: String
        let clause: String
        var omitting: Set<String> = []
    }

    private static let ofSecret = [
        // When it comes due is computed from the rest, each day anew.
        Part(
            table: "secret", clause: "WHERE id = ?",
            omitting: ["due_at_ms", "due_why", "must_be_before_ms"]),
        Part(table: "identity", clause: "WHERE secret_id = ? ORDER BY api_host, kind, provider_id"),
        // Entries of their own say what these are, and applying the file mends them.
        Part(
            table: "policy", clause: "WHERE secret_id = ?",
            omitting: ["document", "paused_until_ms", "paused_reason"]),
        Part(table: "policy_label", clause: "WHERE secret_id = ? ORDER BY key"),
        Part(table: "version", clause: "WHERE secret_id = ? ORDER BY number"),
        // Notes for recovery, made beside the intent.
        Part(
            table: "delivery", clause: "WHERE secret_id = ? ORDER BY version, destination",
            omitting: ["process", "temporary"]),
        Part(table: "reaction", clause: "WHERE secret_id = ? ORDER BY action"),
        Part(table: "rotation", clause: "WHERE secret_id = ? ORDER BY id"),
        Part(
            table: "effect",
            clause:
                "WHERE rotation_id IN (SELECT id FROM rotation WHERE secret_id = ?) ORDER BY id"),
    ]

    private static let ofState = [
        Part(table: "installation", clause: ""),
        // Each sealing counts.
        Part(table: "root_key", clause: "ORDER BY id", omitting: ["wraps"]),
        Part(table: "signing_key", clause: "ORDER BY epoch, number"),
        Part(table: "connection", clause: "ORDER BY name"),
        Part(table: "admin", clause: "ORDER BY connection, name"),
        Part(
            table: "setting", clause: "WHERE name IN ('anchors', 'freezes', 'notify') ORDER BY name"
        ),
        Part(table: "incident", clause: "ORDER BY id"),
        Part(table: "administration", clause: "ORDER BY id"),
        Part(table: "audit_cosignature", clause: "ORDER BY size, key"),
    ]

    private var bytes: [UInt8] = []

    private init(_ parts: [Part], _ values: [Value], in database: Database) throws {
        for part in parts { try add(part, values, in: database) }
    }

    /// SHA-256 over all rows about a secret; of nothing, where there is none.
    /// - Parameter secret: its id.
    static func digest(of secret: String, in database: Database) throws -> [UInt8] {
        SHA256.hash(try TableRows(ofSecret, [.text(secret)], in: database).bytes)
    }

    /// SHA-256 over all rows that are about no secret.
    static func digestOfState(in database: Database) throws -> [UInt8] {
        SHA256.hash(try TableRows(ofState, [], in: database).bytes)
    }

    /// A line for each row: the table's name, then ` column=value` for each that is not NULL, values
    /// as SQLite's `quote()` writes them. A column that a later schema adds changes nothing until
    /// it holds something.
    private mutating func add(_ part: Part, _ values: [Value], in database: Database) throws {
        var columns: [(index: Int, label: [UInt8])] = []
        try database.forEach("SELECT * FROM \(part.table) \(part.clause)", values) { row in
            if columns.isEmpty {
                columns = row.names.enumerated()
                    .filter { !part.omitting.contains($0.element) }
                    .map { ($0.offset, Array(" \($0.element)=".utf8)) }
            }
            bytes += part.table.utf8
            for column in columns where !row.isNull(column.index) {
                bytes += column.label
                quote(row.value(column.index))
            }
            bytes.append(UInt8(ascii: "\n"))
            return true
        }
    }

    private mutating func quote(_ value: Value) {
        let apostrophe = UInt8(ascii: "'")
        switch value {
        case .null: bytes += "NULL".utf8
        case .integer(let number): bytes += String(number).utf8
        case .text(let text):
            bytes.append(apostrophe)
            for byte in text.utf8 {
                if byte == apostrophe { bytes.append(apostrophe) }
                bytes.append(byte)
            }
            bytes.append(apostrophe)
        case .blob(let blob): bytes += "X'\(hexadecimal(blob).uppercased())'".utf8
        }
    }
}
