/// A file of C2SP tlog-tiles (https://c2sp.org/tlog-tiles): up to 256 hashes of one level of the
/// tree, or the entries under 256 of its leaves.
package struct Tile: Hashable, Sendable {
    /// What stands in a tile.
    package enum Contents: Hashable, Sendable {
        /// Hashes of complete subtrees of 256^level leaves.
        case hashes(level: Int)
        case entries
    }

    package let contents: Contents
    /// Its place from the left, among the tiles of its level.
    package let index: Int
    /// How many hashes or entries it has; fewer than 256 at the right edge only.
    package let width: Int

    /// The width of a full tile.
    package static let fullWidth = 256

    package init(_ contents: Contents, index: Int, width: Int) {
        precondition(index >= 0 && (1...Self.fullWidth).contains(width))
        self.contents = contents
        self.index = index
        self.width = width
    }

    /// Where it lies, from the log's directory on: `tile/0/x001/x234/067.p/8`.
    package var path: String {
        let kind =
            switch contents {
            case .hashes(let level): String(level)
            case .entries: "entries"
            }
        let digits = String(index)
        let padded = String(repeating: "0", count: (3 - digits.count % 3) % 3) + digits
        let groups = stride(from: 0, to: padded.count, by: 3).map {
            padded.dropFirst($0).prefix(3)
        }
        let number = groups.dropLast().map { "x\($0)/" }.joined() + (groups.last ?? "")
        return "tile/\(kind)/\(number)" + (width < Self.fullWidth ? ".p/\(width)" : "")
    }

    /// The hashes or entries that stand in it, counted from the left of its level.
    package var range: Range<Int> {
        index * Self.fullWidth..<index * Self.fullWidth + width
    }

    /// The levels that a tree of `size` leaves has tiles of.
    package static func levels(size: Int) -> Range<Int> {
        0..<(size == 0 ? 0 : (Int.bitWidth - 1 - size.leadingZeroBitCount) / 8 + 1)
    }

    /// The hash tiles of a level that a tree of `size` leaves has and one of `oldSize` has not.
    package static func needed(level: Int, from oldSize: Int, to size: Int) -> [Tile] {
        let old = oldSize >> (8 * level)
        let count = size >> (8 * level)
        guard count > old else { return [] }
        return (old / fullWidth...(count - 1) / fullWidth).map { index in
            Tile(
                .hashes(level: level), index: index,
                width: min(fullWidth, count - index * fullWidth))
        }
    }

    /// The bundle of entries that lies beside a tile of level 0.
    package var entries: Tile { Tile(.entries, index: index, width: width) }

    /// The bytes of a bundle: before each entry its length, two bytes, the higher first.
    package static func bundle(_ leaves: some Sequence<[UInt8]>) -> [UInt8] {
        var bytes: [UInt8] = []
        for leaf in leaves {
            precondition(leaf.count <= UInt16.max)
            bytes += [UInt8(leaf.count >> 8), UInt8(leaf.count & 255)]
            bytes += leaf
        }
        return bytes
    }
}
