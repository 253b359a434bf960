import Audit
import Rotations
import SQLite
import Vault

/// An entry as it is stored.
package struct StoredEntry: Sendable {
    package let entry: Entry
    package let hash: [UInt8]
}

/// Which entries to list.
package struct EntryFilter: Sendable {
    package var secret: Identifier?
    package var type: String?
    package var outcome: OutcomeWord?
    package var run: Identifier?
    package var rotation: Identifier?
    package var from: Timestamp?
    package var to: Timestamp?
    /// Only entries before this one.
    package var before: Int?
    package var limit = 50

    package init() {}
}

extension Store {
    /// The newest entries that pass the filter, the newest first.
    package func entries(_ filter: EntryFilter) throws(StorageError) -> [StoredEntry] {
        var conditions: [String] = []
        var values: [Value] = []
        func add(_ condition: String, _ value: Value?) {
            guard let value else { return }
            conditions.append(condition)
            values.append(value)
        }
        add("secret_id = ?", (filter.secret?.text).map(Value.text))
        add("type = ?", filter.type.map(Value.text))
        add("outcome = ?", (filter.outcome?.rawValue).map(Value.text))
        add("run_id = ?", (filter.run?.text).map(Value.text))
        add("rotation_id = ?", (filter.rotation?.text).map(Value.text))
        add("time_ms >= ?", (filter.from?.milliseconds).map(Value.integer))
        add("time_ms < ?", (filter.to?.milliseconds).map(Value.integer))
        add("seq < ?", filter.before.map { .integer(Int64($0)) })
        let clause = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let (sql, bound, limit) = (
            "SELECT leaf, hash FROM audit_entry \(clause) ORDER BY seq DESC LIMIT ?", values,
            Int64(filter.limit)
        )
        return try read { database in
            try database.all(sql, bound + [.integer(limit)]) { row in
                guard let entry = Entry(leaf: row.bytes(0)) else {
                    throw StorageError.damaged("an entry of the audit trail is not one")
                }
                return StoredEntry(entry: entry, hash: row.bytes(1))
            }
        }
    }

    /// The vkeys of all epochs, the newest first.
    package func verifierKeys() throws(StorageError) -> [VerifierKey] {
        try read { try Self.verifierKeys(in: $0) }
    }

    /// The newest checkpoint.
    package func newestCheckpoint() throws(StorageError) -> String? {
        try read { try Self.newestNote(in: $0) }
    }

    /// The number of entries.
    package func entryCount() throws(StorageError) -> Int {
        try read { database in
            try database.first("SELECT coalesce(max(seq) + 1, 0) FROM audit_entry") { $0.int(0) }
                ?? 0
        }
    }
}
