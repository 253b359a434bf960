import Audit
import Testing

/// Proofs that are made here verify by the rules of RFC 9162, for every size and index.
@Suite struct MerkleTreeConsistencyTests {
    private static let count = 70
    private static let leaves = (0..<count).map { MerkleTree.leafHash([UInt8($0)].span) }

    /// Nodes as the database keeps them, and the root at each size.
    private static let tree: (nodes: [NodePosition: [UInt8]], roots: [[UInt8]]) = {
        var nodes: [NodePosition: [UInt8]] = [:]
        var frontier = MerkleFrontier()
        var roots = [MerkleTree.emptyRoot]
        for (index, leaf) in leaves.enumerated() {
            nodes[NodePosition(level: 0, position: index)] = leaf
            for node in frontier.append(leaf) { nodes[node.at] = node.hash }
            roots.append(frontier.root)
        }
        return (nodes, roots)
    }()

    private struct Missing: Error {}

    private static func node(_ place: NodePosition) throws -> [UInt8] {
        guard let hash = tree.nodes[place] else { throw Missing() }
        return hash
    }

    @Test func `every tree begins with every smaller one, and not with another`() throws {
        let roots = Self.tree.roots
        for size in 0...Self.count {
            #expect(try MerkleTree.root(size: size, Self.node) == roots[size])
            for old in 0...size {
                let proof = try MerkleTree.consistencyProof(from: old, to: size, Self.node)
                #expect(
                    MerkleProof.isConsistent(
                        oldSize: old, oldRoot: roots[old], size: size, root: roots[size],
                        proof: proof), "\(old) \(size)")
                guard old > 0, old < size else { continue }
                #expect(
                    !MerkleProof.isConsistent(
                        oldSize: old, oldRoot: roots[old - 1], size: size, root: roots[size],
                        proof: proof))
            }
        }
    }

    @Test func `every leaf is in every tree that has it, and no other leaf is there`() throws {
        for size in 1...Self.count {
            for index in 0..<size {
                let proof = try MerkleTree.inclusionProof(of: index, in: size, Self.node)
                #expect(
                    MerkleProof.isIncluded(
                        leaf: Self.leaves[index], index: index, size: size, proof: proof,
                        root: Self.tree.roots[size]))
                #expect(
                    !MerkleProof.isIncluded(
                        leaf: Self.leaves[(index + 1) % Self.count], index: index, size: size,
                        proof: proof, root: Self.tree.roots[size]))
            }
        }
    }
}
