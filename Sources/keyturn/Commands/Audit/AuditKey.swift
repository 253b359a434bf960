import ArgumentParser
import Audit
import Storage

/// `keyturn audit key`
struct AuditKey: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "The public key that checks the trail's signatures.",
        discussion: """
            A vkey, as C2SP's signed notes have it. Whoever checks the trail has it from you once, \
            by a way that they trust, and from then on needs nothing else of this host.

              keyturn audit key > trail.vkey
            """)

    @OptionGroup var options: PlaceOptions
    @Flag(name: .long, help: "Those of earlier epochs too, the newest first.")
    var all = false

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let keys = try await program.storing { () async throws(StorageError) in
            try await store.verifierKeys()
        }
        for key in all ? keys[...] : keys.prefix(1) {
            program.console.answer(
                json: options.json, key.description,
                [
                    "kind": .string("key"), "origin": .string(key.name),
                    "vkey": .string(key.description),
                ])
        }
        return 0
    }
}
