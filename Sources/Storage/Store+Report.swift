import Audit
import Rotations
import SQLite

/// An entry as it is stored, not looked into.
package struct StoredLeaf: Sendable {
    package let leaf: [UInt8]
    /// The hash that is stored beside it.
    package let hash: [UInt8]

    package init(leaf: [UInt8], hash: [UInt8]) {
        self.leaf = leaf
        self.hash = hash
    }
}

/// What a report reads, and the entry that it was made. Every range is one short read.
extension Store {
    /// The entries of these types at these places, in order.
    package func leaves(
        _ range: Range<Int>, of types: [EventType]
    ) throws(StorageError) -> [StoredLeaf] {
        let marks = types.map { _ in "?" }.joined(separator: ", ")
        let bounds = [Value.integer(Int64(range.lowerBound)), .integer(Int64(range.upperBound))]
        return try read { database in
            // Most rows of the range are wanted, so that it is read as it lies; through the index of
            // types it would have to be sorted.
            try database.all(
                """
                SELECT leaf, hash FROM audit_entry
                WHERE seq >= ? AND seq < ? AND +type IN (\(marks)) ORDER BY seq
                """, bounds + types.map { .text($0.rawValue) }, Self.storedLeaf)
        }
    }

    /// The entries about a secret at these places, in order, at most so many.
    package func leaves(
        _ range: Range<Int>, about secret: Identifier, limit: Int
    ) throws(StorageError) -> [StoredLeaf] {
        try read { database in
            try database.all(
                """
                SELECT leaf, hash FROM audit_entry
                WHERE secret_id = ? AND seq >= ? AND seq < ? ORDER BY seq LIMIT ?
                """,
                [
                    .text(secret.text), .integer(Int64(range.lowerBound)),
                    .integer(Int64(range.upperBound)), .integer(Int64(limit)),
                ], Self.storedLeaf)
        }
    }

    /// The newest entry of this type before a place that passes.
    package func newestLeaf(
        of type: EventType, before end: Int, where passes: @Sendable (Entry) -> Bool
    ) throws(StorageError) -> Entry? {
        try read { database in
            var found: Entry?
            try database.forEach(
                "SELECT leaf, hash FROM audit_entry WHERE type = ? AND seq < ? ORDER BY seq DESC",
                [.text(type.rawValue), .integer(Int64(end))]
            ) { row in
                let entry = try Self.storedEntry(row).entry
                if passes(entry) { found = entry }
                return found == nil
            }
            return found
        }
    }

    /// The secrets whose policies have this label now.
    package func secrets(
        labelled label: (key: String, value: String)
    ) throws(StorageError) -> Set<Identifier> {
        let (key, value) = label
        return try read { database in
            Set(
                try database.all(
                    "SELECT secret_id FROM policy_label WHERE key = ? AND value = ?",
                    [.text(key), .text(value)]
                ) { Identifier($0.text(0)) }.compactMap(\.self))
        }
    }

    /// The freezes of today, and the SHA-256 by which the trail names them.
    package func freezesAndDigest() throws(StorageError) -> (freezes: [Freeze], digest: [UInt8]) {
        try read { database in
            let text = try database.first("SELECT value FROM setting WHERE name = 'freezes'") {
                $0.text(0)
            }
            return (try Self.freezes(database), text.map(Documents.digest) ?? [])
        }
    }

    /// Writes that a report is about to be handed out (P35).
    package func recordReport(
        _ report: ReportReference
    ) async throws(StorageError) {
        try await commit { transaction in
            transaction.append(Event(.reportMade) { $0.report = report })
        }
    }

    private static func storedLeaf(_ row: Row) -> StoredLeaf {
        StoredLeaf(leaf: row.bytes(0), hash: row.bytes(1))
    }
}
