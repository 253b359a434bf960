import Audit
import Rotations
import Testing
import VectorFiles

/// The log that FORMAT.md shows.
struct FormatTests {
    @Test func `the log that is published with the format is made byte for byte`() throws {
        var frontier = MerkleFrontier()
        var leaves: [String] = []
        for (sequence, event) in try events().enumerated() {
            let time = try #require(Timestamp(rfc3339: "2026-05-04T09:30:0\(sequence).250Z"))
            let entry = Entry(event, sequence: sequence, at: time, in: try context())
            frontier.append(entry.hash)
            leaves.append(String(decoding: entry.leaf, as: UTF8.self))
        }
        let seed = (0..<32).map { UInt8($0) }
        let signer = try NoteSigner(
            name: "db1.example/keyturn/6f1c7f1e-3c8b-4d5e-9a51-0d6f1f3f8a10/e1", seed: seed.span)
        let checkpoint = Checkpoint(
            origin: signer.verifier.name, size: frontier.size, root: frontier.root)
        #expect(
            try leaves.map { $0 + "\n" }.joined() == VectorFile.text("audit/entries.jsonl"))
        #expect(
            try signer.sign(checkpoint.text) == VectorFile.text("audit/checkpoint"))
        #expect(try signer.verifier.description + "\n" == VectorFile.text("audit/vkey"))
    }

    @Test func `the log that is published with the format verifies`() throws {
        let vkey = try VectorFile.text("audit/vkey").dropLast()
        var verifier = LogVerifier(keys: [try #require(VerifierKey(String(vkey)))])
        for line in try VectorFile.text("audit/entries.jsonl").split(separator: "\n") {
            let entry = try #require(Entry(leaf: Array(line.utf8)))
            _ = verifier.add(
                LogVerifier.Examined(leaf: entry.leaf), hash: entry.hash,
                projection: entry.projection)
        }
        verifier.check(note: try VectorFile.text("audit/checkpoint"))
        #expect(verifier.size == 3)
        #expect(verifier.checkpointCount == 1)
        #expect(verifier.findings == [])
    }

    @Test func `the proofs that are published with the format are made byte for byte, and hold`()
        throws
    {
        let leaves = try VectorFile.text("audit/entries.jsonl").split(separator: "\n")
            .map { Array($0.utf8) }
        let note = try VectorFile.text("audit/checkpoint")
        let key = try #require(
            VerifierKey(String(try VectorFile.text("audit/vkey").dropLast())))
        let hashes = leaves.map { MerkleTree.leafHash($0.span) }
        func hash(_ place: NodePosition) -> [UInt8] {
            let start = place.position << place.level
            return recomputedRoot(hashes[start..<(start + 1 << place.level)])
        }
        let inclusion = InclusionProof(
            index: 1, hashes: MerkleProof.inclusion(of: 1, size: 3, hash: hash), checkpoint: note)
        #expect(try inclusion.text == VectorFile.text("audit/1.tlog-proof"))
        #expect(try inclusion.verified(leaves[1], signedBy: [key]).size == 3)
        let growth = ConsistencyProof(
            oldSize: 1, hashes: MerkleProof.consistency(from: 1, to: 3, hash: hash),
            checkpoint: note)
        #expect(try growth.text == VectorFile.text("audit/growth-from-1"))
        let first = Checkpoint(origin: key.name, size: 1, root: hashes[0])
        #expect(try growth.verified(since: first, signedBy: [key]).size == 3)
    }
}

private func context() throws -> Entry.Context {
    Entry.Context(
        actor: Actor(
            uid: 0, loginUID: 1000, user: "ann", host: "db1.example", pid: 77, invocation: nil,
            claimedSudoUser: nil),
        run: try #require(Identifier("01J0000000000000000000RVN1")), tool: "keyturn 1.0.0")
}

private func events() throws -> [Event] {
    let secret = SecretReference(
        id: try #require(Identifier("01J0000000000000000000SEC1")), name: "prod/räder")
    let rotation = try #require(Identifier("01J0000000000000000000R0T1"))
    return [
        Event(.stateCreated) {
            $0.schemaVersion = 1
            $0.record = [UInt8](repeating: 0xab, count: 32)
        },
        Event(.rotationStarted) {
            $0.secret = secret
            $0.rotation = rotation
            $0.trigger = .emergency
            $0.reason = "leaked\nin a log"
            $0.ticket = "SEC-1"
        },
        Event(.effectSettled) {
            $0.secret = secret
            $0.rotation = rotation
            $0.version = 7
            $0.step = .issue
            $0.outcome = .done
            $0.status = 200
        },
    ]
}
