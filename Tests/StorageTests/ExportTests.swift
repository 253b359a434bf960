import Audit
import Rotations
import TestSupport
import Testing

@testable import Storage

/// What is handed out of the trail, and what a kept checkpoint shows.
@Suite struct ExportTests {
    /// A trail of nine entries and the checkpoint over its first six.
    private func filled() async throws -> (state: TestState, kept: Checkpoint) {
        let state = try TestState()
        try await state.fill()
        let store = try await state.open(.readOnly)
        let note = try #require(try await store.checkpoint(size: 6))
        let key = try #require(try await store.verifierKeys().first)
        return (state, try #require(Checkpoint(note: note.note, signedBy: key)))
    }

    @Test func `every entry is proved under every checkpoint, and each size grows into the next`()
        async throws
    {
        let (state, _) = try await filled()
        let store = try await state.open(.readOnly)
        let key = try #require(try await store.verifierKeys().first)
        let leaves = try await store.leaves(0..<9)
        for size in 1...9 {
            let head = try #require(try await store.checkpoint(size: size))
            for index in 0..<size {
                let proof = InclusionProof(
                    index: index, hashes: try await store.inclusionProof(of: index, size: size),
                    checkpoint: head.note)
                #expect(try proof.verified(leaves[index].leaf, signedBy: [key]).size == size)
            }
            for old in 1...size {
                let note = try #require(try await store.checkpoint(size: old)).note
                let kept = try #require(Checkpoint(note: note, signedBy: key))
                let proof = ConsistencyProof(
                    oldSize: old,
                    hashes: try await store.consistencyProof(from: old, to: size),
                    checkpoint: head.note)
                #expect(try proof.verified(since: kept, signedBy: [key]).size == size)
                #expect(try await store.frontier(size: old).root == kept.root)
            }
        }
        #expect(try await store.checkpoint()?.size == 9)
        #expect(try await store.checkpoint(size: 10) == nil)
    }

    @Test func `witnesses' signatures are handed out with the checkpoint`() async throws {
        let (state, _) = try await filled()
        try state.raw().execute(
            "INSERT INTO audit_cosignature VALUES (6, 'w', '\u{2014} w aGVsbG8=')")
        let store = try await state.open(.readOnly)
        let note = try #require(try await store.checkpoint(size: 6)?.note)
        #expect(note.hasSuffix("\n\u{2014} w aGVsbG8=\n"))
        #expect(SignedNote(note)?.signatures.count == 2)
    }

    @Test func `a trail that went on from a kept checkpoint is intact`() async throws {
        let (state, kept) = try await filled()
        let found = try await state.open(.readOnly).verify(since: kept)
        #expect(found.findings == [])
        #expect(found.entryCount == 9)
        // Those that came after it, and no others.
        #expect(found.checkpointCount == 3)
    }

    /// What it looks at is what is new: an old entry is left to the whole check.
    @Test func `what lies before the kept checkpoint is not read`() async throws {
        let (state, kept) = try await filled()
        try state.raw().tamper("UPDATE audit_entry SET leaf = '{}' WHERE seq = 1")
        #expect(try await state.open(.readOnly).verify(since: kept).findings == [])
        #expect(try await state.findings().first?.sequence == 1)
    }

    @Test(arguments: [
        (
            "UPDATE audit_entry SET leaf = replace(leaf, '\"uid\":0', '\"uid\":1') WHERE seq = 7",
            7,
            "the entry is not what its hash was made of"
        ),
        (
            "UPDATE audit_entry SET type = 'state.created' WHERE seq = 7", 7,
            "a column differs from the entry"
        ),
        ("DELETE FROM audit_entry WHERE seq = 7", 7, "the entry is missing"),
        (
            "DELETE FROM audit_entry WHERE seq >= 5", 5,
            "the entry is missing: the kept checkpoint covers 6"
        ),
        (
            "UPDATE audit_node SET hash = zeroblob(32) WHERE level = 2 AND position = 0", 0,
            "the entries are not those that the kept checkpoint covers"
        ),
        (
            "DELETE FROM audit_node WHERE level = 2 AND position = 0", 0,
            "the entries are not those that the kept checkpoint covers"
        ),
        (
            "DELETE FROM audit_checkpoint WHERE size = 9", 8,
            "the entry is not covered by any checkpoint"
        ),
    ])
    func `what does not go on from a kept checkpoint is found`(
        _ sql: String, _ sequence: Int, _ problem: String
    ) async throws {
        let (state, kept) = try await filled()
        try state.raw().tamper(sql)
        let first = try #require(
            try await state.open(.readOnly).verify(since: kept).findings.first)
        #expect(first == LogVerifier.Finding(sequence, problem))
    }

    @Test func `a vault record that came after the kept checkpoint is compared`() async throws {
        let state = try TestState()
        let store = try await state.store()
        let key = try #require(try await store.verifierKeys().first)
        let note = try #require(try await store.checkpoint()?.note)
        let kept = try #require(Checkpoint(note: note, signedBy: key))
        try await state.fill()
        #expect(try await store.verify(since: kept).recordCount == 2)
        try state.raw().tamper("UPDATE sealed SET created_at_ms = 0 WHERE id = 3")
        let first = try #require(try await store.verify(since: kept).findings.first)
        #expect(first.problem.hasPrefix("a vault record is not the one in the trail: value"))
        #expect(first.sequence == 3)
    }

    @Test func `a value is found by its fingerprint, also when its record is destroyed`()
        async throws
    {
        let state = try TestState()
        try await state.fill()
        let store = try await state.store()
        let fingerprint = try store.vault.fingerprint(Array("secret of ops-b".utf8).span)

        let found = try await store.versions(withFingerprint: fingerprint)
        #expect(found.map(\.secret.name) == ["pinecone/ops-b"])
        #expect(found.first?.number == 1)
        #expect(found.first?.sequence == 3)
        #expect(found.first?.state == .current)

        try state.raw().tamper(
            "UPDATE version SET sealed_id = NULL, state = 'destroyed' WHERE sealed_id = 3")
        let later = try await store.versions(withFingerprint: fingerprint)
        #expect(later.map(\.state) == [.destroyed])
        let other = try store.vault.fingerprint(Array("secret of ops-c".utf8).span)
        #expect(try await store.versions(withFingerprint: other) == [])
    }

    @Test func `entries are filtered by who, why and label`() async throws {
        let state = try TestState()
        try await state.fill()
        let store = try await state.open(.readOnly)
        func count(_ fill: (inout EntryFilter) -> Void) async throws -> Int {
            var filter = EntryFilter()
            fill(&filter)
            let asked = filter
            return try await store.entries(asked).count
        }
        #expect(try await count { $0.actor = "root" } == 9)
        #expect(try await count { $0.actor = "0" } == 9)
        #expect(try await count { $0.actor = "ann" } == 0)
        #expect(try await count { $0.reason = "leak" } == 0)
        #expect(try await count { $0.label = ("env", "prod") } == 0)
        #expect(try await count { $0.start = 7 } == 2)
        #expect(try await count { $0.before = 7 } == 7)
        #expect(try await count { $0.limit = 4 } == 4)
        var filter = EntryFilter()
        filter.type = EventType.runHeartbeat.rawValue
        filter.limit = 1
        let asked = filter
        #expect(try await store.sequences(asked) == [8, 7, 6, 5, 4])
    }
}
