import Audit
import Testing
import VectorFiles

struct MerkleTreeTests {
    @Test func `leaves and roots are those of the reference tree`() throws {
        let tree: ReferenceTree = try VectorFile.json("merkle-rfc6962/reference_tree.json")
        #expect(tree.roots.count == 9)
        var frontier = MerkleFrontier()
        #expect(frontier.root == tree.roots[0].bytes)
        #expect(MerkleTree.emptyRoot == tree.roots[0].bytes)
        for (index, leaf) in tree.leaves.enumerated() {
            let hash = MerkleTree.leafHash(leaf.bytes.span)
            #expect(hash == tree.leafHashes[index].bytes)
            frontier.append(hash)
            #expect(frontier.size == index + 1)
            #expect(frontier.root == tree.roots[index + 1].bytes)
        }
    }

    @Test func `the frontier is what recomputing gives for sizes 0 to 300`() {
        let hashes = numberedHashes(300)
        var frontier = MerkleFrontier()
        for size in 0...300 {
            let positions = MerkleTree.completeSubtrees(size: size)
            let subtrees = positions.map { recomputedNode($0, hashes) }
            #expect(frontier.size == size)
            #expect(frontier.subtrees == subtrees)
            #expect(frontier.root == recomputedRoot(hashes[..<size]), "\(size)")
            #expect(frontier == MerkleFrontier(size: size, subtrees: subtrees))
            #expect(positions.reduce(0) { $0 + 1 << $1.level } == size)
            if size < 300 { frontier.append(hashes[size]) }
        }
    }

    @Test func `appending names each node that became complete, once`() {
        let hashes = numberedHashes(300)
        var frontier = MerkleFrontier()
        var found: [NodePosition: [UInt8]] = [:]
        for hash in hashes {
            for node in frontier.append(hash) {
                #expect(found.updateValue(node.hash, forKey: node.at) == nil)
            }
        }
        var expected: [NodePosition: [UInt8]] = [:]
        for level in 1...8 {
            for position in 0..<(300 >> level) {
                let node = NodePosition(level: level, position: position)
                expected[node] = recomputedNode(node, hashes)
            }
        }
        #expect(found == expected)
    }

    @Test func `leaves of a log of Tessera make the roots that it signed`() throws {
        let log = "tlog-tiles-tessera/log"
        let key = try #require(VerifierKey(try tesseraKey()))
        var frontier = MerkleFrontier()
        for (index, leaf) in try entries("\(log)/tile/entries/000.p/15").enumerated() {
            let hash = MerkleTree.leafHash(leaf.span)
            frontier.append(hash)
            let tile = try VectorFile.bytes("\(log)/tile/0/000.p/\(index + 1)")
            #expect(Array(tile.suffix(32)) == hash)
            let note = try VectorFile.text("\(log)/checkpoint.\(index + 1)")
            #expect(Checkpoint(note: note, signedBy: key)?.root == frontier.root, "\(index)")
        }
        #expect(frontier.size == 15)
    }
}

private struct ReferenceTree: Decodable {
    let leaves: [Hex]
    let leafHashes: [Hex]
    let roots: [Hex]

    private enum CodingKeys: String, CodingKey {
        case leaves = "leaf_inputs_hex"
        case leafHashes = "leaf_hashes_hex"
        case roots = "root_hashes_hex_by_tree_size"
    }
}

private func recomputedNode(_ node: NodePosition, _ hashes: [[UInt8]]) -> [UInt8] {
    recomputedRoot(hashes[(node.position << node.level)..<((node.position + 1) << node.level)])
}

/// The entries of a bundle of c2sp.org/tlog-tiles: each after its length in two bytes.
private func entries(_ name: String) throws -> [[UInt8]] {
    var rest = try VectorFile.bytes(name)[...]
    var entries: [[UInt8]] = []
    while rest.count >= 2 {
        let count = rest.prefix(2).reduce(0) { $0 << 8 | Int($1) }
        rest = rest.dropFirst(2)
        entries.append(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
    }
    return entries
}
