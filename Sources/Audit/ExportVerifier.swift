/// Checks the export of a log against its checkpoint, with nothing else at hand: no database, no
/// secret, no network.
package struct ExportVerifier: Sendable {
    private var log: LogVerifier
    private let note: String
    /// The head that the export must reach, and reach exactly.
    package let head: Checkpoint
    /// An older head, kept elsewhere, that the export must have gone through.
    private let kept: Checkpoint?

    /// Nil when no key signed `note`.
    package init?(checkpoint note: String, signedBy keys: [VerifierKey], since kept: Checkpoint?) {
        guard let head = Checkpoint(note: note, signedByOneOf: keys) else { return nil }
        self.head = head
        self.note = note
        self.kept = kept
        log = LogVerifier(keys: keys)
        compareWithKept()
    }

    /// What is wrong.
    package var findings: [LogVerifier.Finding] { log.findings }

    /// The entries so far.
    package var size: Int { log.size }

    /// Checks the next line. False: no more are wanted, however many there are.
    package mutating func add(line: [UInt8]) -> Bool {
        guard log.size < head.size else {
            log.report(head.size, "the export goes on behind the entries that are signed")
            return false
        }
        log.add(leaf: line)
        compareWithKept()
        return true
    }

    /// Ends the export.
    package mutating func end() {
        if log.size < head.size {
            log.report(log.size, "the entry is missing: \(head.size) are signed")
        } else {
            log.check(note: note)
        }
        if let kept, kept.size > log.size {
            log.report(log.size, "the entry is missing: the kept checkpoint covers \(kept.size)")
        }
    }

    private mutating func compareWithKept() {
        guard let kept, log.size == kept.size, log.root != kept.root else { return }
        log.report(0, "the entries are not those that the kept checkpoint covers")
    }
}
