import ArgumentParser
import Rotations
import Storage

/// `keyturn rotation list`
struct RotationList: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Rotations, the newest first.",
        discussion: """
              keyturn rotation list --only parked
              keyturn rotation list --name ci-deployer --limit 10 --json
            """)

    @OptionGroup var options: StateOptions
    @Option(name: .long, help: "Only those of this secret.") var name: String?
    @Option(name: .long, help: "Only those that are open, parked, done or superseded.")
    var only: Rotation.State?
    @Option(name: .long, help: "How many at most.") var limit = 50

    mutating func validate() throws {
        guard (1...100_000).contains(limit) else {
            throw ValidationError("--limit is 1 to 100000")
        }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let secret: SecretReference?
        if let name { secret = try await store.secretOrFailure(name) } else { secret = nil }
        let (state, limit) = (only, limit)
        let rotations = try await program.storing { () async throws(StorageError) in
            try await store.rotations(of: secret, in: state, limit: limit)
        }
        if options.json {
            for rotation in rotations { program.console.answer(rotation.json) }
            return 0
        }
        program.console.answer(
            heads: ["NAME", "STATE", "STEP", "TRIGGER", "STARTED", "CAUSE", "ID"],
            rows: rotations.map { rotation in
                [
                    rotation.secret.name, rotation.state.rawValue, rotation.step.rawValue,
                    rotation.trigger.rawValue, rotation.startedAt.minuteText,
                    rotation.cause?.rawValue ?? "-", rotation.id.text,
                ]
            })
        return 0
    }
}

extension Rotation.State: ExpressibleByArgument {}
