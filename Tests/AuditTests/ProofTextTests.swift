import Audit
import FoundationEssentials
import Rotations
import Testing

struct ProofTextTests {
    private let log: SmallLog

    init() throws { log = try SmallLog() }

    @Test func `a proof of inclusion is written as the specification has it, and read again`()
        throws
    {
        let proof = log.inclusion(5)
        let lines = proof.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "c2sp.org/tlog-proof@v1")
        #expect(lines[1] == "index 5")
        #expect(lines[2].count == 44)
        #expect(proof.text.hasSuffix("\n\n" + log.note))
        #expect(InclusionProof(proof.text) == proof)
    }

    @Test func `extra data is passed over`() {
        let text = log.inclusion(5).text.replacing("index 5", with: "extra aGk=\nindex 5")
        #expect(InclusionProof(text) == log.inclusion(5))
        #expect(InclusionProof(text.replacing("aGk=", with: "aGk")) == nil)
    }

    @Test func `a good proof proves its entry by the checkpoint in it`() throws {
        for index in 0..<log.leaves.count {
            let head = try log.inclusion(index).verified(
                log.leaves[index], signedBy: [log.key])
            #expect(head.size == log.leaves.count)
        }
    }

    /// Signature, hashes, entry and question belong together: each alone says nothing.
    @Test func `a good proof proves nothing else`() throws {
        let proof = log.inclusion(5)
        let other = try SmallLog(seed: 9)
        func problem(
            _ proof: InclusionProof, _ leaf: [UInt8], _ keys: [VerifierKey]
        ) -> ProofError? {
            do throws(ProofError) {
                _ = try proof.verified(leaf, signedBy: keys)
                return nil
            } catch {
                return error
            }
        }
        #expect(problem(proof, log.leaves[5], [log.key]) == nil)
        #expect(problem(proof, log.leaves[6], [log.key]) == .otherEntry)
        #expect(problem(proof, Array("5".utf8), [log.key]) == .otherEntry)
        #expect(problem(proof, log.leaves[5], [other.key]) == .unsigned)
        #expect(problem(proof, log.leaves[5], []) == .unsigned)
        #expect(problem(proof, other.leaves[5], [log.key]) == .unproved)
        func changed(
            index: Int? = nil, hashes: [[UInt8]]? = nil, note: String? = nil
        ) -> InclusionProof {
            InclusionProof(
                index: index ?? proof.index, hashes: hashes ?? proof.hashes,
                checkpoint: note ?? proof.checkpoint)
        }
        #expect(problem(changed(index: 6), log.leaves[6], [log.key]) == .unproved)
        #expect(
            problem(changed(hashes: proof.hashes.dropLast()), log.leaves[5], [log.key])
                == .unproved)
        // The entry of another index says so; beyond the tree there is none.
        #expect(problem(changed(index: 99), log.leaves[5], [log.key]) == .otherEntry)
        #expect(problem(changed(note: other.note), log.leaves[5], [log.key]) == .unsigned)
    }

    @Test(arguments: [
        ("index 5", "index 05"), ("index 5", "index -1"), ("index 5", "index +5"),
        ("index 5", "index "), ("index 5", "Index 5"), ("index 5", "index 5 "),
        ("index 5", "index 9223372036854775808"),
        ("tlog-proof@v1", "tlog-proof@v2"), ("c2sp.org", " c2sp.org"),
        ("index 5\n", ""), ("\n\n", "\n"),
    ])
    func `a malformed proof is none`(_ change: (from: String, to: String)) {
        let text = log.inclusion(5).text.replacing(change.from, with: change.to, maxReplacements: 1)
        #expect(text != log.inclusion(5).text)
        #expect(InclusionProof(text) == nil)
    }

    @Test func `sixty-three hashes of thirty-two bytes are read and no more`() {
        func proof(_ count: Int, bytes: Int = 32) -> String {
            InclusionProof(
                index: 0,
                hashes: Array(repeating: [UInt8](repeating: 7, count: bytes), count: count),
                checkpoint: log.note
            ).text
        }
        #expect(InclusionProof(proof(0))?.hashes.count == 0)
        #expect(InclusionProof(proof(63))?.hashes.count == 63)
        #expect(InclusionProof(proof(64)) == nil)
        #expect(InclusionProof(proof(1, bytes: 31)) == nil)
        #expect(InclusionProof(proof(1, bytes: 33)) == nil)
        let spelled = proof(1)
        for other in respellings(of: Data([UInt8](repeating: 7, count: 32)).base64EncodedString()) {
            let text = spelled.replacing(
                Data([UInt8](repeating: 7, count: 32)).base64EncodedString(), with: other)
            #expect(InclusionProof(text) == nil)
        }
    }

    @Test func `a file without end is not read`() {
        let text = log.inclusion(5).text + String(repeating: "x", count: 1_200_000)
        #expect(InclusionProof(text) == nil)
    }

    @Test func `a proof of growth is a witness's request, and holds for the kept checkpoint alone`()
        throws
    {
        let kept = Checkpoint(origin: "log", size: 5, root: log.root(5))
        let proof = log.growth(from: 5)
        #expect(proof.text.hasPrefix("old 5\n"))
        #expect(ConsistencyProof(proof.text) == proof)
        #expect(try proof.verified(since: kept, signedBy: [log.key]).size == log.leaves.count)
        for (other, problem) in [
            (Checkpoint(origin: "log", size: 5, root: log.root(6)), ProofError.unproved),
            (Checkpoint(origin: "log", size: 6, root: log.root(6)), .otherSize),
        ] {
            #expect(throws: problem) { try proof.verified(since: other, signedBy: [log.key]) }
        }
        #expect(throws: ProofError.unsigned) { try proof.verified(since: kept, signedBy: []) }
        for size in ["05", "-5", "", "5 "] {
            #expect(ConsistencyProof(proof.text.replacing("old 5", with: "old \(size)")) == nil)
        }
    }
}
