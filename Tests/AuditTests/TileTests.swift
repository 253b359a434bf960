import Audit
import Testing
import VectorFiles

struct TileTests {
    // The examples of https://c2sp.org/tlog-tiles.
    @Test func `a tile lies where the specification's examples say`() {
        #expect(
            Tile(.hashes(level: 0), index: 1_234_067, width: 256).path == "tile/0/x001/x234/067")
        #expect(
            Tile(.hashes(level: 0), index: 273, width: 112).path == "tile/0/273.p/112")
        #expect(Tile(.entries, index: 0, width: 1).path == "tile/entries/000.p/1")
        #expect(Tile(.hashes(level: 2), index: 1_000, width: 256).path == "tile/2/x001/000")
        #expect(Tile(.entries, index: 999, width: 255).path == "tile/entries/999.p/255")
    }

    @Test func `a tree of 70,000 leaves has the tiles of the specification's example`() {
        #expect(Tile.levels(size: 70_000) == 0..<3)
        let tiles = Tile.levels(size: 70_000).map { Tile.needed(level: $0, from: 0, to: 70_000) }
        #expect(tiles.map(\.count) == [274, 2, 1])
        #expect(tiles[0].dropLast().allSatisfy { $0.width == 256 })
        #expect(tiles.map { $0.last?.width } == [112, 17, 1])
        #expect(tiles[1].first?.width == 256)
    }

    @Test func `a tree of 256 leaves has a full tile and a partial one above it`() {
        #expect(Tile.levels(size: 256) == 0..<2)
        #expect(Tile.needed(level: 0, from: 0, to: 256).map(\.path) == ["tile/0/000"])
        #expect(Tile.needed(level: 1, from: 0, to: 256).map(\.path) == ["tile/1/000.p/1"])
        #expect(Tile.levels(size: 255) == 0..<1)
        #expect(Tile.levels(size: 0).isEmpty)
        #expect(Tile.levels(size: .max) == 0..<8)
    }

    @Test(arguments: [(0, 1), (0, 256), (255, 257), (256, 512), (300, 70_000), (65_535, 65_536)])
    func `what is needed is what the larger tree has and the smaller has not`(
        _ old: Int, _ new: Int
    ) {
        for level in 0..<3 {
            let before = Set(Tile.needed(level: level, from: 0, to: old))
            let after = Set(Tile.needed(level: level, from: 0, to: new))
            #expect(Set(Tile.needed(level: level, from: old, to: new)) == after.subtracting(before))
        }
        #expect(Tile.needed(level: 0, from: new, to: new).isEmpty)
    }

    /// Tessera's bundles, taken apart by their length prefixes, are made again byte for byte, and the
    /// hashes beside them are those of their entries.
    @Test(arguments: 1...15)
    func `the log of Tessera is made again`(_ size: Int) throws {
        let tile = try #require(Tile.needed(level: 0, from: 0, to: size).last)
        let bundle = try VectorFile.bytes("tlog-tiles-tessera/log/\(tile.entries.path)")
        var leaves: [[UInt8]] = []
        var rest = bundle[...]
        while rest.count >= 2 {
            let count = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
            leaves.append(Array(rest.dropFirst(2).prefix(count)))
            rest = rest.dropFirst(2 + count)
        }
        #expect(leaves.count == size)
        #expect(Tile.bundle(leaves) == bundle)
        let hashes = leaves.map { MerkleTree.leafHash($0.span) }
        #expect(
            try VectorFile.bytes("tlog-tiles-tessera/log/\(tile.path)") == hashes.flatMap(\.self))
        let key = try #require(VerifierKey(try tesseraKey()))
        let note = try VectorFile.text("tlog-tiles-tessera/log/checkpoint.\(size)")
        #expect(Checkpoint(note: note, signedBy: key)?.root == recomputedRoot(hashes[...]))
    }
}
