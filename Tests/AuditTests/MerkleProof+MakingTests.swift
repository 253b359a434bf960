import Audit
import Testing
import VectorFiles

@Suite struct MerkleProofMakingTests {
    private let hashes = numberedHashes(41)

    /// The hash of a complete subtree by its definition.
    private func hash(_ place: NodePosition) -> [UInt8] {
        let start = place.position << place.level
        return recomputedRoot(hashes[start..<(start + 1 << place.level)])
    }

    @Test func `each leaf is proved to be where it is, at each size`() {
        for size in 1...41 {
            let root = recomputedRoot(hashes[..<size])
            for index in 0..<size {
                let proof = MerkleProof.inclusion(of: index, size: size, hash: hash)
                #expect(
                    MerkleProof.isIncluded(
                        leaf: hashes[index], index: index, size: size, proof: proof, root: root))
            }
        }
    }

    @Test func `each size is proved to grow into each larger one`() {
        for size in 0...41 {
            for oldSize in 0...size {
                let proof = MerkleProof.consistency(from: oldSize, to: size, hash: hash)
                #expect(
                    MerkleProof.isConsistent(
                        oldSize: oldSize, oldRoot: recomputedRoot(hashes[..<oldSize]), size: size,
                        root: recomputedRoot(hashes[..<size]), proof: proof), "\(oldSize) \(size)")
            }
        }
    }

    @Test func `a proof asks for few nodes`() {
        var asked = 0
        let size = 1_000_003
        _ = MerkleProof.inclusion(of: 777, size: size) { _ in
            asked += 1
            return hashes[0]
        }
        #expect(asked < 45)
    }
}
