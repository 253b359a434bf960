import ArgumentParser
import Audit
import Pinecone
import Rotations
import Storage

/// `keyturn api-key`
struct APIKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api-key", abstract: "API keys at the provider, their whole life.",
        discussion: """
            PROJECT is a project's id or name. KEY is a key's id, the name of its secret here, or \
            its name at Pinecone, if only one key has that.

              keyturn api-key list search
              keyturn api-key create search reader --role DataPlaneViewer
            """,
        subcommands: [
            APIKeyList.self, APIKeyCreate.self, APIKeyRename.self, APIKeyRoles.self,
            APIKeyDelete.self,
        ])
}

/// `keyturn api-key list`
struct APIKeyList: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The keys of a project, and who keeps them fresh.",
        discussion: "  keyturn api-key list search --unmanaged")

    @OptionGroup var options: OrganizationOptions
    @Argument(help: "The project.") var project: String
    @Flag(name: .long, help: "Only those that no secret here is over.")
    var unmanaged = false

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let organization = try await options.open(surroundings, isReading: true)
        let project = try await organization.project(project)
        let keys = try organization.value(
            of: await organization.client.keys(ofProject: project.id))
        let known = try await organization.knownSecrets()
        let shown = keys.filter { !unmanaged || known[$0.id] == nil }
        for key in shown where options.json {
            var object: [String: JSON] = [
                "kind": .string("api-key"), "id": .string(key.id),
                "project": .string(key.project),
                "managed": .boolean(known[key.id]?.policy != nil),
                "roles": .array(key.roles.sorted().map(JSON.string)),
            ]
            object["name"] = key.name.map(JSON.string)
            object["secret"] = (known[key.id]?.secret.name).map(JSON.string)
            organization.program.console.answer(object)
        }
        guard !options.json else { return 0 }
        organization.program.console.answer(
            heads: ["NAME", "ID", "POLICY", "ROLES", "ROTATED"],
            rows: shown.map { key in
                let status = known[key.id]
                return [
                    key.name ?? "(none)", key.id, status?.keeper ?? "-",
                    key.roles.sorted().joined(separator: ", "),
                    status?.currentSince?.minuteText ?? "-",
                ]
            })
        return 0
    }
}

/// `keyturn api-key create`
struct APIKeyCreate: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create a key; its value is sealed at once.",
        discussion: """
            Without --role Pinecone gives it ProjectEditor.

              keyturn api-key create search reader --role DataPlaneViewer --policy
            """)

    @OptionGroup var options: OrganizationOptions
    @Argument(help: "The project.") var project: String
    @Argument(help: "Its name at Pinecone, 1 to 80 bytes.") var name: String
    @Option(name: .long, help: "A role of keys.")
    var role: [RoleOption] = []
    @OptionGroup var creation: CreationOptions

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let name = try ProviderName.checked(name)
        let rights = try role.keyRights()
        let organization = try await options.open(surroundings, isReading: creation.dryRun)
        return try await creation.create(in: organization, json: options.json) {
            () async throws(Failure) in
            let secretName = try await creation.secretName(for: name, in: organization)
            let project = try await organization.project(project)
            let keys = try organization.value(
                of: await organization.client.keys(ofProject: project.id))
            try ProviderName.requireFree(name, among: keys.map(\.reference))
            return Administration(
                id: try organization.newIdentifier(), .create, of: .apiKey,
                on: organization.connection.name, name: name, project: project.id,
                rights: rights, secretName: secretName, listed: keys.map(\.id),
                reason: try creation.reason.map(Reason.checked),
                at: organization.program.clock.now())
        }
    }
}

/// `keyturn api-key rename`
struct APIKeyRename: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Give a key another name at the provider.",
        discussion: "  keyturn api-key rename reader reader-eu")

    @OptionGroup var options: OrganizationOptions
    @Argument(help: "The key.") var key: String
    @Argument(help: "The new name, 1 to 80 bytes.") var newName: String
    @Option(name: .long, help: "The project, where several have a key of that name.")
    var project: String?
    @OptionGroup var change: ChangeOptions

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let newName = try ProviderName.checked(newName)
        let organization = try await options.open(surroundings, isReading: change.dryRun)
        let key = try await organization.key(key, in: project)
        let name = key.name ?? key.id
        let keys = try organization.value(
            of: await organization.client.keys(ofProject: key.project))
        try ProviderName.requireFree(newName, among: keys.map(\.reference), besides: key.id)
        return try await Change(
            organization: organization, credential: key.reference, json: options.json,
            options: change, newName: newName,
            done: "\(name): renamed to \(newName)",
            would: "\(name): would be renamed to \(newName)"
        ).make(.rename)
    }
}

/// `keyturn api-key roles`
struct APIKeyRoles: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "roles", abstract: "Show a key's roles, or give it these and no others.",
        discussion: """
              keyturn api-key roles reader
              keyturn api-key roles reader --set DataPlaneViewer --set ControlPlaneViewer
            """)

    @OptionGroup var options: OrganizationOptions
    @Argument(help: "The key.") var key: String
    @Option(name: .long, help: "A role that it shall have; all others are taken away.")
    var set: [RoleOption] = []
    @Option(name: .long, help: "The project, where several have a key of that name.")
    var project: String?
    @OptionGroup var change: ChangeOptions

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let rights = try set.keyRights()
        let organization = try await options.open(
            surroundings, isReading: change.dryRun || set.isEmpty)
        let key = try await organization.key(key, in: project)
        let name = key.name ?? key.id
        guard !set.isEmpty else {
            organization.program.console.answer(
                json: options.json, "\(name): \(key.roles.sorted().joined(separator: ", "))",
                [
                    "kind": .string("api-key"), "id": .string(key.id), "name": .string(name),
                    "project": .string(key.project),
                    "roles": .array(key.roles.sorted().map(JSON.string)),
                ])
            return 0
        }
        let text = rights.map(\.role).joined(separator: ", ")
        return try await Change(
            organization: organization, credential: key.reference, json: options.json,
            options: change, rights: rights,
            done: "\(name): has \(text)", would: "\(name): would have \(text)"
        ).make(.setRoles)
    }
}

/// `keyturn api-key delete`
struct APIKeyDelete: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a key at the provider, now or at a date.",
        discussion: """
            What will break is told first, and the name asked for. One that a policy keeps fresh is \
            refused.

              keyturn api-key delete reader --reason "nobody uses it" --retire-after 7d
            """)

    @OptionGroup var options: OrganizationOptions
    @Argument(help: "The key.") var key: String
    @Option(name: .long, help: "The project, where several have a key of that name.")
    var project: String?
    @OptionGroup var deletion: DeletionOptions

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let organization = try await options.open(surroundings, isReading: deletion.dryRun)
        return try await deletion.run(
            try await organization.key(key, in: project).reference, in: organization,
            surroundings, json: options.json)
    }
}

/// `keyturn project`
struct ProjectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project", abstract: "Projects of the organization.",
        discussion: "  keyturn project list", subcommands: [ProjectList.self])
}

/// `keyturn project list`
struct ProjectList: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "All projects that the admins see.",
        discussion: "  keyturn project list --json")

    @OptionGroup var options: OrganizationOptions

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let organization = try await options.open(surroundings, isReading: true)
        let projects = try organization.value(of: await organization.client.allProjects())
        for project in projects where options.json {
            organization.program.console.answer([
                "kind": .string("project"), "id": .string(project.id),
                "name": .string(project.name),
            ])
        }
        guard !options.json else { return 0 }
        organization.program.console.answer(
            heads: ["NAME", "ID"], rows: projects.map { [$0.name, $0.id] })
        return 0
    }
}
