import ArgumentParser
import Audit
import Rotations
import Secrets
import Storage
import Vault

/// `keyturn recover`
struct Recover: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Take in a sealed answer that the database could not take.",
        discussion: """
            When a fresh secret can be written nowhere, it is printed sealed, between two lines \
            BEGIN and END. Pipe that text in. Files in the spool directory are taken in by every \
            run and need no command. Doing it twice is harmless; nothing is shown.

              keyturn recover < sealed-answer.txt
            """)

    @OptionGroup var options: StateOptions
    @Flag(name: .long, help: "Check the text, and take nothing in.")
    var dryRun = false

    /// The longest text: an armour is some hundred lines at most.
    private static let limit = 32 << 10

    /// What does not open is not damage here: the state is whole, and the text is another's or cut.
    private static func failure(_ error: StorageError) -> Failure {
        switch error {
        case .damaged, .vault(.damaged):
            Failure(
                "this sealed answer does not belong to this state, or was changed on its way",
                hint: "give the whole text to the state that printed it", .failure)
        default: Failure(error)
        }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let text = try surroundings.readText(Self.limit)
        guard let record = Spool.record(in: text) else {
            throw Failure(
                "there is no sealed answer on standard input",
                hint: "give the whole text, from the BEGIN line to the END line", .usage)
        }
        let store = try await program.open(dryRun: dryRun)
        try await program.unlock(store)
        do throws(StorageError) {
            try await store.takeIn(record, isDry: dryRun)
        } catch {
            throw Self.failure(error)
        }
        program.console.answer(
            json: options.json,
            dryRun
                ? "the sealed answer opens under this root key"
                : "the sealed answer is taken in; `keyturn run` goes on with it",
            ["kind": .string("recover"), "taken_in": .boolean(!dryRun)])
        return 0
    }
}
