import ArgumentParser
import Audit
import Pinecone
import Rotations
import Storage

/// What creating an account and creating a key have in common.
struct CreationOptions: ParsableArguments {
    @Option(
        name: .customLong("as"),
        help: ArgumentHelp(
            "The name of its secret here. Default: its name, if that can be one.",
            valueName: "secret"))
    var secretName: String?
    @Flag(name: .long, help: "Print a policy over it, to put into the file and apply.")
    var policy = false
    @Flag(name: .long, help: "Print the secret; it is audited, and needs --reason.")
    var reveal = false
    @Option(name: .long, help: "How --reveal prints it: raw, env or json. Default: raw.")
    var format: SecretReveal.Format?
    @Option(name: .long, help: "Why; it stands in the audit trail for ever.")
    var reason: String?
    @Flag(name: .long, help: "Check all that can be checked, and create nothing.")
    var dryRun = false

    mutating func validate() throws {
        guard !reveal || reason != nil else {
            throw ValidationError("--reveal needs --reason, which stands in the audit trail")
        }
        guard !reveal || !policy else {
            throw ValidationError(
                "--reveal and --policy both want standard output; see `keyturn policy adopt`")
        }
        guard format == nil || reveal else {
            throw ValidationError("--format says how --reveal prints it")
        }
        guard !dryRun || !reveal && !policy else {
            throw ValidationError("a dry run has nothing that --reveal or --policy could print")
        }
    }

    /// The name here of what is created, which nothing has yet.
    func secretName(
        for name: String, in organization: Organization
    ) async throws(Failure) -> String {
        let wanted = secretName ?? name
        guard Names.isName(wanted) else {
            throw Failure(
                "`\(wanted)` is no name for a secret",
                hint: secretName == nil ? "give it one with --as. \(Names.hint)" : Names.hint,
                .usage)
        }
        let store = organization.store
        let known = try await organization.program.storing { () async throws(StorageError) in
            try await store.secret(named: wanted)
        }
        guard known == nil else {
            throw Failure(
                "there is a secret \(wanted) already", hint: "give it another name with --as",
                .usage)
        }
        return wanted
    }

    /// Creates it, seals its secret, and tells.
    /// - Parameter plan: finds out that it can be created, when nobody else administers.
    func create(
        in organization: Organization, json: Bool,
        _ plan: () async throws(Failure) -> Administration
    ) async throws(Failure) -> Int32 {
        let console = organization.program.console
        guard !dryRun else {
            let administration = try await plan()
            console.answer(
                json: json,
                "\(administration.name): the \(administration.kind.rawValue) would be created",
                object(administration, nil, nil))
            return 0
        }
        let administrator = try await Administrator(organization)
        let administration = try await plan()
        let kind = administration.kind.rawValue
        let name = administration.name
        guard let secret = try await administrator.perform(administration) else {
            throw Failure("its secret is not known", .failure)
        }
        let version = try await current(secret, organization)
        let line =
            "\(name): the \(kind) \(version.providerID) is created, and its secret sealed as "
            + secret.name
        let adopted = AdoptedPolicy(
            name: secret.name, connection: organization.connection.name,
            credential: CredentialReference(
                kind: administration.kind, providerID: version.providerID,
                name: version.providerName, clientID: version.clientID,
                project: administration.project))
        let text = AdoptedPolicy.file([adopted], labels: [])
        // With --reveal, standard output is the secret.
        if reveal {
            console.say("keyturn: \(line)")
            try await Revelation(
                program: organization.program, store: organization.store, secret: secret
            ).show(version, as: format ?? .raw, json: json, reason: reason)
        } else {
            var object = object(administration, secret, version)
            if policy { object["policy_file"] = .string(text) }
            // With --policy, too, it is the answer alone.
            if policy, !json {
                console.say("keyturn: \(line)")
                console.answer(text)
            } else {
                console.answer(json: json, line, object)
            }
            if !json, !policy {
                console.say(
                    "keyturn: hint: `keyturn secret reveal \(secret.name) --reason …` shows it; a "
                        + "policy over it delivers and rotates it")
            }
        }
        return 0
    }

    private func object(
        _ administration: Administration, _ secret: SecretReference?, _ version: Version?
    ) -> [String: JSON] {
        var object: [String: JSON] = [
            "kind": .string("created"), "target": .string(administration.kind.rawValue),
            "name": .string(administration.name),
            "roles": .array(administration.rights.map { .string($0.text) }),
            "applied": .boolean(secret != nil),
        ]
        object["secret"] = (secret?.name).map(JSON.string)
        object["id"] = (version?.providerID).map(JSON.string)
        object["client_id"] = version.flatMap(\.clientID).map(JSON.string)
        object["project"] = administration.project.map(JSON.string)
        return object
    }

    private func current(
        _ secret: SecretReference, _ organization: Organization
    ) async throws(Failure) -> Version {
        let store = organization.store
        let versions = try await organization.program.storing { () async throws(StorageError) in
            try await store.versions(ofSecret: secret.id)
        }
        guard let current = versions.first(where: { $0.state == .current }) else {
            throw Failure(StorageError.damaged("what was created has no current version"))
        }
        return current
    }
}
