import Audit
import Rotations
import SQLite

/// A stretch of the trail as it is stored.
private struct Stretch: Sendable {
    struct Row: Sendable {
        let leaf: [UInt8]
        let hash: [UInt8]
        let projection: Entry.Projection
    }

    /// The entries without a gap; none when the first is missing.
    var rows: [Row] = []
    /// By size.
    var notes: [Int: String] = [:]
    /// The nodes that these entries complete.
    var nodes: [NodePosition: [UInt8]] = [:]
}

/// What was found out about a part of a stretch, each thing by itself.
private struct Examination: Sendable {
    let start: Int
    let entries: [LogVerifier.Examined]
    /// By size; nil inside where no key of the log signed it.
    let checkpoints: [Int: Checkpoint?]
}

extension Store {
    /// Entries that are read at a time: no lock is held for long.
    private static let stretch = 4_000
    /// Entries that are examined by one task.
    private static let part = 250

    /// Checks the entries from where the verifier stands, their nodes and their checkpoints. Hashing,
    /// reading and signatures are done on all cores, while the next entries come from the disk.
    func walk(
        _ verifier: inout LogVerifier, to count: Int, progress: @Sendable (Int, Int) -> Void
    ) async throws(StorageError) {
        let keys = verifier.keys
        var next = try stretch(from: verifier.size, to: count)
        while verifier.size < count {
            let present = next
            // A gap in the numbers ends the walk: what follows has no place in the tree.
            guard !present.rows.isEmpty else {
                verifier.report(verifier.size, "the entry is missing")
                break
            }
            let start = verifier.size
            async let examined = Self.examine(present, from: start, keys)
            next = try stretch(from: start + present.rows.count, to: count)
            Self.add(present, await examined, to: &verifier)
            progress(verifier.size, count)
        }
        if verifier.newestCheckpointSize != verifier.size {
            verifier.report(
                verifier.newestCheckpointSize, "the entry is not covered by any checkpoint")
        }
    }

    private func stretch(from start: Int, to count: Int) throws(StorageError) -> Stretch {
        let end = min(start + Self.stretch, count)
        guard start < end else { return Stretch() }
        return try read { database in
            var stretch = Stretch()
            try database.forEach(
                """
                SELECT seq, leaf, hash, time_ms, type, secret_id, rotation_id, run_id, outcome
                FROM audit_entry WHERE seq >= ? AND seq < ? ORDER BY seq
                """, [.integer(Int64(start)), .integer(Int64(end))]
            ) { row in
                guard row.int(0) == start + stretch.rows.count else { return false }
                stretch.rows.append(
                    Stretch.Row(
                        leaf: row.bytes(1), hash: row.bytes(2),
                        projection: Entry.Projection(
                            sequence: row.int(0), time: Timestamp(milliseconds: row.integer(3)),
                            type: row.text(4), secretID: row.optionalText(5),
                            rotationID: row.optionalText(6), runID: row.optionalText(7),
                            outcome: row.optionalText(8))))
                return true
            }
            try database.forEach(
                "SELECT size, note FROM audit_checkpoint WHERE size > ? AND size <= ?",
                [.integer(Int64(start)), .integer(Int64(end))]
            ) { row in
                stretch.notes[row.int(0)] = row.text(1)
                return true
            }
            var level = 1
            while end >> level > 0 {
                try database.forEach(
                    """
                    SELECT position, hash FROM audit_node
                    WHERE level = ? AND position >= ? AND position < ?
                    """,
                    [
                        .integer(Int64(level)), .integer(Int64(start >> level)),
                        .integer(Int64(end >> level)),
                    ]
                ) { row in
                    let place = NodePosition(level: level, position: row.int(0))
                    stretch.nodes[place] = row.bytes(1)
                    return true
                }
                level += 1
            }
            return stretch
        }
    }

    private nonisolated static func examine(
        _ stretch: Stretch, from start: Int, _ keys: [VerifierKey]
    ) async -> [Examination] {
        await withTaskGroup(of: Examination.self) { group in
            for lower in stride(from: 0, to: stretch.rows.count, by: part) {
                let rows = stretch.rows[lower..<min(lower + part, stretch.rows.count)]
                group.addTask {
                    let sizes = start + rows.startIndex + 1...start + rows.endIndex
                    var checkpoints: [Int: Checkpoint?] = [:]
                    for size in sizes {
                        guard let note = stretch.notes[size] else { continue }
                        checkpoints[size] = .some(Checkpoint(note: note, signedByOneOf: keys))
                    }
                    return Examination(
                        start: rows.startIndex,
                        entries: rows.map { LogVerifier.Examined(leaf: $0.leaf) },
                        checkpoints: checkpoints)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.start < $1.start }
        }
    }

    /// What hangs together, in order.
    private static func add(
        _ stretch: Stretch, _ examinations: [Examination], to verifier: inout LogVerifier
    ) {
        var wrong: [NodePosition] = []
        for examination in examinations {
            for (row, examined) in zip(
                stretch.rows[examination.start...], examination.entries)
            {
                let completed = verifier.add(examined, hash: row.hash, projection: row.projection)
                for node in completed where stretch.nodes[node.at] != node.hash {
                    wrong.append(node.at)
                }
                if let checkpoint = examination.checkpoints[verifier.size] {
                    verifier.check(checkpoint)
                }
            }
        }
        // The lowest first: what is wrong in a leaf or a node is wrong in all above it, and is told
        // once.
        for place in wrong.sorted(by: { ($0.level, $0.position) < ($1.level, $1.position) }) {
            let covered = place.position << place.level..<(place.position + 1) << place.level
            guard
                !verifier.findings.contains(where: { $0.sequence.map(covered.contains) == true })
            else { continue }
            verifier.report(place.position << place.level, "a node of the tree is not its hash")
        }
    }
}
