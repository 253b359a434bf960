import Audit
import Files
import Storage

/// Brings a directory of C2SP tlog-tiles up to a checkpoint: full tiles once, partial ones beside,
/// the checkpoint last, when everything under it is on the disk.
struct TileExport {
    let store: Store
    let console: Console

    private static let checkpointName = "checkpoint"
    private static let checkpointLimit = 1_000_000

    /// The tree that the directory holds already: empty, or one that ours begins with.
    func known(
        in directory: borrowing ExportDirectory, _ path: String
    ) async throws(Failure) -> MerkleFrontier {
        let found = try filing { () throws(FileError) in
            try directory.read(Self.checkpointName, limit: Self.checkpointLimit)
        }
        guard let found else { return MerkleFrontier() }
        let count: Int
        let known: MerkleFrontier?
        let checkpoint: Checkpoint?
        do throws(StorageError) {
            checkpoint = Checkpoint(
                note: String(decoding: found, as: UTF8.self),
                signedByOneOf: try await store.verifierKeys())
            count = try await store.entryCount()
            let size = checkpoint?.size ?? 0
            known = size <= count ? try await store.frontier(size: size) : nil
        } catch {
            throw Failure(error)
        }
        guard let checkpoint else {
            throw Failure(
                "\(path) holds another log: its checkpoint is not signed by this state",
                hint: "name another directory, or an empty one", .configuration)
        }
        guard let known, known.root == checkpoint.root else {
            throw Failure(
                "\(path) holds a trail of \(checkpoint.size) entries that this state signed, and "
                    + "the trail here does not go on from it",
                hint: "was the state restored or replaced? keep both, and compare them",
                .brokenTrail)
        }
        return known
    }

    /// Writes what is new. Returns the number of tiles.
    func run(
        from known: MerkleFrontier, to head: StoredCheckpoint,
        into directory: borrowing ExportDirectory
    ) async throws(Failure) -> Int {
        var tree = known
        var count = 0
        for tile in Tile.needed(level: 0, from: known.size, to: head.size) {
            let rows = try await store.leavesOrFailure(tile.range)
            for (sequence, row) in zip(tile.range, rows) where sequence >= known.size {
                let hash = MerkleTree.leafHash(row.leaf.span)
                guard hash == row.hash else { throw .brokenExport }
                try await compare(tree.append(hash))
            }
            // A reader takes the entries before it asks for their hashes.
            try write(tile.entries, Tile.bundle(rows.map(\.leaf)), into: directory)
            try write(tile, rows.flatMap(\.hash), into: directory)
            count += 2
            let done = tile.range.upperBound
            console.progress(
                "exporting \(done) of \(head.size) entries", isLast: done == head.size)
        }
        try head.require(tree)
        for level in Tile.levels(size: head.size).dropFirst() {
            for tile in Tile.needed(level: level, from: known.size, to: head.size) {
                let hashes = try await hashes(level: 8 * level, tile.range)
                try write(tile, hashes.flatMap(\.self), into: directory)
                count += 1
            }
        }
        try filing { () throws(FileError) in
            try directory.sync()
            try directory.write(Self.checkpointName, Array(head.note.utf8).span)
            try directory.sync()
        }
        return count
    }

    /// The nodes that stand in a tile must be those that the entries lead to.
    private func compare(
        _ completed: [(at: NodePosition, hash: [UInt8])]
    ) async throws(Failure) {
        for node in completed where node.at.level.isMultiple(of: 8) {
            let stored = try await hashes(
                level: node.at.level, node.at.position..<(node.at.position + 1))
            guard stored == [node.hash] else { throw .brokenExport }
        }
    }

    private func hashes(level: Int, _ range: Range<Int>) async throws(Failure) -> [[UInt8]] {
        do throws(StorageError) {
            return try await store.hashes(level: level, range)
        } catch {
            throw Failure(error)
        }
    }

    private func write(
        _ tile: Tile, _ bytes: [UInt8], into directory: borrowing ExportDirectory
    ) throws(Failure) {
        try filing { () throws(FileError) in try directory.write(tile.path, bytes.span) }
    }
}
