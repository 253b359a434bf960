import OpenSSL

/// The Merkle tree of RFC 6962, section 2.1, over SHA-256: leaf `H(0x00 ‖ d)`, node
/// `H(0x01 ‖ left ‖ right)`.
package enum MerkleTree {
    /// Bytes of a hash.
    package static let hashByteCount = SHA256.byteCount

    /// The root of the tree without leaves.
    package static let emptyRoot = SHA256.hash([])

    /// The hash of a leaf.
    package static func leafHash(_ leaf: Span<UInt8>) -> [UInt8] {
        var hash = SHA256()
        hash.update([UInt8(0)].span)
        hash.update(leaf)
        return hash.finalize()
    }

    /// The hash of a node over its two children.
    package static func nodeHash(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        var message: [UInt8] = [1]
        message.reserveCapacity(65)
        message += left
        message += right
        return SHA256.hash(message)
    }

    /// The complete subtrees that make up a tree of `size` leaves, from left to right: one for each
    /// bit of the size, the largest first.
    package static func completeSubtrees(size: Int) -> [NodePosition] {
        var positions: [NodePosition] = []
        var start = 0
        for level in stride(from: Int.bitWidth - 2, through: 0, by: -1)
        where size >> level & 1 == 1 {
            positions.append(NodePosition(level: level, position: start >> level))
            start += 1 << level
        }
        return positions
    }

    /// The root over complete subtrees, given from left to right.
    package static func root(of subtrees: [[UInt8]]) -> [UInt8] {
        guard var root = subtrees.last else { return emptyRoot }
        for subtree in subtrees.dropLast().reversed() { root = nodeHash(subtree, root) }
        return root
    }
}

/// A complete subtree of `2^level` leaves, the `position`-th of its level from the left.
package struct NodePosition: Hashable, Sendable {
    package let level: Int
    package let position: Int

    package init(level: Int, position: Int) {
        self.level = level
        self.position = position
    }
}

/// The right edge of a growing tree: what is needed to append leaves and to know the root, and no
/// more than one hash a level.
package struct MerkleFrontier: Sendable, Equatable {
    /// The number of leaves.
    package private(set) var size: Int
    /// The complete subtrees from left to right, as `MerkleTree.completeSubtrees` lists them.
    package private(set) var subtrees: [[UInt8]]

    /// The edge of the empty tree.
    package init() {
        size = 0
        subtrees = []
    }

    /// The edge of a tree of `size` leaves whose complete subtrees have these hashes.
    package init(size: Int, subtrees: [[UInt8]]) {
        precondition(subtrees.count == size.nonzeroBitCount)
        self.size = size
        self.subtrees = subtrees
    }

    /// The root of the tree.
    package var root: [UInt8] { MerkleTree.root(of: subtrees) }

    /// Appends a leaf and returns the nodes above level 0 that became complete by it.
    @discardableResult
    package mutating func append(
        _ leafHash: [UInt8]
    ) -> [(at: NodePosition, hash: [UInt8])] {
        var completed: [(at: NodePosition, hash: [UInt8])] = []
        var hash = leafHash
        var level = 0
        // Each trailing 1 of the old size is a subtree that the new leaf completes.
        while size >> level & 1 == 1 {
            hash = MerkleTree.nodeHash(subtrees.removeLast(), hash)
            level += 1
            completed.append((NodePosition(level: level, position: size >> level), hash))
        }
        subtrees.append(hash)
        size += 1
        return completed
    }
}
