import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn audit rotate-key`
struct AuditRotateKey: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-key", abstract: "Put a new key in the place of the one that signs.",
        discussion: """
            An entry announces the new key, and the checkpoint over it is signed by both. The old \
            private key is erased: nobody who takes this state over later can sign another past \
            with it. Give the new audit key to everybody who verifies checkpoints.

              keyturn audit rotate-key
            """)

    @OptionGroup var options: StateOptions
    @Option(name: .long, help: "Why; it stands in the audit trail for ever.")
    var reason: String?
    @Flag(name: .long, help: "Say what would happen, and change nothing.")
    var dryRun = false

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let reason = try reason.map { (text) throws(Failure) in try Reason.checked(text) }
        let store = try await program.open(dryRun: dryRun)
        try await program.unlock(store)
        guard !dryRun else {
            program.console.answer(
                json: options.json, "would make a new audit key",
                ["kind": .string("audit-key"), "made": .boolean(false)])
            return 0
        }
        let key = try await program.storing { () async throws(StorageError) in
            try await store.rotateSigningKey(reason: reason)
        }
        program.console.answer(
            json: options.json, "audit key: \(key)",
            [
                "kind": .string("audit-key"), "made": .boolean(true),
                "vkey": .string(key.description),
            ])
        program.console.say(
            "keyturn: give it to everybody who checks this trail; `keyturn audit key --all` has "
                + "the former ones too")
        return 0
    }
}
