import ArgumentParser
import Rotations
import Storage

/// `keyturn secret acknowledge`
struct SecretAcknowledge: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "acknowledge", abstract: "Say that the consumers use the current version.",
        discussion: """
            A policy with `acknowledge: true` keeps the old credential alive until somebody says \
            so. Doing it twice is harmless.

              keyturn secret acknowledge search-key --reason "all pods restarted"
            """)

    @OptionGroup var options: StateOptions
    @Argument(help: "The secret's name.") var name: String
    @Option(name: .long, help: "The version that they use, when it must be this one.")
    var version: Int?
    @Option(name: .long, help: "How you know; it stands in the audit trail for ever.")
    var reason: String
    @Flag(name: .long, help: "Say what would be acknowledged, and record nothing.")
    var dryRun = false

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let reason = try Reason.checked(reason)
        let store = try await program.open(dryRun: dryRun)
        let secret = try await store.secretOrFailure(name)
        let versions = try await program.storing { () async throws(StorageError) in
            try await store.versions(ofSecret: secret.id)
        }
        guard let current = versions.first(where: { $0.state == .current }) else {
            throw Failure("\(name) has no current version", .failure)
        }
        // Consumers may have moved to a version that is not the current one any longer.
        guard version == nil || version == current.number else {
            throw Failure(
                "version \(version ?? 0) is not the current one of \(name); that is version "
                    + "\(current.number)",
                hint: "see `keyturn secret show \(name)`", .usage)
        }
        let isNew = current.acknowledgedAt == nil
        if isNew, !dryRun {
            try await program.unlock(store)
            try await program.storing { () async throws(StorageError) in
                try await store.acknowledge(current.number, of: secret, reason: reason)
            }
        }
        let verb =
            !isNew ? "is acknowledged already" : dryRun ? "would be acknowledged" : "acknowledged"
        program.console.answer(
            json: options.json, "\(name): version \(current.number) \(verb)",
            [
                "kind": .string("acknowledgement"), "name": .string(name),
                "version": .integer(Int64(current.number)), "acknowledged": .boolean(!dryRun),
            ])
        return 0
    }
}
