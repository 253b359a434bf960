import Audit
import Handoff
import Pinecone
import Rotations
import Secrets
import Storage

/// What a pass would do now, with every check that can be made without an effect: the provider is
/// asked for the credential and its name, destinations are looked at, nothing is written anywhere.
struct DryRun {
    let program: Program
    let store: Store
    let only: Set<String>?
    let json: Bool
    /// Whether all of them are meant, due or not.
    var isByHand = false
    /// Whether what is there must be what the trail says; a new epoch would accept it otherwise.
    var isAttested = true

    private struct Finding {
        let name: String
        let what: String
        let problems: [String]
    }

    /// Prints the findings; 1 when something would fail.
    func run() async throws(Failure) -> Int32 {
        let store = store
        let now = program.clock.now()
        let work = try await program.storing { () async throws(StorageError) in
            try await store.work(at: now)
        }
        let all = try await program.storing { () async throws(StorageError) in
            try await store.policies()
        }
        let open = Set(work.open.map(\.secret.id))
        let due = Set(work.due.map(\.secret.id))
        let meant = all.filter { stored in
            (only?.contains(stored.policy.name) ?? true)
                && (isByHand || due.contains(stored.secret.id) || open.contains(stored.secret.id))
        }
        if !meant.isEmpty {
            try await program.unlock(store)
            if isAttested {
                try await program.storing { () async throws(StorageError) in
                    try await store.attest(meant.map(\.secret))
                }
            }
        }
        let inspector = try await Inspector(program: program, store: store)
        var isFit = true
        for stored in meant {
            let problems = await inspector.problems(of: stored)
            isFit = isFit && problems.isEmpty
            tell(
                Finding(
                    name: stored.policy.name,
                    what: open.contains(stored.secret.id) ? "go on" : "rotate",
                    problems: problems))
        }
        if only == nil, !isByHand { try await tellDeletions(now) }
        return isFit ? 0 : ExitStatus.failure.rawValue
    }

    /// What was set for a date that has come.
    private func tellDeletions(_ now: Timestamp) async throws(Failure) {
        let store = store
        let connections = try await program.storing { () async throws(StorageError) in
            try await store.connections()
        }
        for connection in connections {
            let due = try await program.storing { () async throws(StorageError) in
                try await store.dueAdministrations(at: now, on: connection.name)
            }
            guard !due.isEmpty else { continue }
            try await program.unlock(store)
            let organization = try await Organization(
                connection.name, program: program, store: store)
            for administration in due {
                let obstacle = try await organization.obstacle(
                    toDeleting: CredentialReference(
                        kind: administration.kind, providerID: administration.providerID,
                        name: administration.name, clientID: nil, project: administration.project))
                tell(
                    Finding(
                        name: administration.name,
                        what: "delete the \(administration.kind.rawValue) "
                            + administration.providerID,
                        problems: obstacle.map { [$0.message] } ?? []))
            }
        }
    }

    private func tell(_ finding: Finding) {
        guard !json else {
            return program.console.answer([
                "kind": .string("dry-run"), "name": .string(finding.name),
                "would": .string(finding.what),
                "problems": .array(finding.problems.map(JSON.string)),
            ])
        }
        program.console.answer("\(finding.name): would \(finding.what)")
        for problem in finding.problems { program.console.answer("  but \(problem)") }
    }
}

/// Looks at policies from outside, without an effect. `check` and dry runs share it.
struct Inspector {
    private let program: Program
    private let store: Store
    private let connections: [Connection]
    private let clients: [String: AdminClient]

    init(program: Program, store: Store) async throws(Failure) {
        self.program = program
        self.store = store
        connections = try await program.storing { () async throws(StorageError) in
            try await store.connections()
        }
        var clients: [String: AdminClient] = [:]
        for connection in connections {
            clients[connection.name] = try program.client(for: connection, store: store)
        }
        self.clients = clients
    }

    /// What stands in the way of a rotation of this policy; each is one clause.
    func problems(of stored: StoredPolicy) async -> [String] {
        await credential(of: stored).problems
            + destinationProblems(of: stored).map(\.description)
    }

    /// What the provider has of a policy.
    struct Inspection {
        /// Each is one clause.
        var problems: [String] = []
        /// Credentials beside it that bear a name of ours and are not of this state (P16).
        var strangers: [CredentialReference] = []
    }

    /// Whether the provider has the credential under the recorded name (P7), and what beside it only
    /// looks like ours.
    func credential(of stored: StoredPolicy) async -> Inspection {
        let target = stored.policy.target
        guard let client = clients[target.connection] else {
            return Inspection(problems: ["there is no connection \(target.connection)"])
        }
        let store = store
        // What cannot be read is told by `check` of the database.
        let versions = (try? await store.versions(ofSecret: stored.secret.id)) ?? []
        guard let current = versions.first(where: { $0.state == .current }) else {
            return Inspection(problems: ["it has no current version"])
        }
        let recorded = CredentialReference(
            kind: target.kind, providerID: current.providerID,
            name: current.providerName ?? (current.number == 1 ? target.name : nil),
            clientID: current.clientID, project: target.project)
        let provider = Program.provider(of: target.kind, stored.policy.terms.strategy, client)
        switch await provider.survey(recorded) {
        case .done(let survey):
            var inspection = Inspection()
            if let name = recorded.name, survey.found.name != name {
                inspection.problems.append(
                    "the \(target.kind.rawValue) \(recorded.providerID) is named "
                        + "\(survey.found.name ?? "(nothing)") at the provider, not \(name)")
            }
            // As above.
            let known = (try? await store.knownCredentials()) ?? []
            inspection.strangers = survey.listed.filter {
                Sweep.standing(of: $0, versions: versions, attempts: []) == .unknown
                    && !known.contains($0.providerID) && !known.contains($0.name ?? "")
            }
            return inspection
        case .refused(let refusal):
            return Inspection(problems: [text(refusal.cause, target.connection)])
        case .unsettled(let cause):
            return Inspection(problems: [text(cause, target.connection)])
        }
    }

    /// What Pinecone says to a value, shown as that of a version (P20). Throws what keeps the
    /// credential from being found.
    func ask(
        _ value: borrowing SecretBytes, as version: Version, of target: Target
    ) async throws(Failure) -> Verdict {
        guard let client = clients[target.connection] else {
            throw Failure("there is no connection \(target.connection)", .configuration)
        }
        // Whatever the strategy, an account is found and asked in the same way.
        let provider = Program.provider(of: target.kind, .inPlace, client)
        let recorded = CredentialReference(
            kind: target.kind, providerID: version.providerID, name: version.providerName,
            clientID: version.clientID, project: target.project)
        switch await provider.survey(recorded) {
        case .done(let survey):
            guard let copy = try? value.copy() else {
                throw Failure("no locked memory is left", .failure)
            }
            return await provider.ask(Credential(reference: survey.found, value: copy))
        case .refused(let refusal):
            throw Failure(text(refusal.cause, target.connection), .failure)
        case .unsettled(let cause): throw Failure(text(cause, target.connection), .failure)
        }
    }

    private func text(_ cause: Cause, _ name: String) -> String {
        guard cause == .unreachable, let found = connections.first(where: { $0.name == name })
        else { return cause.text }
        return "\(found.api) or \(found.login) cannot be reached"
    }

    /// Which destinations could not be written now.
    func destinationProblems(of stored: StoredPolicy) async -> [Unfit] {
        var problems: [Unfit] = []
        for destination in stored.policy.terms.destinations {
            if let unfit = await program.handoff.check(destination) { problems.append(unfit) }
        }
        return problems
    }

    /// The logged-in admins of a connection that are of no use, each with the reason.
    func deadAdmins(of connection: Connection) async -> [(name: String, reason: String)] {
        await clients[connection.name]?.checkEachAdmin()
            .compactMap { admin in admin.cause.map { (admin.name, $0.text) } } ?? []
    }

    /// What stands in the way of administering through a connection; nil when nothing does.
    func problem(of connection: Connection) async -> Failure? {
        guard let client = clients[connection.name] else { return nil }
        switch await client.checkAdmin() {
        case nil: return nil
        case .unreachable?:
            return Failure(
                "\(connection.api) or \(connection.login) cannot be reached",
                hint: "check the network, HTTPS_PROXY, and `ca-file`", .failure)
        case .noAdmin?:
            return Failure(
                "no admin of \(connection.name) is logged in",
                hint:
                    "keyturn login \(connection.name) --as \(connection.admins[0]) --client-id ID",
                .configuration)
        case .adminRefused?:
            return Failure(
                "Pinecone refuses all of its admins: \(connection.admins.joined(separator: ", "))",
                hint:
                    "keyturn login \(connection.name) --as \(connection.admins[0]) --client-id ID",
                .failure)
        case let cause?: return Failure(cause.text, .failure)
        }
    }
}
