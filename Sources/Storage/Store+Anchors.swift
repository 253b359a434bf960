import Audit
import Files
import Rotations
import SQLite

/// Checkpoints outside the database. Order is the design:
///
/// 1. `BEGIN IMMEDIATE`: no other process of this state can commit.
/// 2. Every anchor file is compared with the tree. What does not extend it is not signed.
/// 3. Changes, their entries, and the signed checkpoint over them: COMMIT.
/// 4. The checkpoint is added to the anchor files and synced. Only then the writer goes on.
///
/// Never 4 before 3: a crash in between would leave an anchor that is ahead of the database, and
/// that looks like a rollback.
extension Store {
    /// The trail with its signed head, if every anchor allows to go on from it.
    /// - Parameter isAnchorNew: the anchor was just made, for a state that had none.
    func takeUpTrail(_ keys: Keys, isAnchorNew: Bool = false) throws -> Trail {
        let trail = try Trail(database, signer: keys.signer, context: environment.context)
        if let conflict = try compareAnchors(with: trail.head, isAnchorNew: isAnchorNew) {
            throw conflict
        }
        return trail
    }

    /// Reads the anchor files, and says what stands against signing on top of `head`, if anything.
    func compareAnchors(
        with head: Checkpoint?, isAnchorNew: Bool = false
    ) throws -> AnchorConflict? {
        let keys = LogKeys(try Self.verifierKeys(in: database))
        let known = anchors
        anchors = [:]
        for path in try anchorPaths(in: database) {
            anchors[path] = try Self.present(path, keys, known: known[path])
            let anchor = anchors[path]
            guard
                let cause = try conflict(anchor, at: path, head, keys, isNew: isAnchorNew)
            else { continue }
            return AnchorConflict(
                path: path, cause, anchored: (anchor?.newest ?? anchor?.former)?.note,
                present: try Self.newestNote(in: database))
        }
        return nil
    }

    /// The anchor file at a path; nil when there is none.
    private static func present(
        _ path: String, _ keys: LogKeys, known: AnchorFile?
    ) throws(FileError) -> AnchorFile? {
        do throws(FileError) {
            return try AnchorFile.read(path, keys: keys, known: known)
        } catch {
            guard error.cause == .notFound else { throw error }
            return nil
        }
    }

    /// Whether a block must have been added to this anchor. To the one beside the state it was:
    /// whoever was killed after the first commit left it empty, and the second one adds to it.
    nonisolated func mustShowSomething(_ path: String, in database: Database) throws -> Bool {
        guard path == directory.anchor else { return false }
        let count = try database.first("SELECT count(*) FROM audit_checkpoint") { $0.int(0) } ?? 0
        return count > 2
    }

    private func conflict(
        _ anchor: AnchorFile?, at path: String, _ head: Checkpoint?, _ keys: LogKeys, isNew: Bool
    ) throws -> AnchorConflict.Cause? {
        guard let anchor else { return .absent }
        if anchor.blockCount == 0, !isNew, try mustShowSomething(path, in: database) {
            return .emptied
        }
        guard let anchored = anchor.newest?.checkpoint else {
            return anchor.blockCount > 0 && anchor.former == nil ? .noneOfOurs : nil
        }
        guard anchored.origin == keys.origin else { return .laterEpoch(origin: anchored.origin) }
        guard let head, anchored.size <= head.size else {
            return .longer(anchored: anchored.size, present: head?.size ?? 0)
        }
        // Whoever edits the nodes of the tree in the file must not make another history fit: they
        // have to fit the signed head as well.
        let proof = try MerkleProof.consistency(from: anchored.size, to: head.size) {
            try Trail.node($0, in: database)
        }
        let extends = MerkleProof.isConsistent(
            oldSize: anchored.size, oldRoot: anchored.root, size: head.size, root: head.root,
            proof: proof)
        return extends ? nil : .differs(anchored: anchored.size)
    }

    /// Adds what was just committed to the anchor files.
    ///
    /// A crash before it, or in it, leaves anchors that are behind, perhaps with a torn end: the next
    /// commit adds a checkpoint that covers all, and says in an entry that it found a torn one.
    /// What fails here does not undo the commit, and must not look as if it did; it is reported as
    /// lag.
    func extendAnchors(with note: String, signedBy key: VerifierKey) {
        guard let checkpoint = AnchoredCheckpoint(note, by: key) else { return }
        // Whatever is wrong is seen by how far a file is behind.
        for path in (try? anchorPaths(in: database)) ?? [] {
            // The one that this commit has named for the first time was not read before it.
            var anchor = try? anchors[path] ?? AnchorFile.read(path, keys: LogKeys([key]))
            try? anchor?.append(checkpoint)
            anchors[path] = anchor
            unsyncedAnchors.insert(path)
        }
    }

    /// Puts on the disk what was added to the anchor files, once a command: a power failure before
    /// it leaves them behind, as a crash does.
    package func syncAnchors() {
        for path in unsyncedAnchors {
            // As above.
            try? AppendOnlyFile(path, for: .appending).sync()
        }
        unsyncedAnchors = []
    }

    /// The anchors whose last block was torn when they were last read.
    var tornAnchors: [String] {
        anchors.values.filter { if case .torn = $0.end { true } else { false } }.map(\.path)
            .sorted()
    }

    /// The default one, which no setting in the database can move, and that of the configuration.
    nonisolated func anchorPaths(in database: Database) throws -> [String] {
        [directory.anchor] + (try Self.anchorSettings(in: database).file.map { [$0] } ?? [])
    }

    static func newestNote(in database: Database) throws -> String? {
        try database.first("SELECT note FROM audit_checkpoint ORDER BY size DESC LIMIT 1") {
            $0.text(0)
        }
    }

    static func verifierKeys(in database: Database) throws -> [VerifierKey] {
        try database.all(
            "SELECT origin, public_key FROM signing_key ORDER BY epoch DESC, number DESC"
        ) { VerifierKey(name: $0.text(0), publicKey: $0.bytes(1)) }
    }

    static func anchorSettings(in database: Database) throws -> AnchorSettings {
        let text = try database.first("SELECT value FROM setting WHERE name = 'anchors'") {
            $0.text(0)
        }
        return try text.map { try Documents.decode(AnchorSettings.self, $0) } ?? AnchorSettings()
    }

    /// Where checkpoints go besides the file beside the state.
    package func anchorSettings() throws(StorageError) -> AnchorSettings {
        try read { try Self.anchorSettings(in: $0) }
    }

    /// Whether the trail may be appended to: it ends in a checkpoint that this state signed, and
    /// every anchor file shows its beginning. Throws why not.
    package func checkTrail() throws(StorageError) {
        do {
            try database.run("BEGIN")
            defer { try? database.run("ROLLBACK") }  // nothing was written
            _ = try takeUpTrail(try presentKeys())
        } catch {
            throw StorageError(error)
        }
    }

    // MARK: How far they are

    /// How far one anchor has come.
    package struct AnchorStatus: Hashable, Sendable {
        /// `file:PATH`, `journald` or `command:PATH`.
        package let name: String
        /// The entries that its newest checkpoint covers.
        package let size: Int
        /// The entries that it does not show yet.
        package let behind: Int

        /// Whether it can be read back.
        package var isFile: Bool { name.hasPrefix("file:") }

        init(name: String, size: Int, of count: Int) {
            self.name = name
            self.size = size
            behind = max(0, count - size)
        }
    }

    /// What the anchors show, as far as can be told without the root key.
    package struct AnchorOverview: Sendable {
        package let conflict: AnchorConflict?
        package let anchors: [AnchorStatus]
        /// Blocks in the files that none of our keys signed, and files whose end is torn.
        package let oddities: [String]
    }

    /// Looks at the anchors: compares the files with the newest checkpoint of the database, and sees
    /// what the others took last.
    /// - Parameter isPatient: wait for other processes as long as a command's own work does.
    package func anchorOverview(isPatient: Bool = true) throws(StorageError) -> AnchorOverview {
        if !isPatient { database.setBusyTimeout(Self.partOfPatience) }
        defer { database.setBusyTimeout(Self.patience) }
        do {
            try database.run("BEGIN")
            defer { try? database.run("ROLLBACK") }  // nothing was written
            let head = try Self.signedHead(in: database)?.checkpoint
            let conflict = try compareAnchors(with: head)
            let size = head?.size ?? 0
            let files = try anchorPaths(in: database).map { path in
                AnchorStatus(
                    name: "file:\(path)", size: anchors[path]?.newest?.checkpoint.size ?? 0,
                    of: size)
            }
            var oddities = tornAnchors.map { "the last block of \($0) is torn" }
            for anchor in anchors.values where anchor.strangerCount > 0 {
                oddities.append("\(anchor.path) holds blocks that this state did not sign")
            }
            return AnchorOverview(
                conflict: conflict, anchors: try files + receivers(of: head),
                oddities: oddities.sorted())
        } catch {
            throw StorageError(error)
        }
    }

    /// Whether each anchor file ends in the newest checkpoint: the sign that nothing is owed to it and
    /// nothing was taken back. Cheap, however long trail and files are; what it is that differs is
    /// found out by whoever unlocks the state.
    package func doAnchorFilesEndInNewest() throws(StorageError) -> Bool {
        try read { [self] database in
            guard let note = try Self.newestNote(in: database) else { return true }
            return try anchorPaths(in: database).allSatisfy {
                (try? AnchorFile.ends(in: note, $0)) ?? false
            }
        }
    }

    /// How far the anchors are that cannot be read back; cheap, however long the trail is.
    package func receivers() throws(StorageError) -> [AnchorStatus] {
        database.setBusyTimeout(Self.partOfPatience)
        defer { database.setBusyTimeout(Self.patience) }
        do {
            try database.run("BEGIN")
            defer { try? database.run("ROLLBACK") }  // nothing was written
            guard try !Self.anchorSettings(in: database).receipts.isEmpty else { return [] }
            return try receivers(of: try Self.signedHead(in: database)?.checkpoint)
        } catch {
            throw StorageError(error)
        }
    }

    private func receivers(of head: Checkpoint?) throws -> [AnchorStatus] {
        let keys = try Self.verifierKeys(in: database)
        return try Self.anchorSettings(in: database).receipts.map { receipt in
            AnchorStatus(
                name: receipt.name, size: receipt.size(in: directory, keys), of: head?.size ?? 0)
        }
    }

    /// The newest checkpoint, if one of the keys in the database signed it.
    static func signedHead(in database: Database) throws -> AnchoredCheckpoint? {
        let keys = try verifierKeys(in: database)
        return try newestNote(in: database).flatMap { AnchoredCheckpoint($0, signedByOneOf: keys) }
    }

    /// Writes that these anchors fell behind, once for each time that they do: the entry stands
    /// among those that the anchor does not show.
    package func recordLag(_ lagging: [AnchorStatus]) async throws(StorageError) {
        let known = try read { database in
            try database.all(
                "SELECT leaf FROM audit_entry WHERE type = 'anchor.lagging' AND seq >= ?",
                [.integer(Int64(lagging.map(\.size).min() ?? 0))]
            ) { row -> (anchor: String, sequence: Int)? in
                guard let entry = Entry(leaf: row.bytes(0)),
                    let anchor = entry.members["anchor"]?.text
                else { return nil }
                return (anchor, entry.projection.sequence)
            }.compactMap { $0 }
        }
        let new = lagging.filter { status in
            !known.contains { $0.anchor == status.name && $0.sequence >= status.size }
        }
        guard !new.isEmpty else { return }
        try await commit { transaction in
            for status in new {
                transaction.append(
                    Event(.anchorLagging) {
                        $0.anchor = status.name
                        $0.size = status.size
                    })
            }
        }
    }
}
