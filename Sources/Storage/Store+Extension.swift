import Audit
import Rotations
import SQLite
import Vault

extension Store {
    /// Checks only what was added since a checkpoint that somebody kept: that the tree of today
    /// begins with the one it covers, and everything about the entries after it. What it costs grows
    /// with what is new, not with what there is.
    package func verify(
        since kept: Checkpoint, progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws(StorageError) -> Verification {
        let count = try entryCount()
        var verifier = LogVerifier(keys: try verifierKeys())
        if let known = try known(kept, count) {
            verifier = LogVerifier(keys: try verifierKeys(), known: known)
            try await walk(&verifier, to: count, progress: progress)
        } else if kept.size > count {
            verifier.report(
                count, "the entry is missing: the kept checkpoint covers \(kept.size)")
        } else {
            verifier.report(0, "the entries are not those that the kept checkpoint covers")
        }
        let records = try checkNewRecords(&verifier)
        return Verification(
            entryCount: verifier.size, checkpointCount: verifier.checkpointCount,
            recordCount: records, checkpoint: try newestCheckpoint(),
            findings: verifier.findings)
    }

    /// The tree that a kept checkpoint covers, from the nodes that are stored; nil when they do not
    /// lead to its root.
    private func known(
        _ kept: Checkpoint, _ count: Int
    ) throws(StorageError) -> MerkleFrontier? {
        guard kept.size <= count else { return nil }
        do throws(StorageError) {
            let frontier = try frontier(size: kept.size)
            return frontier.root == kept.root ? frontier : nil
        } catch {
            // A node that is gone leads nowhere.
            guard case .damaged = error else { throw error }
            return nil
        }
    }

    /// The vault records that the new entries speak of. The signing key's is left to the whole check.
    private func checkNewRecords(_ verifier: inout LogVerifier) throws(StorageError) -> Int {
        var count = 0
        for (key, hash) in verifier.records.sorted(by: { $0.key.owner < $1.key.owner }) {
            guard let purpose = Place.Purpose(rawValue: key.purpose), purpose != .signingKey else {
                continue
            }
            count += 1
            let found = try read { database in
                try Self.sealed(purpose, of: key.owner, number: key.number, in: database)?.hash
            }
            guard found != hash else { continue }
            verifier.report(
                verifier.recordSequences[key],
                "a vault record is not the one in the trail: \(key.purpose) \(key.owner) "
                    + "\(key.number)")
        }
        return count
    }
}
