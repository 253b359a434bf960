import Audit
import Storage

/// Hands out the entries up to a checkpoint, a line each. What is handed out is hashed again: an
/// export that does not lead to the signed root is told, not handed on as good.
struct LineExport {
    let store: Store
    let console: Console

    /// So many entries at a time: memory stays flat, and no lock is held for long.
    private static let chunk = 1_000

    func run(
        to head: StoredCheckpoint, _ write: ([UInt8]) throws(Failure) -> Void
    ) async throws(Failure) {
        var tree = MerkleFrontier()
        for start in stride(from: 0, to: head.size, by: Self.chunk) {
            let end = min(start + Self.chunk, head.size)
            var part: [UInt8] = []
            for row in try await store.leavesOrFailure(start..<end) {
                tree.append(MerkleTree.leafHash(row.leaf.span))
                part += row.leaf
                part.append(UInt8(ascii: "\n"))
            }
            try write(part)
            console.progress("exporting \(end) of \(head.size) entries", isLast: end == head.size)
        }
        try head.require(tree)
    }
}

extension Store {
    /// The leaves at these places, or why they cannot be had.
    func leavesOrFailure(
        _ range: Range<Int>
    ) throws(Failure) -> [(leaf: [UInt8], hash: [UInt8])] {
        do throws(StorageError) {
            return try leaves(range)
        } catch {
            throw Failure(error)
        }
    }
}

extension StoredCheckpoint {
    /// Fails when the checkpoint signs another tree.
    func require(_ tree: MerkleFrontier) throws(Failure) {
        let signed = SignedNote(note).flatMap { Checkpoint(text: $0.text) }
        guard signed?.size == tree.size, signed?.root == tree.root else { throw .brokenExport }
    }
}

extension Failure {
    /// What was read for an export is not what was signed.
    static let brokenExport = Failure(
        "the entries are not those that the newest checkpoint covers; the export is not whole",
        hint: "run `keyturn audit verify`", .brokenTrail)
}
