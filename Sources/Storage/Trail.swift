import Audit
import Rotations
import SQLite

/// The audit trail's end in an open write transaction: appends entries, keeps the tree, and signs
/// the checkpoint that the transaction commits.
struct Trail {
    private let signer: NoteSigner
    private let context: Entry.Context
    private var frontier: MerkleFrontier
    private let sizeAtStart: Int

    /// Takes up the trail where the database has it.
    init(_ database: Database, signer: NoteSigner, context: Entry.Context) throws {
        self.signer = signer
        self.context = context
        let size = try database.first("SELECT coalesce(max(seq) + 1, 0) FROM audit_entry") {
            $0.int(0)
        }
        sizeAtStart = size ?? 0
        let subtrees = try MerkleTree.completeSubtrees(size: sizeAtStart).map { place in
            let hash =
                place.level == 0
                ? try database.first(
                    "SELECT hash FROM audit_entry WHERE seq = ?",
                    [.integer(Int64(place.position))]
                ) { $0.bytes(0) }
                : try database.first(
                    "SELECT hash FROM audit_node WHERE level = ? AND position = ?",
                    [.integer(Int64(place.level)), .integer(Int64(place.position))]
                ) { $0.bytes(0) }
            guard let hash else { throw StorageError.damaged("a node of the audit trail is gone") }
            return hash
        }
        frontier = MerkleFrontier(size: sizeAtStart, subtrees: subtrees)
    }

    /// Whether entries were appended since it was taken up.
    var hasGrown: Bool { frontier.size > sizeAtStart }

    /// Appends one entry.
    mutating func append(_ event: Event, at now: Timestamp, to database: Database) throws {
        let entry = Entry(event, sequence: frontier.size, at: now, in: context)
        let hash = entry.hash
        let columns = entry.projection
        try database.run(
            """
            INSERT INTO audit_entry(
              seq, leaf, hash, time_ms, type, secret_id, rotation_id, run_id, outcome)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(Int64(columns.sequence)),
                .text(String(decoding: entry.leaf, as: UTF8.self)),
                .blob(hash), .integer(columns.time.milliseconds), .text(columns.type),
                Value(columns.secretID), Value(columns.rotationID), Value(columns.runID),
                Value(columns.outcome),
            ])
        for node in frontier.append(hash) {
            try database.run(
                "INSERT INTO audit_node(level, position, hash) VALUES (?, ?, ?)",
                [
                    .integer(Int64(node.at.level)), .integer(Int64(node.at.position)),
                    .blob(node.hash),
                ])
        }
    }

    /// Signs the head, stores the note and returns it.
    @discardableResult
    func sign(in database: Database) throws -> String {
        let checkpoint = Checkpoint(
            origin: signer.verifier.name, size: frontier.size, root: frontier.root)
        let note = try signer.sign(checkpoint.text)
        try database.run(
            "INSERT INTO audit_checkpoint(size, note) VALUES (?, ?)",
            [.integer(Int64(frontier.size)), .text(note)])
        return note
    }

    /// The size after the appends so far.
    var size: Int { frontier.size }
}
