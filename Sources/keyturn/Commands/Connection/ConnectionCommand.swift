import ArgumentParser
import Audit
import Pinecone
import Rotations
import Storage

/// `keyturn connection`
struct ConnectionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connection", abstract: "Endpoints, and the admins that open them.",
        discussion: """
              keyturn connection list
              keyturn connection test pinecone
            """,
        subcommands: [ConnectionList.self, ConnectionShow.self, ConnectionTest.self])
}

/// `keyturn connection list`
struct ConnectionList: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "All connections; nothing is asked.",
        discussion: "  keyturn connection list --json")

    @OptionGroup var options: StateOptions

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let connections = try await program.storing { () async throws(StorageError) in
            try await store.connections()
        }
        var rows: [[String]] = []
        for connection in connections {
            let admins = try await program.storing { () async throws(StorageError) in
                try await store.admins(of: connection.name)
            }
            if options.json {
                program.console.answer(connection.json(admins))
            }
            rows.append([
                connection.name, connection.api, "\(admins.count) of \(connection.admins.count)",
                connection.admins.joined(separator: ", "),
            ])
        }
        if !options.json {
            program.console.answer(heads: ["NAME", "API", "LOGGED IN", "ADMINS"], rows: rows)
        }
        return 0
    }
}

/// `keyturn connection show`
struct ConnectionShow: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One connection and its admins; nothing is asked.",
        discussion: "  keyturn connection show pinecone")

    @OptionGroup var options: StateOptions
    @Argument(help: "The connection.") var name: String

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let organization = try await Organization(name, program: program, store: store)
        let connection = organization.connection
        let admins = try await program.storing { () async throws(StorageError) in
            try await store.admins(of: connection.name)
        }
        let console = program.console
        guard !options.json else {
            console.answer(connection.json(admins))
            return 0
        }
        console.answer("name:     \(connection.name)")
        console.answer("api:      \(connection.api)")
        console.answer("login:    \(connection.login)")
        if let file = connection.caFile { console.answer("ca-file:  \(file)") }
        for name in connection.admins {
            let admin = admins.first { $0.name == name }
            console.answer(
                "admin:    \(name), "
                    + (admin.map { "the account \($0.accountID), version \($0.version)" }
                        ?? "not logged in"))
        }
        return 0
    }
}

/// `keyturn connection test`
struct ConnectionTest: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Ask whether each admin works, and what it may do.",
        discussion: """
            Each admin's secret is shown to the login endpoint, and its roles are read. Exit \
            status 7 when one of them is of no use, 1 when none is.

              keyturn connection test pinecone
            """)

    @OptionGroup var options: StateOptions
    @Argument(help: "The connection; all of them by default.") var name: String?

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        try await program.unlock(store)
        let connections = try await program.storing { () async throws(StorageError) in
            try await store.connections()
        }
        let names = name.map { [$0] } ?? connections.map(\.name)
        guard !names.isEmpty else {
            throw Failure(
                "there is no connection",
                hint: "declare one in a file and `keyturn policy apply` that", .configuration)
        }
        var verdicts: Set<ExitStatus> = []
        for name in names {
            verdicts.insert(
                try await test(try await Organization(name, program: program, store: store)))
        }
        return [ExitStatus.failure, .attention].first { verdicts.contains($0) }?.rawValue ?? 0
    }

    private func test(_ organization: Organization) async throws(Failure) -> ExitStatus {
        let (program, store) = (organization.program, organization.store)
        let connection = organization.connection
        let admins = try await program.storing { () async throws(StorageError) in
            try await store.admins(of: connection.name)
        }
        let found = await organization.client.checkEachAdmin()
        var good = 0
        for name in connection.admins {
            let problem: String?
            if let admin = admins.first(where: { $0.name == name }) {
                let cause = found.first { $0.name == name }?.cause
                problem =
                    if cause == .adminRefused { "Pinecone refuses its secret" } else if let cause {
                        organization.failure(Refusal(cause)).message
                    } else {
                        await Self.lack(of: admin.accountID, organization)
                    }
            } else {
                problem = "nobody is logged in under this name"
            }
            if problem == nil { good += 1 }
            program.console.answer(
                json: options.json,
                "\(connection.name)/\(name): \(problem ?? "works, lists accounts, may rotate them")",
                [
                    "kind": .string("admin"), "connection": .string(connection.name),
                    "name": .string(name), "usable": .boolean(problem == nil),
                    "problem": .string(problem ?? ""),
                ])
        }
        if good == 0 { return .failure }
        return good == connection.admins.count ? .success : .attention
    }

    /// What an account lacks to be an admin; nil when nothing.
    static func lack(of accountID: String, _ organization: Organization) async -> String? {
        switch await organization.client.rights(ofAccount: accountID) {
        case .refused(let refusal): organization.failure(refusal).message
        case .unsettled(let cause): organization.failure(Refusal(cause)).message
        case .done(let rights):
            rights.contains { $0.role == Role.orgOwner.rawValue }
                ? nil : "gets tokens, and lacks the role OrgOwner: it cannot rotate accounts"
        }
    }
}

extension Connection {
    /// The object of `--json`.
    func json(_ admins: [Admin]) -> [String: JSON] {
        var object: [String: JSON] = [
            "kind": .string("connection"), "name": .string(name), "api": .string(api),
            "login": .string(login),
            "admins": .array(
                self.admins.map { name in
                    var members: [String: JSON] = ["name": .string(name)]
                    if let admin = admins.first(where: { $0.name == name }) {
                        members["account"] = .string(admin.accountID)
                        members["version"] = .integer(Int64(admin.version))
                    }
                    members["logged_in"] = .boolean(admins.contains { $0.name == name })
                    return .object(members)
                }),
        ]
        object["ca_file"] = caFile.map(JSON.string)
        return object
    }
}
