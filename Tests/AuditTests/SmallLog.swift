import Audit
import Rotations
import Testing

/// Seven entries and the checkpoint over them.
struct SmallLog {
    let leaves: [[UInt8]]
    let key: VerifierKey
    let note: String
    private let hashes: [[UInt8]]
    private let signer: NoteSigner

    /// - Parameter seed: of the key, and told in the entries.
    init(seed: UInt8 = 1) throws {
        signer = try NoteSigner(name: "log", seed: [UInt8](repeating: seed, count: 32).span)
        key = signer.verifier
        let run = try #require(Identifier("01J00000000000000000000RVN"))
        let actor = Actor(
            uid: Int(seed), loginUID: nil, user: nil, host: "h", pid: 1, invocation: nil,
            claimedSudoUser: nil)
        leaves = (0..<7).map { sequence in
            Entry(
                Event(.runHeartbeat), sequence: sequence,
                at: Timestamp(milliseconds: Int64(sequence) * 1000),
                in: Entry.Context(actor: actor, run: run, tool: "keyturn 1")
            ).leaf
        }
        hashes = leaves.map { MerkleTree.leafHash($0.span) }
        note = try signer.sign(
            Checkpoint(origin: "log", size: 7, root: recomputedRoot(hashes[...])).text)
    }

    /// The signed checkpoint over the first entries.
    func note(_ size: Int) throws -> String {
        try signer.sign(Checkpoint(origin: "log", size: size, root: root(size)).text)
    }

    /// The root over the first entries.
    func root(_ size: Int) -> [UInt8] { recomputedRoot(hashes[..<size]) }

    func inclusion(_ index: Int) -> InclusionProof {
        InclusionProof(
            index: index, hashes: MerkleProof.inclusion(of: index, size: 7, hash: hash),
            checkpoint: note)
    }

    func growth(from size: Int) -> ConsistencyProof {
        ConsistencyProof(
            oldSize: size, hashes: MerkleProof.consistency(from: size, to: 7, hash: hash),
            checkpoint: note)
    }

    private func hash(_ place: NodePosition) -> [UInt8] {
        let start = place.position << place.level
        return recomputedRoot(hashes[start..<(start + 1 << place.level)])
    }
}
