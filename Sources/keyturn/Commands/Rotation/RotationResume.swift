import ArgumentParser
import Rotations
import Storage

/// `keyturn rotation resume`
struct RotationResume: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Take up a rotation that is parked, or waits to retry.",
        discussion: """
            It goes on at once from where it stopped, with all its attempts. A rotation that \
            stopped because somebody else replaced the secret mints over theirs: what they \
            distributed dies.

              keyturn rotation resume ci-deployer --reason "the role is back"
            """)

    @OptionGroup var options: StateOptions
    @OptionGroup var rotation: RotationArgument
    @Option(name: .long, help: "Why; it stands in the audit trail for ever.")
    var reason: String
    @OptionGroup var confirmation: ConfirmOption
    @Flag(name: .long, help: "Say what would go on, and do nothing.")
    var dryRun = false

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let reason = try Reason.checked(reason)
        let store = try await program.open(dryRun: dryRun)
        let rotation = try await rotation.findOpen(program, store)
        let name = rotation.secret.name
        guard !dryRun else {
            program.console.answer(
                json: options.json, "\(name): would go on at \(rotation.step.rawValue)",
                rotation.json)
            return 0
        }
        if rotation.cause == .foreignRotated {
            try confirmation.require(
                [name], "replace what somebody else made of", surroundings)
        }
        return try await program.pass(
            store, .resume([rotation], reason: reason), jobs: 1, json: options.json)
    }
}
