import Audit
import Files
import Rotations
import TestSupport
import Testing
import Vault

@testable import Storage

/// A new origin after a loss, and a new key in the place of the old one.
@Suite struct EpochTests {
    /// A state whose anchor shows eight entries, and whose database has five.
    private func restored() async throws -> TestState {
        let state = try TestState()
        try await state.append(4)
        try state.backUp()
        try await state.append(3)
        try state.restore()
        return state
    }

    private func newest(_ state: TestState, _ type: String) async throws -> Entry {
        var filter = EntryFilter()
        filter.type = type
        return try #require(try await state.open(.readOnly).entries(filter).first).entry
    }

    @Test func `a loss has to be accepted, and is written down`() async throws {
        let state = try await restored()
        let store = try await state.store()
        await #expect(throws: StorageError.self) {
            try await store.startEpoch(reason: "restored", acceptLoss: false)
        }
        #expect(try await store.entryCount() == 5)

        let epoch = try await store.startEpoch(reason: "restored", acceptLoss: true)

        #expect(epoch.key.name.hasSuffix("/e2"))
        #expect(epoch.moved == Moved(rotations: 0, deliveries: 0, policies: 0))
        let entry = try await newest(state, "epoch.started")
        #expect(entry.projection.sequence == 5)
        #expect(entry.members["reason"] == .string("restored"))
        #expect(entry.members["size"] == .integer(5))
        #expect(entry.members["note"] == .string(state.anchored[7]))
        #expect(entry.members["key"] == .string(epoch.key.description))
        // Tree and seq go on under the new origin, which the old key has signed too.
        try await store.heartbeat()
        #expect(state.anchoredSizes == Array(1...8) + [6, 7])
        let first = try #require(SignedNote(state.anchored[8]))
        #expect(first.signatures.count == 2)
        #expect(first.text.hasPrefix(epoch.key.name + "\n"))
        let found = try await state.open(.readOnly).verify()
        #expect(found.findings == [])
        #expect(found.anchoredCount == 10)
        #expect(try await state.conflict() == nil)
    }

    @Test func `killed before the new epoch is on the anchor, it goes on`() async throws {
        let state = try await restored()
        _ = try await state.store().startEpoch(reason: "restored", acceptLoss: true)
        try state.setAnchor(state.anchored.prefix(8).map { $0 + "\n" }.joined())
        #expect(try await state.conflict() == nil)
        #expect(state.anchoredSizes == Array(1...8) + [7])
        #expect(try await state.findings() == [])
    }

    @Test func `a database from before the epoch learns of it by the anchor`() async throws {
        let state = try TestState()
        try await state.append(2)
        try state.backUp()
        let epoch = try await state.store().startEpoch(reason: "a new home", acceptLoss: false)
        #expect(epoch.loss == nil)
        #expect(epoch.moved == nil)
        try await state.append(1)
        try state.restore()

        #expect(try await state.conflict() == .laterEpoch(origin: epoch.key.name))
        #expect(try await !state.findings().isEmpty)
        let third = try await state.store().startEpoch(reason: "restored", acceptLoss: true)
        #expect(third.key.name.hasSuffix("/e3"))
        #expect(try await state.conflict() == nil)
        #expect(try await state.findings() == [])
    }

    @Test func `an anchor that is gone is made anew by a new epoch`() async throws {
        let state = try TestState()
        try state.directory.remove("state-anchor/checkpoints")
        _ = try Directory.removeEmpty(state.place.anchorDirectory)
        _ = try await state.store().startEpoch(reason: "moved without it", acceptLoss: true)
        #expect(state.anchoredSizes == [2])
        #expect(try await state.findings() == [])
    }

    @Test func `an end that nobody signed is gone on from only when a person says so`() async throws
    {
        let state = try TestState()
        try await state.append(3)
        try state.raw().tamper("DELETE FROM audit_checkpoint WHERE size = 4")
        let store = try await state.store()
        await #expect(throws: StorageError.self) { try await store.heartbeat() }
        await #expect(throws: StorageError.self) {
            try await store.startEpoch(reason: "test", acceptLoss: false)
        }
        let epoch = try await store.startEpoch(reason: "test", acceptLoss: true)
        #expect(epoch.loss == .unsignedEnd || epoch.loss != nil)
        try await store.heartbeat()
        #expect(try await state.conflict() == nil)
    }

    // MARK: The key

    @Test func `both keys sign the checkpoint over the announcement, and the old one is erased`()
        async throws
    {
        let state = try TestState()
        try await state.append(2)
        let old = try #require(try await state.open(.readOnly).verifierKeys().first)
        let store = try await state.store()
        let new = try await store.rotateSigningKey(reason: "two years old")
        try await store.heartbeat()

        let covering = state.anchored[3]
        #expect(Checkpoint(note: covering, signedBy: old)?.size == 4)
        #expect(Checkpoint(note: covering, signedBy: new)?.size == 4)
        #expect(Checkpoint(note: state.anchored[4], signedBy: old) == nil)
        #expect(Checkpoint(note: state.anchored[4], signedBy: new)?.size == 5)
        #expect(old.name == new.name)
        #expect(
            try state.raw().column("SELECT number FROM sealed WHERE purpose = 'signing-key'")
                == ["1"])
        #expect(try await state.open(.readOnly).verifierKeys() == [new, old])
        #expect(try await state.findings() == [])
        #expect(try await newest(state, "signing-key.rotated").members["key"] == .string("\(new)"))
    }

    @Test func `a process that began with the old key goes on with the new one`() async throws {
        let state = try TestState()
        let (one, two) = (try await state.store(), try await state.store())
        try await one.heartbeat()
        let new = try await two.rotateSigningKey(reason: nil)
        try await one.heartbeat()
        #expect(Checkpoint(note: try #require(state.anchored.last), signedBy: new)?.size == 4)
        #expect(try await state.findings() == [])
    }

    @Test func `a database from before the new key learns of it by the anchor`() async throws {
        let state = try TestState()
        try await state.append(2)
        try state.backUp()
        let store = try await state.store()
        _ = try await store.rotateSigningKey(reason: nil)
        try await store.heartbeat()
        try state.restore()
        // Checkpoints of the new key alone say nothing to the old database; the one of both does.
        #expect(try await state.conflict() == .longer(anchored: 4, present: 3))
    }

    @Test(arguments: [
        "UPDATE signing_key SET public_key = randomblob(32) WHERE number = 0",
        "UPDATE signing_key SET origin = origin || 'x' WHERE number = 0",
        """
        INSERT INTO signing_key SELECT epoch, 7, origin, randomblob(32), NULL, 0 FROM signing_key
        LIMIT 1
        """,
    ])
    func `a key that the trail does not announce is found`(_ sql: String) async throws {
        let state = try TestState()
        _ = try await state.store().rotateSigningKey(reason: nil)
        try state.raw().tamper(sql)
        #expect(
            try await state.findings().map(\.problem).contains(
                "the keys that sign checkpoints are not those in the trail"))
    }

    // MARK: A witness

    @Test func `what a witness cosigned is kept, verified, and where the next proof begins`()
        async throws
    {
        let state = try TestState()
        try await state.append(4)
        let witness = try TestWitness()
        let store = try await state.store()
        let first = try #require(try await store.witnessRequest(from: nil))
        #expect(first.hasPrefix("old 0\n\n"))
        let line = try #require(try witness.cosign(first))
        // Others committed while the witness was asked.
        try await store.heartbeat()
        #expect(try await store.addCosignatures([line, "nonsense"], of: witness.key) == [5])
        #expect(try await store.addCosignatures([line], of: witness.key) == [5])
        #expect(try await store.addCosignatures([line], of: TestWitness().key) == [])
        #expect(try await state.findings() == [])

        let second = try #require(try await store.witnessRequest(from: nil))
        #expect(second.hasPrefix("old 5\n"))
        #expect(try witness.cosign(second) != nil)
        #expect(try await store.witnessRequest(from: 99) == nil)

        try state.raw().tamper("UPDATE audit_cosignature SET line = replace(line, 'A', 'B')")
        #expect(try await state.findings().first?.sequence == 4)
    }

    @Test func `a witness refuses another history`() async throws {
        let state = try TestState()
        try await state.append(4)
        try state.backUp()
        let anchor = state.anchor
        let witness = try TestWitness()
        try await state.append(3)
        let request = try #require(try await state.open(.readOnly).witnessRequest(from: nil))
        #expect(try witness.cosign(request) != nil)
        try state.restore()
        try state.setAnchor(anchor)
        try await state.append(5)
        let forked = try #require(try await state.open(.readOnly).witnessRequest(from: 8))
        #expect(try witness.cosign(forked) == nil)
    }
}
