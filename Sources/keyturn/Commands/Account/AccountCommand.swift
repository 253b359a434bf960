import ArgumentParser
import Audit
import Pinecone
import Rotations
import Storage

/// `keyturn account`
struct AccountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "Service accounts at the provider, their whole life.",
        discussion: """
            NAME is an account's id, the name of its secret here, or its name at Pinecone, if only \
            one account has that. Whatever is done stands in the audit trail before it is done.

              keyturn account list --unmanaged
              keyturn account create deploys --role ProjectEditor@search
            """,
        subcommands: [
            AccountList.self, AccountShow.self, AccountCreate.self, AccountRename.self,
            AccountGrant.self, AccountRevoke.self, AccountDelete.self, AccountToken.self,
        ])
}

/// `keyturn account list`
struct AccountList: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "All accounts of the organization, and who keeps them fresh.",
        discussion: """
            POLICY is `-` where nothing here is over the account, and a secret's name in \
            parentheses where that has no policy: an admin's, or one that was created here. With \
            --json there are the ids, too.

              keyturn account list
              keyturn account list --unmanaged --json
            """)

    @OptionGroup var options: OrganizationOptions
    @Flag(name: .long, help: "Only those that no secret here is over.")
    var unmanaged = false

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let organization = try await options.open(surroundings, isReading: true)
        let accounts = try organization.value(of: await organization.client.allAccounts())
        let rights = try organization.value(of: await organization.client.allRights())
        let projects = await organization.projectNames()
        let known = try await organization.knownSecrets()
        let now = organization.program.clock.now()
        let shown = accounts.filter { !unmanaged || known[$0.id] == nil }
        for account in shown where options.json {
            organization.program.console.answer(
                account.json(known[account.id], rights[account.id] ?? []))
        }
        guard !options.json else { return 0 }
        organization.program.console.answer(
            heads: ["NAME", "POLICY", "AGE", "ROTATED", "ROLES"],
            rows: shown.map { account in
                let status = known[account.id]
                return [
                    account.name, status?.keeper ?? "-",
                    account.createdAt.map { $0.age(at: now).coarseText } ?? "-",
                    status?.currentSince?.minuteText ?? "-",
                    (rights[account.id] ?? []).map { $0.text(projects) }.sorted()
                        .joined(separator: ", "),
                ]
            })
        if shown.isEmpty, organization.program.console.isErrorTerminal {
            organization.program.console.say("keyturn: there is none")
        }
        return 0
    }
}

/// `keyturn account show`
struct AccountShow: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One account: its ids, its roles, and what depends on it.",
        discussion: "  keyturn account show deploys")

    @OptionGroup var options: OrganizationOptions
    @Argument(help: "The account.") var name: String

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let organization = try await options.open(surroundings, isReading: true)
        let console = organization.program.console
        let account = try await organization.account(name)
        let rights = try organization.value(
            of: await organization.client.rights(ofAccount: account.id))
        let status = try await organization.knownSecrets()[account.id]
        guard !options.json else {
            console.answer(account.json(status, rights))
            return 0
        }
        console.answer("name:       \(account.name)")
        console.answer("id:         \(account.id)")
        console.answer("client id:  \(account.clientID)")
        if let created = account.createdAt { console.answer("created:    \(created.secondText)") }
        console.answer("secret:     \(status?.secret.name ?? "none here")")
        if let status {
            console.answer("policy:     \(status.policy?.policy.schedule.text ?? "none")")
            if let since = status.currentSince {
                console.answer("rotated:    \(since.secondText), version \(status.version ?? 0)")
            }
        }
        if let due = try await organization.scheduledDeletion(of: account.reference)?.dueAt {
            console.answer("deletion:   by the first run after \(due.secondText)")
        }
        let projects = await organization.projectNames()
        console.answer("roles:      \(rights.isEmpty ? "none" : rights[0].text(projects))")
        for right in rights.dropFirst() { console.answer("            \(right.text(projects))") }
        return 0
    }
}

/// `keyturn account create`
struct AccountCreate: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create an account; its secret is sealed at once.",
        discussion: """
            Pinecone shows the secret once; it is sealed and committed before anything is printed. \
            A role is ROLE for the organization or ROLE@PROJECT; without one the account gets \
            tokens and may do nothing.

              keyturn account create deploys --role ProjectEditor@search --policy
              keyturn account create batch --reveal --reason "hand-over to the batch team"
            """)

    @OptionGroup var options: OrganizationOptions
    @Argument(help: "Its name at Pinecone, 1 to 80 bytes.") var name: String
    @Option(name: .long, help: "A role: ROLE, or ROLE@PROJECT.")
    var role: [RoleOption] = []
    @OptionGroup var creation: CreationOptions

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let name = try ProviderName.checked(name)
        let organization = try await options.open(surroundings, isReading: creation.dryRun)
        return try await creation.create(in: organization, json: options.json) {
            () async throws(Failure) in
            let secretName = try await creation.secretName(for: name, in: organization)
            let rights = try await role.rights(in: organization)
            guard rights.count <= 100 else {
                throw Failure("Pinecone takes at most 100 roles with a new account", .usage)
            }
            let accounts = try organization.value(of: await organization.client.allAccounts())
            try ProviderName.requireFree(
                name, among: accounts.map(\.reference),
                hint: "Pinecone would take it twice, and nobody could tell them apart")
            return Administration(
                id: try organization.newIdentifier(), .create, of: .serviceAccount,
                on: organization.connection.name, name: name, rights: rights,
                secretName: secretName, listed: accounts.map(\.id),
                reason: try creation.reason.map(Reason.checked),
                at: organization.program.clock.now())
        }
    }
}

extension ServiceAccount {
    /// The object of `--json`.
    func json(_ status: SecretStatus?, _ rights: [Right]) -> [String: JSON] {
        var object: [String: JSON] = [
            "kind": .string("account"), "id": .string(id), "name": .string(name),
            "client_id": .string(clientID), "managed": .boolean(status?.policy != nil),
            "roles": .array(rights.map(\.text).sorted().map(JSON.string)),
        ]
        object["created_at"] = (createdAt?.rfc3339).map(JSON.string)
        object["secret"] = (status?.secret.name).map(JSON.string)
        object["policy"] = status.flatMap { $0.policy == nil ? nil : .string($0.secret.name) }
        object["version"] = status.flatMap { $0.version.map { .integer(Int64($0)) } }
        object["rotated_at"] = (status?.currentSince?.rfc3339).map(JSON.string)
        return object
    }
}

extension SecretStatus {
    /// The policy's name, or that of a secret without a policy in parentheses.
    var keeper: String { policy == nil ? "(\(secret.name))" : secret.name }
}

extension Right {
    /// The right for a person, its project by its name where that is known.
    func text(_ projects: [String: String]) -> String {
        guard let id = resourceID, let name = projects[id] else { return text }
        return "\(role) of \(name)"
    }
}

extension Organization {
    /// The names of the projects by their ids; none where they cannot be listed.
    func projectNames() async -> [String: String] {
        guard case .done(let projects) = await client.allProjects() else { return [:] }
        return Dictionary(
            projects.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    }

    /// The secrets here by the provider's id of their current version.
    func knownSecrets() async throws(Failure) -> [String: SecretStatus] {
        let (store, connection, now) = (store, connection.name, program.clock.now())
        let statuses = try await program.storing { () async throws(StorageError) in
            try await store.statuses(at: now)
        }
        return Dictionary(
            statuses.filter { $0.connection == connection }
                .compactMap { status in status.providerID.map { ($0, status) } },
            uniquingKeysWith: { first, _ in first })
    }
}
