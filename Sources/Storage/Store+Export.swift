import Audit
import Rotations
import SQLite

/// A checkpoint as it is handed out.
package struct StoredCheckpoint: Hashable, Sendable {
    /// The number of entries.
    package let size: Int
    /// The signed note, with the signatures of witnesses.
    package let note: String
}

/// What is handed out of the trail: leaves, hashes, proofs, checkpoints. Every range is one short
/// read; the caller goes on in chunks up to a size that it fixed.
extension Store {
    /// Writes that the trail is about to be exported (P35).
    package func recordExport(as format: ExportFormat) async throws(StorageError) {
        try await commit { transaction in
            transaction.append(Event(.auditExported) { $0.exported = format })
        }
    }

    /// The newest checkpoint, or the one of this size; nil when none was signed.
    package func checkpoint(size: Int? = nil) throws(StorageError) -> StoredCheckpoint? {
        try read { database in
            let make = { (row: Row) in StoredCheckpoint(size: row.int(0), note: row.text(1)) }
            let found =
                if let size {
                    try database.first(
                        "SELECT size, note FROM audit_checkpoint WHERE size = ?",
                        [.integer(Int64(size))], make)
                } else {
                    try database.first(
                        "SELECT size, note FROM audit_checkpoint ORDER BY size DESC LIMIT 1", [],
                        make)
                }
            guard let found else { return nil }
            let lines = try database.all(
                "SELECT line FROM audit_cosignature WHERE size = ? ORDER BY key",
                [.integer(Int64(found.size))]
            ) { $0.text(0) }
            return StoredCheckpoint(
                size: found.size,
                note: found.note + lines.map { $0.hasSuffix("\n") ? $0 : $0 + "\n" }.joined())
        }
    }

    /// The bytes of the entries at these places and the hashes beside them, all of them.
    package func leaves(
        _ range: Range<Int>
    ) throws(StorageError) -> [(leaf: [UInt8], hash: [UInt8])] {
        let rows = try read { database in
            try database.all(
                "SELECT leaf, hash FROM audit_entry WHERE seq >= ? AND seq < ? ORDER BY seq",
                [.integer(Int64(range.lowerBound)), .integer(Int64(range.upperBound))]
            ) { (leaf: $0.bytes(0), hash: $0.bytes(1)) }
        }
        guard rows.count == range.count else {
            throw .damaged("entries from \(range.lowerBound) on are missing")
        }
        return rows
    }

    /// The hashes of the complete subtrees of a level at these positions.
    package func hashes(level: Int, _ positions: Range<Int>) throws(StorageError) -> [[UInt8]] {
        try read { database in
            try positions.map { position in
                try Trail.node(NodePosition(level: level, position: position), in: database)
            }
        }
    }

    /// The right edge of the tree as it was with so many leaves.
    package func frontier(size: Int) throws(StorageError) -> MerkleFrontier {
        try read { database in
            try Trail.frontier(size: size, in: database)
        }
    }

    /// The proof that an entry is in the tree of so many entries.
    package func inclusionProof(
        of sequence: Int, size: Int
    ) throws(StorageError) -> [[UInt8]] {
        try read { database in
            try MerkleProof.inclusion(of: sequence, size: size) {
                try Trail.node($0, in: database)
            }
        }
    }

    /// The proof that the tree of `size` entries begins with the one of `oldSize`.
    package func consistencyProof(
        from oldSize: Int, to size: Int
    ) throws(StorageError) -> [[UInt8]] {
        try read { database in
            try MerkleProof.consistency(from: oldSize, to: size) {
                try Trail.node($0, in: database)
            }
        }
    }
}
