import Audit
import Testing
import VectorFiles

struct MerkleProofTests {
    @Test func `the 98 inclusion cases come out as stated`() throws {
        let cases: [InclusionCase] = try VectorFile.json("merkle-rfc6962/inclusion.json")
        #expect(cases.count == 98)
        #expect(cases.filter(\.wantErr).count == 92)
        for test in cases {
            guard let index = Int(exactly: test.leafIdx) else {
                // 2^64 - 1 and the like: our type for an index does not hold them.
                #expect(test.wantErr, "\(test.file)")
                continue
            }
            let isIncluded = MerkleProof.isIncluded(
                leaf: test.leafHash.bytes, index: index, size: test.treeSize,
                proof: (test.proof ?? []).map(\.bytes), root: test.root.bytes)
            #expect(isIncluded == !test.wantErr, "\(test.file)")
        }
    }

    @Test func `the 98 consistency cases come out as stated but for one`() throws {
        // Its two equal roots are placeholders of 12 bytes; we insist on 32, rightly (SOURCE.md).
        let difference = "consistency/additional/sizes-are-equal-one-and-proof-is-empty.json"
        let cases: [ConsistencyCase] = try VectorFile.json("merkle-rfc6962/consistency.json")
        #expect(cases.count == 98)
        var differences: [String] = []
        for test in cases {
            let isConsistent = MerkleProof.isConsistent(
                oldSize: test.size1, oldRoot: test.root1.bytes, size: test.size2,
                root: test.root2.bytes, proof: (test.proof ?? []).map(\.bytes))
            if isConsistent != !test.wantErr { differences.append(test.file) }
        }
        #expect(differences == [difference])
    }

    @Test func `entries of real logs of up to 75 million leaves are included`() throws {
        let entries: [RekorEntry] = try VectorFile.json(rekor)
        #expect(entries.count == 22)
        for entry in entries {
            func isIncluded(at index: Int, _ leaf: [UInt8], _ proof: [[UInt8]]) -> Bool {
                MerkleProof.isIncluded(
                    leaf: MerkleTree.leafHash(leaf.span), index: index, size: entry.treeSize,
                    proof: proof, root: entry.root.bytes)
            }
            let proof = entry.proof.map(\.bytes)
            #expect(entry.inclusionValid)
            #expect(isIncluded(at: entry.index, entry.leaf.bytes, proof), "\(entry.source)")
            #expect(!isIncluded(at: entry.index - 1, entry.leaf.bytes, proof))
            #expect(!isIncluded(at: entry.treeSize, entry.leaf.bytes, proof))
            #expect(!isIncluded(at: entry.index, entry.leaf.bytes + [0], proof))
            #expect(!isIncluded(at: entry.index, entry.leaf.bytes, proof.dropLast()))
            #expect(!isIncluded(at: entry.index, entry.leaf.bytes, proof + [proof[0]]))
        }
    }

    @Test func `the path of each leaf proves it and proves no other`() {
        for size in 1...40 {
            let hashes = numberedHashes(size)
            let root = recomputedRoot(hashes[...])
            for index in 0..<size {
                let proof = path(index, hashes[...])
                for other in -1...size {
                    let isIncluded = MerkleProof.isIncluded(
                        leaf: hashes[index], index: other, size: size, proof: proof, root: root)
                    #expect(isIncluded == (other == index))
                }
            }
        }
    }

    @Test func `each size is proved to grow into each larger one and into nothing else`() {
        let hashes = numberedHashes(41)
        let forged = [numberedHashes(42)[41]] + hashes.dropFirst()
        for size in 0...41 {
            for oldSize in 0...size {
                let proof = consistency(oldSize, hashes[..<size])
                func isConsistent(with old: [[UInt8]], proof: [[UInt8]]) -> Bool {
                    MerkleProof.isConsistent(
                        oldSize: oldSize, oldRoot: recomputedRoot(old[..<oldSize]), size: size,
                        root: recomputedRoot(hashes[..<size]), proof: proof)
                }
                #expect(isConsistent(with: hashes, proof: proof), "\(oldSize) to \(size)")
                #expect(!isConsistent(with: hashes, proof: proof + [hashes[0]]))
                if !proof.isEmpty { #expect(!isConsistent(with: hashes, proof: proof.dropLast())) }
                if oldSize > 0 { #expect(!isConsistent(with: forged, proof: proof)) }
            }
        }
    }

    @Test func `sizes that make no sense are refused`() {
        let hash = numberedHashes(1)[0]
        for (index, size) in [(-1, 1), (0, 0), (0, -1), (1, 1), (Int.max, Int.max)] {
            #expect(
                !MerkleProof.isIncluded(
                    leaf: hash, index: index, size: size, proof: [], root: hash))
        }
        for (oldSize, size) in [(-1, 1), (2, 1), (-1, -1)] {
            #expect(
                !MerkleProof.isConsistent(
                    oldSize: oldSize, oldRoot: hash, size: size, root: hash, proof: []))
        }
    }

    @Test func `a proof of more than 63 hashes or of hashes that are not 32 bytes is refused`() {
        // The tree of Int.max leaves has 63 levels, and the first leaf's path all of them.
        let hash = numberedHashes(1)[0]
        func isIncluded(_ proof: [[UInt8]]) -> Bool {
            MerkleProof.isIncluded(
                leaf: hash, index: 0, size: .max, proof: proof,
                root: proof.reduce(hash) { MerkleTree.nodeHash($0, $1) })
        }
        #expect(isIncluded(Array(repeating: hash, count: 63)))
        #expect(!isIncluded(Array(repeating: hash, count: 62)))
        #expect(!isIncluded(Array(repeating: hash, count: 64)))
        #expect(!isIncluded(Array(repeating: Array(hash.dropLast()), count: 63)))
        #expect(!isIncluded(Array(repeating: hash + [0], count: 63)))
    }
}

private struct InclusionCase: Decodable {
    let file: String
    let leafIdx: UInt64
    let treeSize: Int
    let root: Base64
    let leafHash: Base64
    let proof: [Base64]?
    let wantErr: Bool
}

private struct ConsistencyCase: Decodable {
    let file: String
    let size1: Int
    let size2: Int
    let root1: Base64
    let root2: Base64
    let proof: [Base64]?
    let wantErr: Bool
}

/// PATH of RFC 9162, section 2.1.3.1.
private func path(_ index: Int, _ hashes: ArraySlice<[UInt8]>) -> [[UInt8]] {
    guard hashes.count > 1 else { return [] }
    let (left, right) = split(hashes)
    return index < left.count
        ? path(index, left) + [recomputedRoot(right)]
        : path(index - left.count, right) + [recomputedRoot(left)]
}

/// PROOF of RFC 9162, section 2.1.4.1.
private func consistency(_ oldSize: Int, _ hashes: ArraySlice<[UInt8]>) -> [[UInt8]] {
    func proof(_ size: Int, _ hashes: ArraySlice<[UInt8]>, _ isKnown: Bool) -> [[UInt8]] {
        guard size < hashes.count else { return isKnown ? [] : [recomputedRoot(hashes)] }
        let (left, right) = split(hashes)
        return size <= left.count
            ? proof(size, left, isKnown) + [recomputedRoot(right)]
            : proof(size - left.count, right, false) + [recomputedRoot(left)]
    }
    return oldSize == 0 ? [] : proof(oldSize, hashes, true)
}
