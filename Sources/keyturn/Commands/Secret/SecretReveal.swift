import ArgumentParser
import Handoff
import Rotations
import Secrets
import Storage

/// `keyturn secret reveal`
struct SecretReveal: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "reveal", abstract: "Print the value of a secret; it is audited.",
        discussion: """
            The entry in the audit trail is written first: what cannot be audited is not shown. \
            Besides this command nothing prints a secret.

              keyturn secret reveal ci-deployer --reason "restore the build host" > secret
              keyturn secret reveal ci-deployer --format env --reason "…"
              keyturn secret reveal ci-deployer --answer EFFECT --reason "…"
            """)

    @OptionGroup var options: StateOptions
    @Argument(help: "The secret's name.") var name: String
    @Option(name: .long, help: "Another version than the current one.")
    var version: Int?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "A sealed answer that nobody could read, whole; see `rotation show`.",
            valueName: "effect"))
    var answer: String?
    @Option(name: .long, help: "raw (the value alone), env or json.")
    var format: Format = .raw
    @Option(name: .long, help: "Why; it stands in the audit trail for ever.")
    var reason: String
    @Flag(name: .long, help: "Say what would be shown; show and record nothing.")
    var dryRun = false

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case raw, env, json
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let reason = try Reason.checked(reason)
        let store = try await program.open(dryRun: dryRun)
        if let answer {
            return try await revealAnswer(answer, reason, program, store)
        }
        let secret = try await store.secretOrFailure(name)
        let versions = try await program.storing { () async throws(StorageError) in
            try await store.versions(ofSecret: secret.id)
        }
        let wanted = versions.first {
            version == nil ? $0.state == .current : $0.number == version
        }
        guard let wanted, wanted.isHeld else {
            throw Failure(
                "the vault does not hold \(version.map { "version \($0)" } ?? "the current value") "
                    + "of \(name)", hint: "see `keyturn secret show \(name)`", .usage)
        }
        guard !dryRun else {
            program.console.answer(
                json: options.json, "\(name): would show version \(wanted.number)",
                [
                    "kind": .string("reveal"), "name": .string(name),
                    "version": .integer(Int64(wanted.number)), "shown": .boolean(false),
                ])
            return 0
        }
        try await program.unlock(store)
        try await Revelation(program: program, store: store, secret: secret).show(
            wanted, as: format, json: options.json, reason: reason)
        return 0
    }

    /// Prints a sealed answer as it came from the provider.
    private func revealAnswer(
        _ answer: String, _ reason: String, _ program: Program, _ store: Store
    ) async throws(Failure) -> Int32 {
        guard let effect = Identifier(answer) else {
            throw Failure(
                "`\(answer)` is no effect", hint: "see `keyturn rotation show \(name)`", .usage)
        }
        guard !dryRun else {
            program.console.answer("\(name): would show the sealed answer \(answer)")
            return 0
        }
        try await program.unlock(store)
        let text: SecretBytes?
        do throws(StorageError) {
            // What was created and whose answer nobody could read became no secret.
            let secret = try await store.secret(named: name)
            text = try await store.revealAnswer(of: effect, of: secret, reason: reason)
        } catch {
            throw Failure(error)
        }
        guard let text else {
            throw Failure(
                "\(name) has no sealed answer \(answer)",
                hint: "see `keyturn rotation show \(name)`", .usage)
        }
        program.console.answer(secret: text)
        return 0
    }
}
