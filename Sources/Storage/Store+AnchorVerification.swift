import Audit
import Files
import Rotations
import SQLite

extension Store {
    /// What the anchors say of a log that was just walked.
    struct AnchorComparison {
        /// Checkpoints of ours that were compared.
        var count = 0
        var remarks: [String] = []
    }

    /// Compares every checkpoint in every anchor file with the tree that was just computed, and
    /// every cosignature with its checkpoint.
    ///
    /// A checkpoint of an epoch before may differ where a later epoch began with a loss: that is
    /// what the loss was, and its first entry says so.
    func checkAnchors(_ verifier: inout LogVerifier) throws(StorageError) -> AnchorComparison {
        var comparison = AnchorComparison()
        do {
            let keys = LogKeys(try verifierKeys())
            for path in try read({ try self.anchorPaths(in: $0) }) {
                try compare(path, keys, &verifier, &comparison)
            }
            try checkCosignatures(&verifier)
        } catch {
            throw StorageError(error)
        }
        return comparison
    }

    private func compare(
        _ path: String, _ keys: LogKeys, _ verifier: inout LogVerifier,
        _ comparison: inout AnchorComparison
    ) throws {
        let file: AppendOnlyFile
        do throws(FileError) {
            file = try AppendOnlyFile(path, for: .reading)
        } catch {
            guard error.cause == .notFound else { throw error }
            verifier.report(nil, AnchorConflict.Cause.absent.text(of: path))
            return
        }
        var walk = AnchorWalk(path: path, keys: keys, size: verifier.size)
        var blocks = AnchorBlocks()
        var offset = 0
        while true {
            let bytes = try file.read(from: offset, limit: 1 << 20)
            guard !bytes.isEmpty else { break }
            offset += bytes.count
            walk = try go(on: walk, with: blocks.add(bytes))
        }
        let (end, unclosed) = blocks.end()
        walk = try go(on: walk, with: unclosed.map { [$0] } ?? [])
        // What was committed since the walk began is not compared.
        let count = try entryCount()
        for finding in walk.findings
        where finding.sequence != verifier.size || count <= verifier.size {
            verifier.report(finding.sequence, finding.problem)
        }
        if walk.untold > 0 {
            verifier.report(nil, "\(path) shows \(walk.untold) more checkpoints that differ")
        }
        if walk.ownCount == 0, walk.strangers > 0 {
            verifier.report(nil, AnchorConflict.Cause.noneOfOurs.text(of: path))
        } else if walk.ownCount == 0, try read({ try self.mustShowSomething(path, in: $0) }) {
            verifier.report(nil, AnchorConflict.Cause.emptied.text(of: path))
        }
        comparison.count += walk.ownCount
        if walk.strangers > 0 {
            comparison.remarks.append(
                "\(walk.strangers) blocks of \(path) are not signed by this state")
        }
        if case .torn = end { comparison.remarks.append("the last block of \(path) is torn") }
        if walk.newestSize < verifier.size, walk.findings.isEmpty {
            comparison.remarks.append(
                "\(path) is \(verifier.size - walk.newestSize) entries behind")
        }
    }

    private func go(
        on walk: AnchorWalk, with blocks: [AnchorBlocks.Block]
    ) throws(StorageError) -> AnchorWalk {
        try read { database in
            var walk = walk
            for block in blocks { try walk.add(block, in: database) }
            return walk
        }
    }

    private func checkCosignatures(_ verifier: inout LogVerifier) throws(StorageError) {
        let rows = try read { database in
            try database.all(
                """
                SELECT c.size, c.key, c.line, p.note FROM audit_cosignature c
                JOIN audit_checkpoint p ON p.size = c.size ORDER BY c.size, c.key
                """
            ) { ($0.int(0), $0.text(1), $0.text(2), $0.text(3)) }
        }
        for (size, key, line, note) in rows {
            guard let witness = WitnessKey(key), let text = SignedNote(note)?.text,
                witness.time(of: line, over: text) != nil
            else {
                verifier.report(
                    size - 1, "a cosignature of the checkpoint of \(size) entries does not verify")
                continue
            }
        }
    }
}

/// Walks through the blocks of an anchor file, beside a log that was walked before.
private struct AnchorWalk: Sendable {
    let path: String
    let keys: LogKeys
    /// The entries of the log.
    let size: Int
    var ownCount = 0
    var strangers = 0
    var newestSize = 0
    /// At most a few: one wrong checkpoint makes all after it wrong.
    var findings: [LogVerifier.Finding] = []
    var untold = 0

    init(path: String, keys: LogKeys, size: Int) {
        self.path = path
        self.keys = keys
        self.size = size
    }

    mutating func add(_ block: AnchorBlocks.Block, in database: Database) throws {
        let note = String(decoding: block.bytes, as: UTF8.self)
        if let claim = block.claim, try isStored(note, size: claim.size, in: database) {
            // Its signature and root were checked with the log.
            ownCount += 1
            newestSize = max(newestSize, claim.size)
            return
        }
        guard let found = AnchoredCheckpoint(note, signedByOneOf: keys.verifiers)?.checkpoint else {
            strangers += 1
            return
        }
        ownCount += 1
        let isFormer = keys.isFormer(found.origin)
        guard !isFormer || !hasLoss(after: found, in: database) else { return }
        newestSize = max(newestSize, found.size)
        if found.origin != keys.origin, !isFormer {
            report(nil, "\(path) shows the epoch \(found.origin), which is not in the trail")
        } else if found.size > size {
            report(size, "the entry is missing: \(path) shows \(found.size) entries")
        } else if try Trail.frontier(size: found.size, in: database).root
            != found.root
        {
            report(nil, "the first \(found.size) entries are not those that \(path) shows")
        }
    }

    private mutating func report(_ sequence: Int?, _ problem: String) {
        guard findings.count < 3 else {
            untold += 1
            return
        }
        findings.append(LogVerifier.Finding(sequence, problem))
    }

    private func isStored(_ note: String, size: Int, in database: Database) throws -> Bool {
        let stored = try database.first(
            "SELECT note FROM audit_checkpoint WHERE size = ?", [.integer(Int64(size))]
        ) { $0.text(0) }
        return stored == note && size <= self.size
    }

    /// Whether an epoch after this one began with a loss that a person accepted.
    private func hasLoss(after checkpoint: Checkpoint, in database: Database) -> Bool {
        let starts =
            (try? database.all("SELECT leaf FROM audit_entry WHERE type = 'epoch.started'") {
                Entry(leaf: $0.bytes(0))
            }) ?? []
        return starts.contains { entry in
            guard entry?.members["cause"]?.text == Cause.historyLost.rawValue,
                let key = entry?.members["key"]?.text.flatMap({ VerifierKey($0) })
            else { return false }
            return LogOrigin(checkpoint.origin)?.precedes(LogOrigin(key.name)) ?? false
        }
    }
}
