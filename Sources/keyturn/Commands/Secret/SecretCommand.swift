import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn secret`
struct SecretCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret", abstract: "What is sealed, and its versions.",
        discussion: """
              keyturn secret list
              keyturn secret show ci-deployer
            """,
        subcommands: [
            SecretList.self, SecretShow.self, SecretReveal.self, SecretImport.self,
            SecretAcknowledge.self,
        ])
}

/// `keyturn secret list`
struct SecretList: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "All secrets, the admins' included.",
        discussion: "  keyturn secret list --json")

    @OptionGroup var options: StateOptions

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let now = program.clock.now()
        let statuses = try await program.storing { () async throws(StorageError) in
            try await store.statuses(at: now)
        }
        if options.json {
            for status in statuses {
                var object: [String: JSON] = [
                    "kind": .string("sealed"), "name": .string(status.secret.name),
                    "target": .string(status.kind.rawValue),
                    "provider_id": .string(status.providerID ?? ""),
                    "held": .boolean(status.isHeld),
                    "policy": .boolean(status.policy != nil),
                ]
                object["version"] = status.version.map { .integer(Int64($0)) }
                program.console.answer(object)
            }
        } else {
            program.console.answer(
                heads: ["NAME", "KIND", "VERSION", "VALUE", "SINCE"],
                rows: statuses.map { status in
                    [
                        status.secret.name, status.kind.rawValue,
                        status.version.map(String.init) ?? "-",
                        status.isHeld ? "sealed" : "not held",
                        status.currentSince?.minuteText ?? "-",
                    ]
                })
        }
        return 0
    }
}

extension Store {
    /// The secret of this name, with or without a policy, or why there is none.
    func secretOrFailure(_ name: String) throws(Failure) -> SecretReference {
        let nearest: String?
        do throws(StorageError) {
            if let secret = try secret(named: name) { return secret }
            nearest = Nearest.match(name, among: try secretNames().keys.sorted())
        } catch {
            throw Failure(error)
        }
        throw Failure(
            "there is no secret \(name)",
            hint: nearest.map { "did you mean \($0)?" } ?? "see `keyturn secret list`", .usage)
    }
}
