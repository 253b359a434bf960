/// Proofs of RFC 9162, sections 2.1.3.2 and 2.1.4.2, checked without the tree.
package enum MerkleProof {
    /// The longest proof that is read: a tree has fewer than 2^63 leaves.
    package static let maximumHashCount = 63

    /// Whether `proof` shows that the leaf with hash `leaf` is at `index` in the tree of `size`
    /// leaves with root `root`.
    package static func isIncluded(
        leaf: [UInt8], index: Int, size: Int, proof: [[UInt8]], root: [UInt8]
    ) -> Bool {
        guard index >= 0, index < size, areHashes(proof + [leaf, root]) else { return false }
        // 1. Compare fn and sn with the leaf's index and the last leaf's.
        var fn = index
        var sn = size - 1
        var hash = leaf
        // 2. For each value of the path…
        for node in proof {
            guard sn != 0 else { return false }
            if fn & 1 == 1 || fn == sn {
                hash = MerkleTree.nodeHash(node, hash)
                if fn & 1 == 0 {
                    while fn & 1 == 0 && fn != 0 {
                        fn >>= 1
                        sn >>= 1
                    }
                }
            } else {
                hash = MerkleTree.nodeHash(hash, node)
            }
            fn >>= 1
            sn >>= 1
        }
        // 3. The path is used up, and ends in the root.
        return sn == 0 && hash == root
    }

    /// Whether `proof` shows that the tree of `size` leaves with root `root` begins with the tree
    /// of `oldSize` leaves with root `oldRoot`.
    package static func isConsistent(
        oldSize: Int, oldRoot: [UInt8], size: Int, root: [UInt8], proof: [[UInt8]]
    ) -> Bool {
        guard oldSize >= 0, oldSize <= size, areHashes(proof + [oldRoot, root]) else {
            return false
        }
        if oldSize == size { return proof.isEmpty && oldRoot == root }
        // Every tree begins with the empty one, and no hash is needed to see it.
        if oldSize == 0 { return proof.isEmpty && oldRoot == MerkleTree.emptyRoot }
        // 1. A power of two is itself the first node of the path.
        var path = proof[...]
        if oldSize.nonzeroBitCount == 1 { path = [oldRoot] + path }
        guard var old = path.popFirst() else { return false }
        var new = old
        // 2 and 3. Leave out the levels that both have in common.
        var fn = oldSize - 1
        var sn = size - 1
        while fn & 1 == 1 {
            fn >>= 1
            sn >>= 1
        }
        // 4. For each subsequent value…
        for node in path {
            guard sn != 0 else { return false }
            if fn & 1 == 1 || fn == sn {
                old = MerkleTree.nodeHash(node, old)
                new = MerkleTree.nodeHash(node, new)
                while fn & 1 == 0 && fn != 0 {
                    fn >>= 1
                    sn >>= 1
                }
            } else {
                new = MerkleTree.nodeHash(new, node)
            }
            fn >>= 1
            sn >>= 1
        }
        // 5. Both roots come out.
        return sn == 0 && old == oldRoot && new == root
    }

    private static func areHashes(_ hashes: [[UInt8]]) -> Bool {
        hashes.count <= maximumHashCount + 2
            && hashes.allSatisfy { $0.count == MerkleTree.hashByteCount }
    }
}
