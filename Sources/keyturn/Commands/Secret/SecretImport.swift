import ArgumentParser
import Audit
import Handoff
import Rotations
import Secrets
import Storage

/// `keyturn secret import`
struct SecretImport: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Seal the value that a credential has now.",
        discussion: """
            The value is read from standard input, or asked for, or taken from a file that a \
            destination has; it is shown to Pinecone first, and sealed only when it is accepted. \
            Nothing is rotated, delivered or deleted. It serves as evidence when an answer is \
            lost, and it ends the stop of a rotation that somebody else made.

              keyturn secret import ci-deployer --reason "first import" < secret
              keyturn secret import ci-deployer --from /run/ci/pinecone.env --reason "…"
            """)

    @OptionGroup var options: StateOptions
    @Argument(help: "The secret's name.") var name: String
    @Option(
        name: .long,
        help: "A destination's file to take it from, in the format that the policy says.")
    var from: String?
    @Option(name: .long, help: "Why; it stands in the audit trail for ever.")
    var reason: String
    @Flag(name: .long, help: "Prove the value, and keep nothing.")
    var dryRun = false

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let reason = try Reason.checked(reason)
        let store = try await program.open(dryRun: dryRun)
        let secret = try await store.secretOrFailure(name)
        let stored = try await program.storing { () async throws(StorageError) in
            try await store.policy(named: name)
        }
        guard let stored else {
            throw Failure(
                "\(name) has no policy",
                hint: "an admin's secret comes by `keyturn login`", .usage)
        }
        // P2: no rotation may issue another value while this one is proved and sealed.
        let lock = try await HeldLock.take(of: secret, for: program)
        defer { withExtendedLifetime(lock) {} }
        let current = try await current(of: secret, stored, program, store)
        try await program.unlock(store)
        let value = try await read(stored.policy, surroundings)
        let isKnown = try await isHeld(value, current, secret, store)
        guard isKnown || !current.isHeld || stored.policy.target.kind == .serviceAccount else {
            throw Failure(
                "this is not the value of the API key \(current.providerID), which never changes",
                hint: "another key needs a policy of its own", .failure)
        }
        try await prove(value, as: current, stored, program, store)
        var version = current.number
        if !isKnown, !dryRun {
            do throws(StorageError) {
                version = try await store.adopt(
                    value, of: stored, replacing: current, reason: reason)
            } catch {
                throw Failure(error)
            }
        }
        let verb =
            isKnown ? "is sealed already and accepted" : dryRun ? "would be sealed" : "is sealed"
        program.console.answer(
            json: options.json, "\(name): the value is proved; version \(version) \(verb)",
            [
                "kind": .string("import"), "name": .string(name),
                "version": .integer(Int64(version)), "sealed": .boolean(isKnown || !dryRun),
            ])
        if version != current.number {
            program.console.say(
                "keyturn: hint: the next run brings it to its destinations, or `keyturn deliver \(name)`"
            )
        }
        return 0
    }

    /// The version that the value is of, or takes the place of.
    private func current(
        of secret: SecretReference, _ stored: StoredPolicy, _ program: Program, _ store: Store
    ) async throws(Failure) -> Version {
        let (open, versions) = try await program.storing { () async throws(StorageError) in
            (
                try await store.openRotation(of: secret),
                try await store.versions(ofSecret: secret.id)
            )
        }
        // Before a new value is out, or where somebody else's is, there is nothing to disturb.
        if let open, open.step != .prepare, open.cause != .foreignRotated {
            throw Failure(
                "a rotation of \(name) is under way, at \(open.step.rawValue)",
                hint: "`keyturn run` finishes it; see `keyturn rotation show \(name)`", .failure)
        }
        guard let current = versions.first(where: { $0.state == .current }) else {
            throw Failure("\(name) has no current version", .failure)
        }
        return current
    }

    // MARK: The value

    private func read(
        _ policy: Policy, _ surroundings: Surroundings
    ) async throws(Failure) -> SecretBytes {
        guard let from else { return try surroundings.readSecret("value of \(name): ") }
        let destination = policy.terms.destinations.first { $0.id == "file:\(from)" }
        guard let destination, case .file(let file) = destination.receiver else {
            throw Failure(
                "\(from) is no file that \(name) is delivered to",
                hint: "see `keyturn secret show \(name)`, or give the value on standard input",
                .usage)
        }
        guard let contents = await Destinations().readBack(destination) else {
            throw Failure(
                "\(from) cannot be read", hint: "give the value on standard input", .failure)
        }
        let value = Rendering.value(
            in: contents, as: file.format, of: policy.target.kind,
            names: policy.terms.environmentNames)
        guard let value else {
            throw Failure(
                "\(from) holds no value in the format \(file.format.name)",
                hint: "give the value on standard input", .failure)
        }
        return value
    }

    private func isHeld(
        _ value: borrowing SecretBytes, _ current: Version, _ secret: SecretReference,
        _ store: Store
    ) async throws(Failure) -> Bool {
        guard current.isHeld else { return false }
        do throws(JournalError) {
            let held = try await store.value(of: current.number, of: secret)
            return try store.fingerprint(of: held) == store.fingerprint(of: value)
        } catch {
            throw Failure(error)
        }
    }

    private func prove(
        _ value: borrowing SecretBytes, as current: Version, _ stored: StoredPolicy,
        _ program: Program, _ store: Store
    ) async throws(Failure) {
        let target = stored.policy.target
        let inspector = try await Inspector(program: program, store: store)
        switch try await inspector.ask(value, as: current, of: target) {
        case .accepted: return
        case .refused:
            throw Failure(
                "Pinecone refuses this value for \(name); nothing was kept",
                hint: "a value just made may take half a minute; else check it", .failure)
        case .noVerdict, .notHeld:
            throw Failure(
                "nobody could say whether this value works for \(name); nothing was kept",
                hint: "`keyturn check` says what is in the way", .failure)
        }
    }
}
