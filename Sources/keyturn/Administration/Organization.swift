import Pinecone
import Rotations
import Storage

/// The organization behind a connection, as its admins see it: names instead of ids, and sentences
/// instead of refusals.
struct Organization {
    let program: Program
    let store: Store
    let connection: Connection
    let client: AdminClient

    /// Opens the organization of the connection of this name, or of the only one.
    init(_ name: String?, program: Program, store: Store) async throws(Failure) {
        self.program = program
        self.store = store
        connection = try await Self.find(name, store, program)
        client = try program.client(for: connection, store: store)
    }

    private static func find(
        _ name: String?, _ store: Store, _ program: Program
    ) async throws(Failure) -> Connection {
        let all = try await program.storing { () async throws(StorageError) in
            try await store.connections()
        }
        guard let name else {
            guard let first = all.first else {
                throw Failure(
                    "there is no connection",
                    hint: "declare one in a file and `keyturn policy apply` that", .configuration)
            }
            guard all.count == 1 else {
                throw Failure(
                    "there are \(all.count) connections: "
                        + all.map(\.name).joined(separator: ", "),
                    hint: "say which with --connection", .usage)
            }
            return first
        }
        guard let found = all.first(where: { $0.name == name }) else {
            let nearest = Nearest.match(name, among: all.map(\.name))
            throw Failure(
                "there is no connection \(name)",
                hint: nearest.map { "did you mean \($0)?" } ?? "see `keyturn connection list`",
                .usage)
        }
        return found
    }

    // MARK: Names

    /// The account that a person means: by its id, by the name of its secret here, or by its name at
    /// the provider, if only one has that.
    func account(_ text: String) async throws(Failure) -> ServiceAccount {
        let accounts = try value(of: await client.allAccounts())
        let known = try await knownID(text, .serviceAccount)
        return try Self.pick(
            text, known, among: accounts.map { ($0.id, $0.name, $0) }, "service account",
            "keyturn account list")
    }

    /// The project that a person means, by its id or its name.
    func project(_ text: String) async throws(Failure) -> Project {
        let projects = try value(of: await client.allProjects())
        return try Self.pick(
            text, nil, among: projects.map { ($0.id, $0.name, $0) }, "project",
            "keyturn project list")
    }

    /// The key that a person means: by its id, by the name of its secret here, or by its name at the
    /// provider in this project, or in all.
    func key(_ text: String, in project: String?) async throws(Failure) -> APIKey {
        let known = try await knownID(text, .apiKey)
        let keys: [APIKey]
        if let project {
            keys = try value(of: await client.keys(ofProject: try await self.project(project).id))
        } else {
            keys = try await allKeys()
        }
        return try Self.pick(
            text, known, among: keys.map { ($0.id, $0.name ?? "", $0) }, "API key",
            "keyturn api-key list PROJECT")
    }

    /// The keys of all projects.
    func allKeys() async throws(Failure) -> [APIKey] {
        var keys: [APIKey] = []
        for project in try value(of: await client.allProjects()) {
            keys += try value(of: await client.keys(ofProject: project.id))
        }
        return keys
    }

    /// The provider's id of the secret that bears this name here, on this connection.
    private func knownID(
        _ text: String, _ kind: Target.Kind
    ) async throws(Failure) -> String? {
        guard let status = try await knownSecrets().values.first(where: { $0.secret.name == text })
        else { return nil }
        guard status.kind == kind else {
            let other = kind == .apiKey ? "keyturn account" : "keyturn api-key"
            throw Failure(
                "\(text) is no \(kind.rawValue) but \(kind == .apiKey ? "a service account" : "an API key")",
                hint: "use `\(other)`, or give an id", .usage)
        }
        return status.providerID
    }

    private static func pick<Item>(
        _ text: String, _ known: String?, among items: [(id: String, name: String, item: Item)],
        _ what: String, _ list: String
    ) throws(Failure) -> Item {
        if let found = items.first(where: { $0.id.lowercased() == text.lowercased() }) {
            return found.item
        }
        if let known, !items.contains(where: { $0.id == known }) {
            throw Failure(
                "Pinecone does not know the \(what) of \(text), \(known)",
                hint: "it was deleted there; another that is named so is meant by its id", .failure)
        }
        let meant = items.filter { $0.id == known || $0.name == text }
        if meant.count == 1 { return meant[0].item }
        guard meant.isEmpty else {
            throw Failure(
                "\(text) may be one of \(meant.count): "
                    + meant.map { "\($0.id) (\($0.name))" }.joined(separator: ", "),
                hint: "give the id of the \(what)", .usage)
        }
        let nearest = Nearest.match(text, among: items.map(\.name).filter { !$0.isEmpty })
        throw Failure(
            "the organization has no \(what) \(text)",
            hint: nearest.map { "did you mean `\($0)`?" }
                ?? "see `\(list)`; what belongs to another organization is not seen", .usage)
    }

    // MARK: Refusals

    /// What an outcome carries, or why there is nothing, in a sentence that says what to do.
    func value<T>(of outcome: consuming Outcome<T>) throws(Failure) -> T {
        switch consume outcome {
        case .done(let value): return value
        case .refused(let refusal): throw failure(refusal)
        case .unsettled(let cause): throw failure(Refusal(cause))
        }
    }

    /// A refusal as a person reads it.
    func failure(_ refusal: Refusal) -> Failure {
        let status = refusal.status.map { " (status \($0))" } ?? ""
        let admins = connection.admins.joined(separator: ", ")
        let login = "keyturn login \(connection.name) --as \(connection.admins[0]) --client-id ID"
        switch (refusal.cause, refusal.status) {
        case (.unreachable, _):
            return Failure(
                "\(connection.api) or \(connection.login) cannot be reached; nothing was changed",
                hint: "check the network, HTTPS_PROXY and `ca-file`", .failure)
        case (.noAdmin, _):
            return Failure(
                "no admin of \(connection.name) is logged in", hint: login, .configuration)
        case (.adminRefused, _):
            return Failure(
                "Pinecone refuses all admins of \(connection.name): \(admins)",
                hint: "a revoked or rotated one is logged in anew: \(login)", .failure)
        case (.lockOut, _):
            return Failure(
                "no other admin could rotate and manage the rest afterwards; nothing was changed",
                hint: "log a second owner in, `\(login)`, and try again", .failure)
        case (.forbidden, _):
            return Failure(
                "the admin may not do this, or the organization's plan does not include it",
                hint:
                    "give its account the role OrgOwner; service accounts need the Enterprise plan",
                .failure)
        case (.targetMissing, _):
            return Failure(
                "Pinecone does not know it: it was deleted, or belongs to another organization",
                hint: "see `keyturn account list` and `keyturn project list`", .failure)
        case (.quotaExceeded, _):
            return Failure(
                "the quota of the organization or the project is used up",
                hint: "delete what is no longer used, or ask Pinecone for more", .failure)
        case (.rateLimited, _):
            return Failure(
                "Pinecone asks to wait"
                    + (refusal.retryAfter.map { ", for \($0.seconds) s" } ?? ""),
                hint: "try again later", .failure)
        case (.noAnswer, _):
            return Failure(
                "\(connection.api) gave no usable answer\(status)",
                hint: "a proxy's page, or trouble there: check `api:`, HTTPS_PROXY and its status",
                .failure)
        case (.refusedByProvider, 402?):
            return Failure(
                "Pinecone refuses: the organization has to pay first\(status)",
                hint: "see Billing in the console", .failure)
        case (.refusedByProvider, 409?):
            return Failure(
                "Pinecone refuses: that is so already, or would leave no owner\(status)",
                hint: "see its roles with `keyturn account show NAME`", .failure)
        case (.refusedByProvider, _):
            return Failure(
                "Pinecone refuses the request as it is\(status)",
                hint: "check names, roles and ids; `keyturn account list` shows what is there",
                .failure)
        default: return Failure(refusal.cause.text + status, .failure)
        }
    }
}
