import FoundationEssentials
import Rotations
import Secrets

/// A service account, without its secret and its roles.
package struct ServiceAccount: Hashable, Sendable {
    package let id: String
    package let name: String
    package let clientID: String
    /// Nil where the provider's time cannot be read.
    package let createdAt: Timestamp?

    /// In our words.
    package var reference: CredentialReference {
        CredentialReference(
            kind: .serviceAccount, providerID: id, name: name, clientID: clientID, project: nil)
    }
}

/// An API key, without its value.
package struct APIKey: Hashable, Sendable {
    package let id: String
    /// The provider has keys without one.
    package let name: String?
    package let project: String
    package let roles: [String]

    /// In our words.
    package var reference: CredentialReference {
        CredentialReference(
            kind: .apiKey, providerID: id, name: name, clientID: nil, project: project)
    }
}

/// A project of the organization.
package struct Project: Hashable, Sendable {
    package let id: String
    package let name: String
}

/// What people do beside rotations. What reads throws nothing away: all pages are read.
extension AdminClient {
    /// All service accounts, by name and id.
    package func allAccounts() async -> Outcome<[ServiceAccount]> {
        await listServiceAccounts(except: nil).map { accounts in
            accounts.map(\.account).sorted { ($0.name, $0.id) < ($1.name, $1.id) }
        }
    }

    /// The service account with this id.
    package func account(_ id: String) async -> Outcome<ServiceAccount> {
        await fetchServiceAccount(id, except: nil).map(\.account)
    }

    /// The roles of every service account, by the account's id.
    package func allRights() async -> Outcome<[String: [Right]]> {
        let endpoint = admin("role-bindings").asking("principal_type", "service_account")
        return await list(Wire.RoleBinding.self, endpoint, except: nil, limit: nil)
            .map { bindings in
                Dictionary(grouping: bindings, by: { $0.principalID ?? "" })
                    .mapValues { $0.map(\.right) }
            }
    }

    /// The roles of one service account.
    package func rights(ofAccount id: String) async -> Outcome<[Right]> {
        await rights(of: id, except: nil)
    }

    /// `PATCH /admin/service-accounts/{id}`: another name.
    package func renameAccount(_ id: String, to name: String) async -> Outcome<Void> {
        await rename(admin("service-accounts", id), to: name)
    }

    /// Creates an account, once. The answer holds its secret.
    package func createAccount(named name: String, with rights: [Right]) async
        -> Outcome<SecretBytes>
    {
        await createServiceAccount(named: name, with: rights, except: nil)
    }

    /// `POST /admin/role-bindings`. A role that the account has already is `done`.
    package func grant(_ right: Right, toAccount id: String) async -> Outcome<Void> {
        await grant(right, toServiceAccount: id)
    }

    /// Finds the binding of this role and deletes it. None there is `done`.
    package func revoke(_ right: Right, fromAccount id: String) async -> Outcome<Void> {
        let endpoint = admin("role-bindings").asking("principal_type", "service_account")
            .asking("principal_id", id)
        let bindings: [Wire.RoleBinding]
        switch await list(Wire.RoleBinding.self, endpoint, except: id, limit: nil) {
        case .done(let found): bindings = found
        case .refused(let refusal): return .refused(refusal)
        case .unsettled(let cause): return .unsettled(cause)
        }
        for binding in bindings where binding.right == right {
            guard let bindingID = binding.id else { continue }
            switch await remove(admin("role-bindings", bindingID), except: id) {
            case .done: continue
            case .refused(let refusal): return .refused(refusal)
            case .unsettled(let cause): return .unsettled(cause)
            }
        }
        return .done(())
    }

    /// Deletes an account, unless it is the last that may rotate the others (P30).
    package func deleteAccount(_ id: String) async -> Outcome<Void> {
        if let refusal = await requireAnotherAdmin(ifMayRotate: id) { return .refused(refusal) }
        return await deleteServiceAccount(id)
    }

    /// Whether taking this role away would leave nobody who may rotate (P30).
    package func requireAnotherOwner(than id: String) async -> Refusal? {
        await requireAnotherAdmin(than: id)
    }

    /// All projects, by name and id.
    package func allProjects() async -> Outcome<[Project]> {
        await list(
            Wire.Project.self, admin("projects"), except: nil, limit: nil, isPaged: false
        ).map { projects in
            projects.map { Project(id: $0.id, name: $0.name) }
                .sorted { ($0.name, $0.id) < ($1.name, $1.id) }
        }
    }

    /// The keys of a project, by name and id.
    package func keys(ofProject project: String) async -> Outcome<[APIKey]> {
        await listAPIKeys(of: project).map { keys in
            keys.map(\.key).sorted { ($0.name ?? "", $0.id) < ($1.name ?? "", $1.id) }
        }
    }

    /// The key with this id.
    package func key(_ id: String) async -> Outcome<APIKey> { await fetchAPIKey(id).map(\.key) }

    /// Creates a key, once. The answer holds its value.
    package func createKey(
        in project: String, named name: String, roles: [String]
    ) async -> Outcome<SecretBytes> {
        await createAPIKey(in: project, name: name, roles: roles.isEmpty ? nil : roles)
    }

    /// `PATCH /admin/api-keys/{id}`: another name.
    package func renameKey(_ id: String, to name: String) async -> Outcome<Void> {
        await rename(admin("api-keys", id), to: name)
    }

    /// `PATCH /admin/api-keys/{id}`: these roles and no others.
    package func setRoles(_ roles: [String], ofKey id: String) async -> Outcome<Void> {
        await setRoles(roles, ofAPIKey: id)
    }

    /// `DELETE /admin/api-keys/{id}`.
    package func deleteKey(_ id: String, of project: String) async -> Outcome<Void> {
        await deleteAPIKey(id, of: project)
    }

    /// An access token for a credential of the organization's: not one of the admins', and not kept.
    package func accessToken(
        clientID: String, secret: borrowing SecretBytes
    ) async -> Outcome<IssuedToken> {
        switch await exchange.send(clientID: clientID, secret: secret) {
        case .accepted(let token, let lifetime, _):
            .done(IssuedToken(token: token, lifetime: Interval(seconds: Int64(lifetime))))
        case .refused: .refused(Refusal(.newSecretRefused))
        case .noVerdict(let refusal, _): .refused(refusal)
        }
    }

    /// The name of the admin that is used now for what is about this account.
    package func adminName(except accountID: String? = nil) async -> String? {
        await adminInUse(except: accountID)
    }
}

extension AdminClient {
    /// What the answer to a creation holds. The provider may have written the name another way; an id
    /// that was there before is another's.
    package static func created(
        _ answer: borrowing SecretBytes, by administration: Administration
    ) throws(UndecodableAnswer) -> Issued {
        let issued =
            switch administration.kind {
            case .serviceAccount:
                try Issued(serviceAccount: answer, orNamed: administration.name)
            case .apiKey: try Issued(apiKey: answer, in: administration.project)
            }
        guard !administration.listed.contains(issued.credential.reference.providerID) else {
            throw UndecodableAnswer(.answerForAnother)
        }
        return issued
    }
}

/// An access token and how long it lives from now on.
package struct IssuedToken: ~Copyable, Sendable {
    package let token: SecretBytes
    package let lifetime: Interval
}

extension Wire.ServiceAccount {
    var account: ServiceAccount {
        ServiceAccount(
            id: id, name: name, clientID: clientID,
            createdAt: createdAt.flatMap(Timestamp.init(rfc3339:)))
    }
}

extension Wire.APIKey {
    var key: APIKey { APIKey(id: id, name: name, project: projectID, roles: roles ?? []) }
}
