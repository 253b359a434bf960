extension MerkleProof {
    /// The proof that the leaf at `index` is in the tree of `size` leaves (PATH of RFC 9162, section
    /// 2.1.3.1): the nearest sibling first.
    ///
    /// - Parameter hash: gives the hash of a complete subtree; some `2 log₂(size)` are asked for.
    package static func inclusion(
        of index: Int, size: Int, hash: (NodePosition) throws -> [UInt8]
    ) rethrows -> [[UInt8]] {
        precondition(index >= 0 && index < size)
        var range = 0..<size
        var path: [[UInt8]] = []
        while range.count > 1 {
            let middle = MerkleTree.split(range)
            let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
            path.append(try MerkleTree.root(of: index < middle ? right : left, hash))
            range = index < middle ? left : right
        }
        return path.reversed()
    }

    /// The proof that the tree of `size` leaves begins with the one of `oldSize` (SUBPROOF of RFC
    /// 9162, section 2.1.4.1).
    package static func consistency(
        from oldSize: Int, to size: Int, hash: (NodePosition) throws -> [UInt8]
    ) rethrows -> [[UInt8]] {
        precondition(oldSize >= 0 && oldSize <= size)
        guard oldSize > 0 else { return [] }
        var range = 0..<size
        var path: [[UInt8]] = []
        // Whoever has the old root knows a subtree that begins with the first leaf.
        while oldSize < range.upperBound {
            let middle = MerkleTree.split(range)
            let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
            path.append(try MerkleTree.root(of: oldSize <= middle ? right : left, hash))
            range = oldSize <= middle ? left : right
        }
        if range.lowerBound > 0 { path.append(try MerkleTree.root(of: range, hash)) }
        return path.reversed()
    }
}

extension MerkleTree {
    /// Where the tree over these leaves is divided: after the largest power of two below their
    /// number.
    fileprivate static func split(_ range: Range<Int>) -> Int {
        range.lowerBound + 1 << (Int.bitWidth - 1 - (range.count - 1).leadingZeroBitCount)
    }

    /// The root over a range of leaves that such divisions have led to, so that its complete
    /// subtrees are those of the whole tree.
    fileprivate static func root(
        of range: Range<Int>, _ hash: (NodePosition) throws -> [UInt8]
    ) rethrows -> [UInt8] {
        root(
            of: try completeSubtrees(size: range.count).map { place in
                try hash(
                    NodePosition(
                        level: place.level,
                        position: range.lowerBound >> place.level + place.position))
            })
    }
}
