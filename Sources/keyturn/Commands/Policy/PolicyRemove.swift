import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn policy remove`
struct PolicyRemove: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Keep a credential fresh no longer.",
        discussion: """
            The credential stays alive at the provider, its sealed values and its history stay \
            here. Refused while the policy owes a delivery or a retirement, unless --abandon \
            closes them.

              keyturn policy remove ci-deployer --confirm ci-deployer
            """)

    @OptionGroup var options: StateOptions
    @Argument(help: "The policy's name.") var name: String
    @Flag(name: .long, help: "Close what it still owes.")
    var abandon = false
    @OptionGroup var confirmation: ConfirmOption
    @Flag(name: .long, help: "Say what would happen, and change nothing.")
    var dryRun = false

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.open(dryRun: dryRun)
        let stored = try await store.policyOrFailure(name)
        let obligations = try await program.storing { () async throws(StorageError) in
            try await store.obligations(of: stored.secret)
        }
        guard obligations.isEmpty || abandon else {
            throw Failure(
                "\(name) still owes: \(obligations.joined(separator: "; "))",
                hint: "let `keyturn run` pay it, or close it with --abandon", .failure)
        }
        if !dryRun {
            try confirmation.require([name], "remove the policy", surroundings)
            try await program.unlock(store)
            try await program.storing { () async throws(StorageError) in
                try await store.apply([.remove(stored.secret)])
            }
        }
        let target = stored.policy.target
        program.console.answer(
            json: options.json,
            "\(name): \(dryRun ? "would be removed" : "removed"); the "
                + "\(target.kind.rawValue) \(target.providerID) stays alive at the provider",
            [
                "kind": .string("removal"), "name": .string(name), "applied": .boolean(!dryRun),
                "abandoned": .array(obligations.map(JSON.string)),
            ])
        return 0
    }
}
