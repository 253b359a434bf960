import ArgumentParser
import Audit
import Handoff
import Rotations
import Secrets
import Storage

/// `keyturn rehearse`
struct Rehearse: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "rehearse",
        abstract: "Walk the way of a rotation without one, and tell what would fail on the night.",
        discussion: """
            The provider is asked as before a rotation. Each file is written beside its place, with \
            its owner and mode, and removed. With --commands each command is run: it gets a value \
            that says that it is none, and KEYTURN_REHEARSAL=1 in its environment. A hook that does \
            not look at that would hand the value on, so it is not the default.

              keyturn rehearse ci-deployer
              keyturn rehearse --all --commands
            """)

    @OptionGroup var options: StateOptions
    @Argument(help: "The policies.") var names: [String] = []
    @Flag(name: .long, help: "All policies.") var all = false
    @Flag(name: .long, help: "Run the commands, too: they must know KEYTURN_REHEARSAL=1.")
    var commands = false
    @Flag(name: .long, help: "Check all that can be checked without an effect, and do nothing.")
    var dryRun = false

    /// What stands in the place of a secret.
    static let value = "KEYTURN-REHEARSAL-this-is-no-secret"

    mutating func validate() throws {
        guard all != !names.isEmpty else { throw ValidationError("name the policies, or --all") }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.open(dryRun: dryRun)
        let policies = try await selected(store, program)
        guard !dryRun else {
            return try await DryRun(
                program: program, store: store, only: Set(policies.map(\.policy.name)),
                json: options.json, isByHand: true
            ).run()
        }
        try await program.unlock(store)
        // What is run must be what the trail says.
        try await program.storing { () async throws(StorageError) in
            try await store.attest(policies.map(\.secret))
        }
        let inspector = try await Inspector(program: program, store: store)
        var failed = 0
        for stored in policies {
            guard surroundings.stopSignal() == nil else { break }
            for problem in await inspector.credential(of: stored).problems {
                tell(Finding(stored, "provider", problem: problem), program.console)
                failed += 1
            }
            for destination in stored.policy.terms.destinations {
                let finding = try await rehearse(destination, of: stored, store, program)
                tell(finding, program.console)
                if finding.problem != nil { failed += 1 }
            }
            if stored.policy.terms.destinations.isEmpty {
                tell(Finding(stored, "nowhere", note: "it delivers nowhere"), program.console)
            }
        }
        if let signal = surroundings.stopSignal() { return 128 + signal }
        return failed == 0 ? 0 : ExitStatus.failure.rawValue
    }

    private func selected(
        _ store: Store, _ program: Program
    ) async throws(Failure) -> [StoredPolicy] {
        if all {
            return try await program.storing { () async throws(StorageError) in
                try await store.policies()
            }
        }
        var policies: [StoredPolicy] = []
        for name in names { policies.append(try await store.policyOrFailure(name)) }
        return policies
    }

    // MARK: One destination

    private struct Finding {
        let name: String
        let destination: String
        let problem: String?
        let hint: String?
        let note: String

        init(
            _ stored: StoredPolicy, _ destination: String, problem: String? = nil,
            hint: String? = nil, note: String = "would be delivered"
        ) {
            name = stored.policy.name
            self.destination = destination
            self.problem = problem
            self.hint = hint
            self.note = note
        }
    }

    private func rehearse(
        _ destination: Destination, of stored: StoredPolicy, _ store: Store, _ program: Program
    ) async throws(Failure) -> Finding {
        if case .command = destination.receiver, !commands {
            let unfit = await program.handoff.check(destination)
            return Finding(
                stored, destination.id, problem: unfit?.description, hint: unfit?.hint,
                note: "looks fit; not run without --commands")
        }
        let secret = stored.secret
        // A hook is told, and may do otherwise all the same: the entry comes first.
        try await program.storing { () async throws(StorageError) in
            try await store.beginRehearsal(of: secret, at: destination)
        }
        let result = await deliver(to: destination, stored)
        try await program.storing { () async throws(StorageError) in
            try await store.settleRehearsal(
                of: secret, at: destination, result.unfit?.cause, hook: result.hook)
        }
        return Finding(
            stored, destination.id, problem: result.unfit?.description, hint: result.unfit?.hint)
    }

    private func deliver(
        to destination: Destination, _ stored: StoredPolicy
    ) async -> DeliveryResult {
        let target = stored.policy.target
        let label = PayloadLabel(
            name: stored.policy.name, version: 0, kind: target.kind, rotation: nil)
        let contents: SecretBytes
        do {
            let payload = Payload(
                label: label,
                credential: Credential(
                    reference: CredentialReference(
                        kind: target.kind, providerID: target.providerID, name: target.name,
                        clientID: Self.value, project: target.project),
                    value: try SecretBytes(copying: Array(Self.value.utf8).span)),
                names: stored.policy.terms.environmentNames)
            contents = try Rendering.render(payload, as: destination.format)
        } catch let unfit as Unfit {
            return .failed(unfit, nil)
        } catch {
            return .failed(Unfit(.vaultFailed, "no secure memory is left"), nil)
        }
        return await Destinations().rehearse(contents, as: label, to: destination)
    }

    private func tell(_ finding: Finding, _ console: Console) {
        var object: [String: JSON] = [
            "kind": .string("rehearsal"), "name": .string(finding.name),
            "destination": .string(finding.destination),
            "outcome": .string(finding.problem == nil ? "done" : "failed"),
        ]
        object["problem"] = finding.problem.map(JSON.string)
        console.answer(
            json: options.json,
            "\(finding.name): \(finding.destination): "
                + (finding.problem.map { "would fail: \($0)" } ?? finding.note), object)
        if let hint = finding.hint { console.say("keyturn: hint: \(hint)") }
    }
}
