import Audit
import Files
import Linux
import Processes
import Rotations
import Secrets
import Storage
import Synchronization

/// Brings the newest checkpoint to the anchors off this host, and tells which anchors are behind.
///
/// It runs once at the end of each command that may have written: whoever cuts the trail's end off
/// has no more than one command's time. What fails here blocks nothing, is told, and is tried again
/// by the next command.
struct Anchoring {
    let surroundings: Surroundings
    let store: Store

    private var console: Console { surroundings.console }

    /// systemd's id of this kind of message (sd_journal_print(3)).
    static let messageID = "6863f7d1cca445f0bbedebfda31dc07a"

    /// Brings it there. Returns whether an anchor is behind.
    func run() async throws(Failure) -> Bool {
        await store.syncAnchors()
        var lagging = try await self.lagging()
        let files = lagging.filter(\.isFile)
        if !files.isEmpty {
            // Whoever was killed after a commit left a file behind: the entry's own checkpoint brings
            // it up to date.
            try await record(files)
            lagging = try await self.lagging()
        }
        let receivers = lagging.filter { !$0.isFile }
        if !receivers.isEmpty {
            try await send(to: receivers)
            lagging = try await self.lagging()
        }
        if store.isWritable { try await record(lagging) }
        for anchor in lagging { console.warn(Self.text(anchor)) }
        return !lagging.isEmpty
    }

    private func record(_ lagging: [Store.AnchorStatus]) async throws(Failure) {
        guard !lagging.isEmpty else { return }
        let store = store
        try await storing { () async throws(StorageError) in
            try await store.recordLag(lagging)
        }
    }

    /// One clause about an anchor that is behind.
    static func text(_ anchor: Store.AnchorStatus) -> String {
        "the anchor \(anchor.name) does not show the last \(anchor.behind) entries"
    }

    /// The anchors that are behind. A run with nothing to do looks only at those that cannot be read
    /// back, so that it costs the same however long the files are.
    private func lagging() async throws(Failure) -> [Store.AnchorStatus] {
        let store = store
        return try await storing { () async throws(StorageError) in
            let all =
                store.isWritable
                ? try await store.anchorOverview(isPatient: false).anchors
                : try await store.receivers()
            return all.filter { $0.behind > 0 }
        }
    }

    private func send(to behind: [Store.AnchorStatus]) async throws(Failure) {
        let store = store
        let (settings, note) = try await storing { () async throws(StorageError) in
            (try await store.anchorSettings(), try await store.newestCheckpoint())
        }
        guard let note else { return }
        if settings.command != nil {
            // A program that somebody put there is not started.
            try await storing { () async throws(StorageError) in try await store.attestState() }
        }
        let names = behind.map(\.name)
        for receipt in settings.receipts where names.contains(receipt.name) {
            guard await isTaken(note, by: receipt) else { continue }
            // Without the note of it the next command sends it once more, which does no harm.
            try? receipt.keep(note, in: store.directory)
        }
    }

    private func isTaken(_ note: String, by receipt: AnchorReceipt) async -> Bool {
        switch receipt {
        case .journald: isTakenByJournal(note)
        case .command(let command): await isTaken(note, by: command)
        }
    }

    private func isTakenByJournal(_ note: String) -> Bool {
        guard let text = SignedNote(note)?.text, let checkpoint = Checkpoint(text: text) else {
            return false
        }
        let fields = [
            ("MESSAGE", "keyturn: the audit trail has \(checkpoint.size) entries"),
            ("MESSAGE_ID", Self.messageID), ("PRIORITY", "6"), ("SYSLOG_IDENTIFIER", "keyturn"),
            ("KEYTURN_ORIGIN", checkpoint.origin), ("KEYTURN_SIZE", String(checkpoint.size)),
            ("KEYTURN_ROOT", hexadecimal(checkpoint.root)), ("KEYTURN_CHECKPOINT", note),
        ]
        do throws(SystemError) {
            try JournalSocket.send(
                fields.map { (name: $0.0, value: $0.1) },
                to: surroundings.journalSocket)
            return true
        } catch {
            return false
        }
    }

    private func isTaken(_ note: String, by command: AnchorSettings.Command) async -> Bool {
        do throws(ProgramError) {
            try ProgramCheck.check(command.run[0])
        } catch {
            console.warn("\(error.description)")
            return false
        }
        // Nothing secret: but that is how a command gets its standard input.
        guard let input = try? SecretBytes(copying: Array(note.utf8).span) else { return false }
        let ended = await Command(
            program: command.run[0], arguments: Array(command.run.dropFirst()),
            timeout: .seconds(command.timeoutSeconds)
        ).run(input: input)
        return ended.isSuccess
    }
}

extension Surroundings {
    /// Brings the newest checkpoint to the anchors, and returns whether one is behind. What keeps it
    /// from looking is told, and is no verdict on what the command did.
    func anchor(_ store: Store) async -> Bool {
        _ = unlocked.take()
        do throws(Failure) {
            return try await Anchoring(surroundings: self, store: store).run()
        } catch {
            console.warn("the anchors were not looked at: \(error.message)")
            return false
        }
    }
}

/// The store that a command unlocked: its anchors are seen to when the command ends, however it does.
final class Unlocked: Sendable {
    private let store = Mutex<Store?>(nil)

    func keep(_ store: Store) { self.store.withLock { $0 = store } }

    func take() -> Store? {
        store.withLock { store in
            defer { store = nil }
            return store
        }
    }
}

extension Console {
    /// Says what waits for a person now, and why (P32).
    func tell(_ moved: Moved, _ reason: String) {
        warn(
            "\(reason): nothing is minted, retired or delivered by itself until you say so; "
                + "\(moved.rotations) rotations are parked, \(moved.deliveries) deliveries put off, "
                + "\(moved.policies) schedules held")
        say(
            "keyturn: hint: look at `keyturn status`, then `keyturn policy resume --all`; what is "
                + "parked or owed goes on by `keyturn rotation resume NAME`, `keyturn deliver NAME`"
        )
    }
}
