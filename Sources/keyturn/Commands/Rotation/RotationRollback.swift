import ArgumentParser
import Rotations
import Storage

/// `keyturn rotation rollback`
struct RotationRollback: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Bring the old credential back while it still lives.",
        discussion: """
            For overlap only, and only until the old credential is deleted. The old one is proved, \
            delivered again and made current; the new one is retired when its own overlap is over. \
            The secret is then as old as before, so its schedule will want it rotated again: pause \
            the policy if that must wait.

              keyturn rotation rollback search-key --reason "the new role is too narrow"
            """)

    @OptionGroup var options: StateOptions
    @OptionGroup var rotation: RotationArgument
    @Option(name: .long, help: "Why; it stands in the audit trail for ever.")
    var reason: String
    @OptionGroup var confirmation: ConfirmOption
    @Flag(name: .long, help: "Say whether it can be done, and do nothing.")
    var dryRun = false

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let reason = try Reason.checked(reason)
        let store = try await program.open(dryRun: dryRun)
        let rotation = try await rotation.find(program, store)
        let name = rotation.secret.name
        try await requirePossible(rotation, program, store)
        guard !dryRun else {
            program.console.answer(
                json: options.json,
                "\(name): would go back from version \(rotation.to ?? 0) to \(rotation.from ?? 0)",
                rotation.json)
            return 0
        }
        try confirmation.require([name], "bring back the old credential of", surroundings)
        return try await program.pass(
            store, .rollBack(rotation, reason: reason), jobs: 1, json: options.json)
    }

    private func requirePossible(
        _ rotation: Rotation, _ program: Program, _ store: Store
    ) async throws(Failure) {
        let name = rotation.secret.name
        let refusal: RollbackRefusal?
        if [.open, .parked].contains(rotation.state) {
            do throws(JournalError) {
                let versions = try await store.versions(of: rotation.secret)
                let isRetiring = try await store.openEffect(of: rotation)?.step == .retire
                refusal = rotation.rollbackRefusal(versions, isRetiring: isRetiring)
            } catch {
                throw Failure(error)
            }
        } else {
            refusal = rotation.terms.strategy == .inPlace ? .inPlace : .retired
        }
        guard let refusal else { return }
        throw Failure(
            "\(name) cannot be rolled back: \(refusal.text)",
            hint: "`keyturn rotate \(name) --reason …` makes another one", .failure)
    }
}
