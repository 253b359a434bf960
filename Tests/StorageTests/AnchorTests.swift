import Audit
import Files
import Rotations
import TestSupport
import Testing

@testable import Storage

/// Checkpoints outside the database: what is signed extends all of them.
@Suite struct AnchorTests {
    @Test func `each commit is on the anchor when the writer goes on`() async throws {
        let state = try TestState()
        #expect(state.anchoredSizes == [1])
        try await state.fill()
        #expect(state.anchoredSizes == Array(1...9))
        let found = try await state.open(.readOnly).verify()
        #expect(found.findings == [])
        #expect(found.anchoredCount == 9)
        #expect(found.remarks == [])
    }

    // MARK: What a crash leaves

    @Test func `an anchor that is behind is gone on from`() async throws {
        let state = try TestState()
        try await state.fill()
        // Killed between COMMIT and the anchor, three times in a row.
        try state.setAnchor(state.anchored.prefix(6).map { $0 + "\n" }.joined())
        #expect(try await state.open(.readOnly).verify().remarks.count == 1)

        try await state.append(1)

        #expect(state.anchoredSizes == [1, 2, 3, 4, 5, 6, 10])
        let found = try await state.open(.readOnly).verify()
        #expect(found.findings == [])
        #expect(found.remarks == [])
    }

    @Test func `torn anywhere, the last block is passed over with an entry, once`() async throws {
        let state = try TestState()
        try await state.append(2)
        for part in 0...40 {
            // All of the block, its empty line included, down to the last byte.
            let last = try #require(state.anchored.last).utf8.count + 1
            let cut = max(1, last * part / 40)
            let before = Array(state.anchor.utf8)
            try state.setAnchor(String(decoding: before.dropLast(cut), as: UTF8.self))
            let count = try await state.open(.readOnly).entryCount()

            try await state.append(2)

            // A note without its empty line is whole, and without the block nothing is torn.
            let isTorn = cut != 1 && cut != last
            let grown = try await state.open(.readOnly).entryCount() - count
            #expect(grown == (isTorn ? 3 : 2), "\(cut)")
            let found = try await state.open(.readOnly).verify()
            #expect(found.findings == [], "\(cut)")
            #expect(found.remarks == [], "\(cut)")
            #expect(state.anchoredSizes.last == count + grown)
        }
    }

    // MARK: Another history

    @Test func `a restored backup signs nothing`() async throws {
        let state = try TestState()
        try await state.append(4)
        try state.backUp()
        try await state.append(3)
        try state.restore()
        let before = state.directory.text("state/keyturn.db")

        #expect(try await state.conflict() == .longer(anchored: 8, present: 5))
        #expect(state.directory.text("state/keyturn.db") == before)
        #expect(state.anchoredSizes == Array(1...8))
        let findings = try await state.findings()
        #expect(findings.map(\.sequence) == [5, 5, 5])
        #expect(findings.allSatisfy { $0.problem.hasPrefix("the entry is missing: ") })
    }

    @Test func `an end that was cut off cleanly is found by the anchor alone`() async throws {
        let state = try TestState()
        try await state.append(8)
        try state.raw().tamper(
            """
            DELETE FROM audit_entry WHERE seq >= 7;
            DELETE FROM audit_checkpoint WHERE size > 7;
            DELETE FROM audit_node WHERE (position + 1) << level > 7
            """)
        #expect(try await state.findings().first?.sequence == 7)
        #expect(try await state.conflict() == .longer(anchored: 9, present: 7))
        try state.setAnchor(state.anchored.prefix(7).map { "\($0)\n" }.joined())
        #expect(try await state.findings() == [])
    }

    @Test func `an emptied anchor is no new one`() async throws {
        let state = try TestState()
        try state.setAnchor("")
        #expect(try await state.conflict() == nil)  // killed after the first commit
        try await state.append(2)
        try state.setAnchor("")
        #expect(try await state.conflict() == .emptied)
        #expect(try await state.findings().contains { $0.problem.hasSuffix("was emptied") })
    }

    @Test func `a backup that grew past the anchor is another history all the same`() async throws {
        let state = try TestState()
        try await state.append(4)
        try state.backUp()
        let short = state.anchor
        try await state.append(3)
        let anchor = state.anchor
        let nodes = try state.raw().column("SELECT hex(hash) FROM audit_node WHERE level = 2")
        try state.restore()
        // Somebody cuts the anchor off and puts it back later.
        try state.setAnchor(short)
        try await state.append(9)
        try state.setAnchor(anchor)
        #expect(try await state.conflict() == .differs(anchored: 8))
        #expect(try await !state.findings().isEmpty)

        // Nodes that make the anchored root come out do not fit the signed head.
        for (position, hash) in nodes.enumerated() {
            try state.raw().tamper(
                """
                UPDATE audit_node SET hash = x'\(hash)' WHERE level = 2 AND position = \(position)
                """)
        }
        var isRefused = false
        do { isRefused = try await state.conflict() != nil } catch { isRefused = true }
        #expect(isRefused)
    }

    @Test func `copies of older blocks do not hide the newest`() async throws {
        let state = try TestState()
        try await state.append(4)
        try state.backUp()
        try await state.append(3)
        let older = state.anchored.prefix(5).map { $0 + "\n" }.joined()
        try state.setAnchor(state.anchor + String(repeating: older, count: 40))
        try state.restore()
        #expect(try await state.conflict() == .longer(anchored: 8, present: 5))
    }

    @Test func `an anchor that was taken away stops the next writer`() async throws {
        let state = try TestState()
        try await state.append(2)
        try state.directory.remove("state-anchor/checkpoints")
        #expect(try await state.conflict() == .absent)
        #expect(
            try await state.findings() == [
                LogVerifier.Finding(nil, "the anchor \(state.place.anchor) is gone")
            ])
    }

    @Test func `an anchor of another state stops the next writer`() async throws {
        let (state, other) = (try TestState(), try TestState())
        try state.setAnchor(other.anchor)
        #expect(try await state.conflict() == .noneOfOurs)
        #expect(try await state.findings().count == 1)
    }

    @Test func `a new state does not take over the anchor of another`() async throws {
        let (state, other) = (try TestState(), try TestState())
        try state.directory.remove("state/keyturn.db")
        try state.setAnchor(other.anchor)
        let key = try state.key()
        #expect(throws: StorageError.foreignAnchor(path: state.place.anchor)) {
            try Store.create(
                state.place, environment: state.environment(), rootKey: key, keySource: "file:/k")
        }
    }

    // MARK: What is passed over

    @Test(arguments: [
        "nonsense\n", "\n\n\n", "host/x/e1\n99\nAAAA\n\n\u{2014} host/x/e1 AAAA\n\n",
        String(repeating: "x", count: 200_000),
    ])
    func `blocks of others block nothing`(_ text: String) async throws {
        let state = try TestState()
        try await state.append(3)
        try state.setAnchor(state.anchor + text)
        try await state.append(2)
        #expect(state.anchoredSizes.last == (try await state.open(.readOnly).entryCount()))
        #expect(try await state.findings() == [])
    }

    @Test func `a block that was edited counts as another's, and is told`() async throws {
        let state = try TestState()
        try await state.append(3)
        try state.setAnchor(state.anchor.replacing("\n3\n", with: "\n7\n"))
        try await state.append(1)
        #expect(state.anchoredSizes == [1, 2, 7, 4, 5])
        let found = try await state.open(.readOnly).verify()
        #expect(found.findings == [])
        #expect(
            found.remarks == ["1 blocks of \(state.place.anchor) are not signed by this state"])
    }

    @Test func `two processes see what the other added`() async throws {
        let state = try TestState()
        let (one, two) = (try await state.store(), try await state.store())
        for _ in 0..<3 {
            try await one.heartbeat()
            try await two.heartbeat()
            try await two.heartbeat()
        }
        #expect(state.anchoredSizes == Array(1...10))
        #expect(try await state.findings() == [])
    }
}
