import Audit
import Pinecone
import Rotations
import Storage

/// What is at the provider against what is here: which credentials something keeps fresh, and which
/// nobody does.
struct Coverage {
    /// Where a credential stands.
    enum Standing: String, CaseIterable {
        /// A policy rotates it.
        case managed
        /// A secret of this state without a policy: an admin's, or one that was created here.
        case known
        /// It was a secret's once, and is being replaced or should be gone.
        case former
        case unmanaged
        /// It bears a name of ours, and this state does not know it (P16).
        case foreign
        /// It is the current version of a secret here, and the provider does not have it.
        case orphaned
    }

    struct Item {
        let credential: CredentialReference
        let standing: Standing
        /// Of the secret here.
        let secret: String?
    }

    let items: [Item]

    func count(_ standing: Standing) -> Int { items.count { $0.standing == standing } }

    /// Looks at all accounts and keys behind a connection.
    init(_ organization: Organization) async throws(Failure) {
        let store = organization.store
        let connection = organization.connection.name
        let accounts = try organization.value(of: await organization.client.allAccounts())
            .map(\.reference)
        let keys = try await organization.allKeys().map(\.reference)
        let found = accounts + keys
        let current = try await organization.knownSecrets()
        let attempts = try await organization.program.storing { () async throws(StorageError) in
            try await store.knownCredentials()
        }
        var items: [Item] = []
        for credential in found {
            let status = current[credential.providerID]
            let isForeign =
                AttemptName.isOurs(credential.name ?? "")
                && !attempts.contains(credential.name ?? "")
            let standing: Standing =
                if let status {
                    status.policy == nil ? .known : .managed
                } else if attempts.contains(credential.providerID)
                    || attempts.contains(credential.name ?? "")
                {
                    .former
                } else {
                    isForeign ? .foreign : .unmanaged
                }
            items.append(
                Item(credential: credential, standing: standing, secret: status?.secret.name))
        }
        let ids = Set(found.map(\.providerID))
        for status in current.values.sorted(by: { $0.secret.name < $1.secret.name })
        where status.connection == connection && !ids.contains(status.providerID ?? "") {
            items.append(
                Item(
                    credential: CredentialReference(
                        kind: status.kind, providerID: status.providerID ?? "",
                        name: status.providerName, clientID: nil, project: nil),
                    standing: .orphaned, secret: status.secret.name))
        }
        self.items = items
    }

    /// The command line that adopts what is unmanaged.
    static func adoption(_ connection: String, _ connectionCount: Int) -> String {
        "keyturn policy adopt --all" + (connectionCount > 1 ? " --connection \(connection)" : "")
    }

    /// One line: how many of each.
    var summary: String {
        let counts = Standing.allCases.map { ($0.rawValue, count($0)) }.filter { $0.1 > 0 }
        return counts.isEmpty
            ? "nothing is there"
            : counts.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
    }
}

extension Coverage.Item {
    /// The object of `--json`.
    func json(_ connection: String) -> [String: JSON] {
        var object: [String: JSON] = [
            "kind": .string("credential"), "connection": .string(connection),
            "target": .string(credential.kind.rawValue), "id": .string(credential.providerID),
            "standing": .string(standing.rawValue),
        ]
        object["name"] = credential.name.map(JSON.string)
        object["secret"] = secret.map(JSON.string)
        object["project"] = credential.project.map(JSON.string)
        return object
    }
}
