import ArgumentParser
import Audit
import Storage

/// `keyturn audit checkpoint`
struct AuditCheckpoint: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint", abstract: "The signed size and root hash of the trail, to keep.",
        discussion: """
            Keep it where nobody who can write the state can write: whoever has it can show later \
            that not one of the entries under it was changed or taken out.

              keyturn audit checkpoint > kept
              keyturn audit verify --since kept
            """)

    @OptionGroup var options: PlaceOptions
    @Option(name: .long, help: "The one of so many entries. Default: the newest.")
    var size: Int?

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let found = try await store.checkpointOrFailure(size: size)
        if options.json {
            program.console.answer([
                "kind": .string("checkpoint"), "size": .integer(Int64(found.size)),
                "note": .string(found.note),
            ])
        } else {
            try program.console.answer(exactly: Array(found.note.utf8).span)
        }
        return 0
    }
}
