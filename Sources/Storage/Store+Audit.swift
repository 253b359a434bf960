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
    /// Only of secrets whose policies have this label now.
    package var label: (key: String, value: String)?
    package var type: String?
    package var outcome: OutcomeWord?
    package var run: Identifier?
    package var rotation: Identifier?
    package var from: Timestamp?
    package var to: Timestamp?
    /// A user's name or number: whose it ran as, who had logged in, or whom `sudo` claims.
    package var actor: String?
    /// Words of the reason, in small or capital letters.
    package var reason: String?
    /// Only entries from this one on.
    package var start = 0
    /// Only entries before this one.
    package var before: Int?
    package var limit = 50

    package init() {}

    /// The part that no column answers.
    func matches(_ entry: Entry) -> Bool {
        if let reason {
            let text = entry.members["reason"]?.text ?? ""
            guard text.lowercased().contains(reason.lowercased()) else { return false }
        }
        guard let actor else { return true }
        let who = entry.members["actor"]?.members ?? [:]
        let names = [who["user"]?.text, who["claimed"]?.members?["sudo_user"]?.text]
        let numbers = [who["uid"]?.integer, who["login_uid"]?.integer]
        return names.contains(actor) || Int64(actor).map { numbers.contains($0) } ?? false
    }

    /// The part that columns answer.
    var clause: (sql: String, values: [Value]) {
        var conditions = ["seq >= ?", "seq < ?"]
        var values: [Value] = []
        func add(_ condition: String, _ value: Value?...) {
            let given = value.compactMap(\.self)
            guard !given.isEmpty else { return }
            conditions.append(condition)
            values += given
        }
        add("secret_id = ?", (secret?.text).map(Value.text))
        add(
            "secret_id IN (SELECT secret_id FROM policy_label WHERE key = ? AND value = ?)",
            (label?.key).map(Value.text), (label?.value).map(Value.text))
        add("type = ?", type.map(Value.text))
        add("outcome = ?", (outcome?.rawValue).map(Value.text))
        add("run_id = ?", (run?.text).map(Value.text))
        add("rotation_id = ?", (rotation?.text).map(Value.text))
        add("time_ms >= ?", (from?.milliseconds).map(Value.integer))
        add("time_ms < ?", (to?.milliseconds).map(Value.integer))
        return (conditions.joined(separator: " AND "), values)
    }
}

extension Store {
    /// So many entries are looked at in one read, so that no lock is held for long.
    static let window = 20_000

    /// The newest entries that pass the filter, the newest first.
    package func entries(_ filter: EntryFilter) throws(StorageError) -> [StoredEntry] {
        try passing(filter) { $0 }
    }

    /// The places of all entries that pass the filter, whatever its limit, the newest first.
    package func sequences(_ filter: EntryFilter) throws(StorageError) -> [Int] {
        var filter = filter
        filter.limit = .max
        return try passing(filter) { $0.entry.projection.sequence }
    }

    private func passing<T: Sendable>(
        _ filter: EntryFilter, _ make: @Sendable (StoredEntry) -> T
    ) throws(StorageError) -> [T] {
        let clause = filter.clause
        let sql =
            "SELECT leaf, hash FROM audit_entry WHERE \(clause.sql) ORDER BY seq DESC"
        var found: [T] = []
        let count = try entryCount()
        var end = min(filter.before ?? count, count)
        while end > filter.start, found.count < filter.limit {
            let start = max(filter.start, end - Self.window)
            let bounds = [Value.integer(Int64(start)), .integer(Int64(end))]
            let room = filter.limit - found.count
            found += try read { database in
                var part: [T] = []
                try database.forEach(sql, bounds + clause.values) { row in
                    let stored = try Self.storedEntry(row)
                    if filter.matches(stored.entry) { part.append(make(stored)) }
                    return part.count < room
                }
                return part
            }
            end = start
        }
        return found
    }

    /// The entry at this place; nil when there is none.
    package func entry(_ sequence: Int) throws(StorageError) -> StoredEntry? {
        try read { database in
            try database.first(
                "SELECT leaf, hash FROM audit_entry WHERE seq = ?", [.integer(Int64(sequence))],
                Self.storedEntry)
        }
    }

    static func storedEntry(_ row: Row) throws -> StoredEntry {
        guard let entry = Entry(leaf: row.bytes(0)) else {
            throw StorageError.damaged("an entry of the audit trail is not one")
        }
        guard entry.hash == row.bytes(1) else {
            throw StorageError.damaged(
                "entry \(entry.projection.sequence) is not the one that was hashed and signed")
        }
        return StoredEntry(entry: entry, hash: row.bytes(1))
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
