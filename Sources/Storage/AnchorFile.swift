import Audit
import Files

/// Whose checkpoints count: the public keys of all epochs.
struct LogKeys: Sendable {
    let verifiers: [VerifierKey]
    /// The origin of the present epoch.
    let origin: String
    /// - Parameter verifiers: the newest first.
    init(_ verifiers: [VerifierKey]) {
        self.verifiers = verifiers
        origin = verifiers.first?.name ?? ""
    }

    /// Whether an origin is that of an epoch before, known here or not.
    func isFormer(_ origin: String) -> Bool {
        LogOrigin(origin)?.precedes(LogOrigin(self.origin)) ?? false
    }
}

/// A file of checkpoints outside the database, as it stands: what it shows, and how it ends.
struct AnchorFile: Sendable {
    let path: String
    /// The largest checkpoint of the present epoch; of a later one where this state knows none.
    private(set) var newest: AnchoredCheckpoint?
    /// The last checkpoint of an epoch before, as long as there is none of the present one.
    private(set) var former: AnchoredCheckpoint?
    /// Blocks that none of our keys signed, as far as they had to be looked at.
    private(set) var strangerCount = 0
    /// All blocks.
    private(set) var blockCount = 0
    private(set) var end = AnchorBlocks.End.whole

    private var extent: AppendOnlyFile.Extent
    private var blocks = AnchorBlocks()
    private var readCount = 0

    /// A block that says that it is a checkpoint of ours.
    private struct Claim {
        let size: Int
        let start: Int
        let byteCount: Int
        let isFormer: Bool
    }

    private static let chunk = 1 << 20

    /// Reads the file at this path; of one that was read before only what is new.
    ///
    /// All of it is looked through, since whoever can only add to it could else hide a checkpoint
    /// behind copies of older ones; signatures are checked from the largest down to the first good.
    static func read(
        _ path: String, keys: LogKeys, known: AnchorFile? = nil
    ) throws(FileError) -> AnchorFile {
        let file = try AppendOnlyFile(path, for: .reading)
        let extent = try file.extent
        if let known, known.extent == extent { return known }
        var anchor =
            if let known, known.extent.isSameFile(as: extent),
                known.extent.byteCount < extent.byteCount
            { known } else { AnchorFile(path: path, extent: extent) }
        try anchor.readOn(upTo: extent, in: file, keys)
        return anchor
    }

    private init(path: String, extent: AppendOnlyFile.Extent) {
        self.path = path
        self.extent = extent
    }

    private mutating func readOn(
        upTo extent: AppendOnlyFile.Extent, in file: borrowing AppendOnlyFile, _ keys: LogKeys
    ) throws(FileError) {
        self.extent = extent
        var claims: [Claim] = []
        while readCount < extent.byteCount {
            let bytes = try file.read(
                from: readCount, limit: min(Self.chunk, extent.byteCount - readCount))
            // Somebody made it shorter meanwhile.
            guard !bytes.isEmpty else { break }
            readCount += bytes.count
            for block in blocks.add(bytes) { note(block, in: &claims, keys) }
        }
        let (end, unclosed) = blocks.end()
        self.end = end
        if let unclosed { note(unclosed, in: &claims, keys) }
        claims.sort { ($0.isFormer ? 1 : 0, -$0.size) < ($1.isFormer ? 1 : 0, -$1.size) }
        for claim in claims {
            // What is no larger tells nothing new.
            if let newest, claim.isFormer || claim.size <= newest.checkpoint.size { break }
            let bytes = try file.read(from: claim.start, limit: claim.byteCount)
            guard
                let found = AnchoredCheckpoint(
                    String(decoding: bytes, as: UTF8.self), signedByOneOf: keys.verifiers)
            else {
                strangerCount += 1
                continue
            }
            if claim.isFormer { former = found } else { newest = found }
            break
        }
    }

    private mutating func note(
        _ block: AnchorBlocks.Block, in claims: inout [Claim], _ keys: LogKeys
    ) {
        blockCount += 1
        guard let claim = block.claim else {
            strangerCount += 1
            return
        }
        claims.append(
            Claim(
                size: claim.size, start: block.start, byteCount: block.bytes.count,
                isFormer: claim.origin != keys.origin && keys.isFormer(claim.origin)))
    }

    /// Whether the file ends in this note, whole; a look at its end alone, however long it is.
    static func ends(in note: String, _ path: String) throws(FileError) -> Bool {
        let file = try AppendOnlyFile(path, for: .reading)
        let block = AnchorBlocks.bytes(adding: note, after: .whole)
        let start = try file.extent.byteCount - block.count
        return start >= 0 ? try file.read(from: start, limit: block.count) == block : false
    }

    /// Adds a checkpoint that this process signed. When it throws, a part of the block may be there.
    mutating func append(_ checkpoint: AnchoredCheckpoint) throws(FileError) {
        let file = try AppendOnlyFile(path, for: .appending)
        if try file.extent != extent {
            // Another process that committed later was quicker. What it added is looked at before
            // the next signature; here only how it ends counts.
            try readOn(upTo: try file.extent, in: file, LogKeys([]))
        }
        let bytes = AnchorBlocks.bytes(adding: checkpoint.note, after: end)
        try file.append(bytes.span)
        let grown = try file.extent
        guard grown.byteCount == extent.byteCount + bytes.count else { return }
        extent = grown
        readCount += bytes.count
        blockCount += blocks.add(bytes).count
        end = .whole
        newest = checkpoint
    }

    /// Makes the file and its directory, empty. What is there stays.
    static func make(_ path: String) throws(FileError) {
        guard try PlainFile.state(path) == nil else { return }
        let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        do throws(FileError) {
            // Checkpoints are public: the group may read them.
            try Directory.create(parent, mode: 0o750)
        } catch {
            guard error.cause == .exists else { throw error }
        }
        do throws(FileError) {
            try PlainFile.createEmpty(path, mode: 0o640)
        } catch {
            guard error.cause == .exists else { throw error }
        }
    }
}
