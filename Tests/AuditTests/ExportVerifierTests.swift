import Audit
import Testing

struct ExportVerifierTests {
    private let log: SmallLog

    init() throws { log = try SmallLog() }

    private func findings(
        _ lines: [[UInt8]], checkpoint: String? = nil, since kept: Checkpoint? = nil
    ) throws -> [LogVerifier.Finding] {
        var verifier = try #require(
            ExportVerifier(checkpoint: checkpoint ?? log.note, signedBy: [log.key], since: kept))
        for line in lines { guard verifier.add(line: line) else { break } }
        verifier.end()
        return verifier.findings
    }

    @Test func `an export that nobody touched has no findings`() throws {
        #expect(try findings(log.leaves) == [])
        for size in 0...7 {
            let kept = Checkpoint(origin: "log", size: size, root: log.root(size))
            #expect(try findings(log.leaves, since: kept) == [])
        }
    }

    @Test func `a checkpoint that the key did not sign is not begun with`() throws {
        let other = try SmallLog(seed: 9)
        #expect(ExportVerifier(checkpoint: other.note, signedBy: [log.key], since: nil) == nil)
        #expect(ExportVerifier(checkpoint: log.note, signedBy: [], since: nil) == nil)
        #expect(ExportVerifier(checkpoint: "nonsense", signedBy: [log.key], since: nil) == nil)
    }

    @Test func `a changed entry is found by the root`() throws {
        var lines = log.leaves
        lines[3] = try SmallLog(seed: 9).leaves[3]
        #expect(
            try findings(lines) == [
                .init(0, "the entries are not those that the checkpoint covers")
            ])
    }

    @Test func `a line that is no entry is named`() throws {
        var lines = log.leaves
        lines[3] = Array("{}".utf8)
        #expect(try findings(lines).first == .init(3, "the entry is not in canonical form"))
        lines[3] = [UInt8](repeating: UInt8(ascii: "["), count: Entry.maximumByteCount + 1)
        #expect(try findings(lines).first == .init(3, "the entry is not in canonical form"))
    }

    @Test func `entries that are missing or in another place are named`() throws {
        #expect(
            try findings(Array(log.leaves.dropLast())) == [
                .init(6, "the entry is missing: 7 are signed")
            ])
        #expect(try findings([]) == [.init(0, "the entry is missing: 7 are signed")])
        #expect(
            try findings(Array(log.leaves.dropFirst())).first
                == .init(0, "the entry says that it is 1"))
        var lines = log.leaves
        lines.swapAt(2, 3)
        #expect(try findings(lines).first == .init(2, "the entry says that it is 3"))
    }

    @Test func `an export without end is not read to its end`() throws {
        var verifier = try #require(
            ExportVerifier(checkpoint: log.note, signedBy: [log.key], since: nil))
        var read = 0
        while verifier.add(line: log.leaves[min(read, 6)]), read < 1_000 { read += 1 }
        #expect(read == 7)
        verifier.end()
        #expect(
            verifier.findings == [
                .init(7, "the export goes on behind the entries that are signed")
            ])
    }

    @Test func `another history than that of the kept checkpoint is found`() throws {
        let other = try SmallLog(seed: 9)
        let kept = Checkpoint(origin: "log", size: 4, root: other.root(4))
        #expect(
            try findings(log.leaves, since: kept) == [
                .init(0, "the entries are not those that the kept checkpoint covers")
            ])
        let longer = Checkpoint(origin: "log", size: 9, root: other.root(4))
        #expect(
            try findings(log.leaves, since: longer) == [
                .init(7, "the entry is missing: the kept checkpoint covers 9")
            ])
        #expect(
            try findings(Array(log.leaves.prefix(4)), checkpoint: log.note(4), since: nil) == [])
    }
}
