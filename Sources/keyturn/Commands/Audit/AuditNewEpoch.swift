import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn audit new-epoch`
struct AuditNewEpoch: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "new-epoch",
        abstract: "Go on with the trail under a new origin, after a restore, a move or a loss.",
        discussion: """
            When an anchor shows a history that this state does not have, nothing is signed, for it \
            would contradict what was signed before. A new epoch has a new origin and a new key; \
            entries and seq go on. Its first entry holds the last anchored checkpoint, what is here, \
            and the reason. Everything under way waits for a person then.

              keyturn audit new-epoch --reason "restored the backup of Monday" --accept-loss
            """)

    @OptionGroup var options: StateOptions
    @Option(name: .long, help: "Why; it stands in the audit trail for ever.")
    var reason: String
    @Flag(name: .long, help: "Go on in spite of what the anchors show.")
    var acceptLoss = false
    @Flag(name: .long, help: "Say what stands in the way, and change nothing.")
    var dryRun = false

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let reason = try Reason.checked(reason)
        let store = try await program.open(dryRun: dryRun)
        try await program.unlock(store, acceptingLoss: true)
        guard !dryRun else {
            let loss = try await program.storing { () async throws(StorageError) in
                try await store.loss()
            }
            let isRefused = loss != nil && !acceptLoss
            program.console.answer(
                json: options.json,
                (isRefused ? "would refuse to begin a new epoch" : "would begin a new epoch")
                    + (loss.map { ", \(isRefused ? "for" : "although") \($0.text)" } ?? "")
                    + (isRefused ? "; --accept-loss goes on in spite of it" : ""),
                [
                    "kind": .string("epoch"), "begun": .boolean(false),
                    "loss": .boolean(loss != nil), "refused": .boolean(isRefused),
                ])
            return isRefused ? ExitStatus.brokenTrail.rawValue : 0
        }
        let accepts = acceptLoss
        let epoch = try await program.storing { () async throws(StorageError) in
            try await store.startEpoch(reason: reason, acceptLoss: accepts)
        }
        program.tell(epoch)
        program.console.answer(
            json: options.json, "audit key: \(epoch.key)",
            [
                "kind": .string("epoch"), "begun": .boolean(true),
                "loss": .boolean(epoch.loss != nil), "vkey": .string(epoch.key.description),
                "origin": .string(epoch.key.name),
            ])
        return 0
    }
}

extension Program {
    /// Says what a new epoch went on in spite of, and what waits for a person now.
    func tell(_ epoch: Store.NewEpoch) {
        if let loss = epoch.loss { console.warn("a new epoch was begun, although \(loss.text)") }
        if let moved = epoch.moved { console.tell(moved, "a part of the history is lost") }
        console.say("keyturn: give the new audit key to everybody who verifies checkpoints")
    }
}

extension Store.Loss {
    private static func names(_ secrets: [String], isState: Bool) -> String {
        let shown = secrets.prefix(3).joined(separator: ", ")
        let names = secrets.count > 3 ? "\(shown) and \(secrets.count - 3) more" : shown
        return switch (isState, secrets.isEmpty) {
        case (false, _): names
        case (true, true): "the state itself"
        case (true, false): "the state itself and of \(names)"
        }
    }

    /// One clause, without a full stop.
    var text: String {
        switch self {
        case .anchor(let conflict): conflict.text
        case .editedRows(let secrets, let isState):
            "the rows of \(Self.names(secrets, isState: isState)) were edited beside the trail"
        case .unsignedEnd: "the trail does not end in a checkpoint that this state signed"
        }
    }
}
