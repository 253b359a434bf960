import Audit
import Rotations
import SQLite

/// The audit trail's end in an open write transaction: appends entries, keeps the tree, and signs
/// the checkpoint that the transaction commits.
struct Trail {
    private var signer: NoteSigner
    /// The key that signs with a new one the checkpoint that covers its announcement.
    private var formerSigner: NoteSigner?
    private let context: Entry.Context
    private var frontier: MerkleFrontier
    private let sizeAtStart: Int
    /// The signed head that it was taken up from; nil for an empty trail, and where a person
    /// accepted that there is none.
    let head: Checkpoint?
    /// The time of the newest entry.
    private var newest: Timestamp?

    /// Takes up the trail where the database has it.
    /// - Parameter acceptingUnsignedEnd: a person said that what is there shall be gone on from,
    ///   signed or not.
    init(
        _ database: Database, signer: NoteSigner, context: Entry.Context,
        acceptingUnsignedEnd: Bool = false
    ) throws {
        self.signer = signer
        self.context = context
        let size = try database.first("SELECT coalesce(max(seq) + 1, 0) FROM audit_entry") {
            $0.int(0)
        }
        sizeAtStart = size ?? 0
        frontier = try Self.frontier(size: sizeAtStart, in: database)
        // Nothing is signed on top of what was not signed: whoever edits the file without the key
        // must not have us cover it.
        let note = try Store.newestNote(in: database)
        let head = note.flatMap { Checkpoint(note: $0, signedBy: signer.verifier) }
        let isSigned = head?.size == sizeAtStart && head?.root == frontier.root
        guard sizeAtStart == 0 && note == nil || isSigned || acceptingUnsignedEnd else {
            throw StorageError.damaged(
                "the audit trail does not end in a checkpoint that this state signed")
        }
        self.head = isSigned ? head : nil
        newest = try database.first(
            "SELECT time_ms FROM audit_entry ORDER BY seq DESC LIMIT 1"
        ) { Timestamp(milliseconds: $0.integer(0)) }
    }

    /// The right edge of the tree as it was with so many leaves.
    static func frontier(size: Int, in database: Database) throws -> MerkleFrontier {
        MerkleFrontier(
            size: size,
            subtrees: try MerkleTree.completeSubtrees(size: size).map {
                try node($0, in: database)
            })
    }

    /// The hash of a complete subtree.
    static func node(_ place: NodePosition, in database: Database) throws -> [UInt8] {
        let hash =
            place.level == 0
            ? try database.first(
                "SELECT hash FROM audit_entry WHERE seq = ?", [.integer(Int64(place.position))]
            ) { $0.bytes(0) }
            : try database.first(
                "SELECT hash FROM audit_node WHERE level = ? AND position = ?",
                [.integer(Int64(place.level)), .integer(Int64(place.position))]
            ) { $0.bytes(0) }
        guard let hash else { throw StorageError.damaged("a node of the audit trail is gone") }
        return hash
    }

    /// The latest time of any entry, as far as the clock was ever set back behind it (P28).
    static func highWater(in database: Database) throws -> Timestamp? {
        try database.first(
            "SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'clock-high-water'"
        ) { Timestamp(milliseconds: $0.integer(0)) }
    }

    /// Remembers how late it was before an entry of an earlier time becomes the newest.
    private func keepHighWater(before now: Timestamp, in database: Database) throws {
        guard let newest, now < newest, try Self.highWater(in: database) ?? now < newest else {
            return
        }
        try database.run(
            """
            INSERT INTO setting(name, value) VALUES ('clock-high-water', ?)
            ON CONFLICT(name) DO UPDATE SET value = excluded.value
            """, [.text(String(newest.milliseconds))])
    }

    /// Whether entries were appended since it was taken up.
    var hasGrown: Bool { frontier.size > sizeAtStart }

    /// Appends one entry.
    mutating func append(_ event: Event, at now: Timestamp, to database: Database) throws {
        try keepHighWater(before: now, in: database)
        newest = now
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

    /// Has another key sign from here on. The checkpoint that covers its announcement is signed by
    /// both: whoever has the old key alone learns of the new one.
    mutating func hand(over signer: NoteSigner) {
        formerSigner = self.signer
        self.signer = signer
    }

    /// The key that signs now.
    var verifier: VerifierKey { signer.verifier }

    /// Signs the head and stores the note, which it returns.
    @discardableResult
    func sign(in database: Database) throws -> String {
        let text = Checkpoint(
            origin: signer.verifier.name, size: frontier.size, root: frontier.root
        ).text
        let note = try signer.sign(text) + (formerSigner?.line(over: text) ?? "")
        try database.run(
            "INSERT INTO audit_checkpoint(size, note) VALUES (?, ?)",
            [.integer(Int64(frontier.size)), .text(note)])
        return note
    }

    /// The size after the appends so far, and the root over them.
    var size: Int { frontier.size }
    var root: [UInt8] { frontier.root }
}
