extension MerkleTree {
    /// The hash of a complete subtree, from wherever it is kept.
    package typealias NodeReader = (NodePosition) throws -> [UInt8]

    /// The proof of RFC 6962, section 2.1.2, that the tree of `size` leaves begins with that of
    /// `oldSize` leaves; empty for an old size of nothing, and for the same size.
    package static func consistencyProof(
        from oldSize: Int, to size: Int, _ node: NodeReader
    ) throws -> [[UInt8]] {
        precondition((0...size).contains(oldSize))
        guard oldSize > 0, oldSize < size else { return [] }
        return try subproof(oldSize, in: 0..<size, isWholeKnown: true, node)
    }

    /// The proof of RFC 6962, section 2.1.1, that a leaf is in the tree of `size` leaves.
    package static func inclusionProof(
        of index: Int, in size: Int, _ node: NodeReader
    ) throws -> [[UInt8]] {
        precondition((0..<size).contains(index))
        var path: [[UInt8]] = []
        var range = 0..<size
        while range.count > 1 {
            let middle = range.lowerBound + largestPowerOfTwo(below: range.count)
            let (near, far) =
                index < middle
                ? (range.lowerBound..<middle, middle..<range.upperBound)
                : (middle..<range.upperBound, range.lowerBound..<middle)
            path.append(try hash(of: far, node))
            range = near
        }
        return path.reversed()
    }

    /// The root of the first `size` leaves.
    package static func root(size: Int, _ node: NodeReader) throws -> [UInt8] {
        try hash(of: 0..<size, node)
    }

    private static func subproof(
        _ oldEnd: Int, in range: Range<Int>, isWholeKnown: Bool, _ node: NodeReader
    ) throws -> [[UInt8]] {
        if oldEnd == range.upperBound { return isWholeKnown ? [] : [try hash(of: range, node)] }
        let middle = range.lowerBound + largestPowerOfTwo(below: range.count)
        let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
        if oldEnd <= middle {
            return try subproof(oldEnd, in: left, isWholeKnown: isWholeKnown, node)
                + [hash(of: right, node)]
        }
        return try subproof(oldEnd, in: right, isWholeKnown: false, node)
            + [hash(of: left, node)]
    }

    /// The hash over leaves that begin where a complete subtree of their number may begin.
    private static func hash(of range: Range<Int>, _ node: NodeReader) throws -> [UInt8] {
        root(
            of: try completeSubtrees(size: range.count).map { place in
                try node(
                    NodePosition(
                        level: place.level,
                        position: place.position + range.lowerBound >> place.level))
            })
    }

    private static func largestPowerOfTwo(below count: Int) -> Int {
        1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount)
    }
}
