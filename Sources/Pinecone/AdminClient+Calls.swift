import FoundationEssentials
import HTTP
import Rotations
import Secrets

extension AdminClient {
    /// Pages of a list that are read at most: 100 a page.
    private static let maximumPageCount = 1_000

    // MARK: Service accounts

    /// `GET /admin/service-accounts/{id}`
    func fetchServiceAccount(
        _ id: String, except accountID: String?
    ) async -> Outcome<Wire.ServiceAccount> {
        await fetch(Wire.ServiceAccount.self, admin("service-accounts", id), except: accountID)
    }

    /// `GET /admin/service-accounts`, all pages, or as many accounts as `limit`.
    func listServiceAccounts(
        except accountID: String?, limit: Int? = nil
    ) async -> Outcome<[Wire.ServiceAccount]> {
        await list(
            Wire.ServiceAccount.self, admin("service-accounts"), except: accountID, limit: limit)
    }

    /// `POST /admin/service-accounts/{id}/rotate-secret`, once.
    func rotateSecret(of id: String) async -> Outcome<SecretBytes> {
        let outcome = await mint(
            admin("service-accounts", id, "rotate-secret"), body: nil, except: id)
        // Its tokens die with its secret.
        forgetTokens(of: id)
        return outcome
    }

    /// The roles of a service account, from `GET /admin/role-bindings`.
    func roleBindings(
        of id: String, except accountID: String?
    ) async -> Outcome<[String]> {
        let endpoint = admin("role-bindings").asking("principal_type", "service_account")
            .asking("principal_id", id)
        switch await list(Wire.RoleBinding.self, endpoint, except: accountID, limit: nil) {
        case .done(let bindings): return .done(bindings.map(\.role))
        case .refused(let refusal): return .refused(refusal)
        case .unsettled(let cause): return .unsettled(cause)
        }
    }

    // MARK: API keys

    /// `GET /admin/api-keys/{id}`
    func fetchAPIKey(_ id: String) async -> Outcome<Wire.APIKey> {
        await fetch(Wire.APIKey.self, admin("api-keys", id), except: nil)
    }

    /// `GET /admin/projects/{project}/api-keys`
    func listAPIKeys(of project: String) async -> Outcome<[Wire.APIKey]> {
        await list(
            Wire.APIKey.self, admin("projects", project, "api-keys"), except: nil, limit: nil,
            isPaged: false)
    }

    /// `POST /admin/projects/{project}/api-keys`, once.
    func createAPIKey(
        in project: String, name: String, roles: [String]?
    ) async -> Outcome<SecretBytes> {
        guard let body = try? JSONEncoder().encode(Wire.NewAPIKey(name: name, roles: roles)) else {
            return .refused(Refusal(.refusedByProvider))  // a name that is no text
        }
        return await mint(
            admin("projects", project, "api-keys"), body: Array(body), except: nil)
    }

    /// `PATCH /admin/api-keys/{id}`: these roles and no others.
    func setRoles(_ roles: [String], ofAPIKey id: String) async -> Outcome<Void> {
        guard let body = try? JSONEncoder().encode(["roles": roles]) else {
            return .refused(Refusal(.refusedByProvider))  // a role that is no text
        }
        return await call(.patch, admin("api-keys", id), body: Array(body), except: nil)
            .map { _ in () }
    }

    /// `DELETE /admin/api-keys/{id}`
    func deleteAPIKey(_ id: String) async -> Outcome<Void> {
        await call(.delete, admin("api-keys", id), except: nil).map { _ in () }
    }

    // MARK: -

    private func fetch<T: Decodable>(
        _ type: T.Type, _ endpoint: Endpoint, except accountID: String?
    ) async -> Outcome<T> {
        switch await call(.get, endpoint, except: accountID) {
        case .done(let response):
            guard let value = Reply.decode(type, response) else {
                return .refused(Refusal(.noAnswer, status: response.status))
            }
            return .done(value)
        case .refused(let refusal): return .refused(refusal)
        case .unsettled(let cause): return .unsettled(cause)
        }
    }

    private func list<T: Decodable & Sendable>(
        _ type: T.Type, _ endpoint: Endpoint, except accountID: String?, limit: Int?,
        isPaged: Bool = true
    ) async -> Outcome<[T]> {
        var items: [T] = []
        var token: String?
        for _ in 0..<Self.maximumPageCount {
            var page = endpoint
            if isPaged { page = page.asking("limit", String(limit ?? 100)) }
            if let token { page = page.asking("paginationToken", token) }
            switch await fetch(Wire.Page<T>.self, page, except: accountID) {
            case .done(let found):
                items += found.data
                guard let next = found.pagination?.next, items.count < limit ?? .max else {
                    return .done(items)
                }
                token = next
            case .refused(let refusal): return .refused(refusal)
            case .unsettled(let cause): return .unsettled(cause)
            }
        }
        return .refused(Refusal(.noAnswer))
    }
}

extension AdminClient {
    /// The service account with this client id, found with its own token.
    package func findAccount(clientID: String) async -> Outcome<CredentialReference> {
        switch await listServiceAccounts(except: nil) {
        case .done(let accounts):
            guard let account = accounts.first(where: { $0.clientID == clientID }) else {
                return .refused(Refusal(.targetMissing))
            }
            return .done(
                CredentialReference(
                    kind: .serviceAccount, providerID: account.id, name: account.name,
                    clientID: account.clientID, project: nil))
        case .refused(let refusal): return .refused(refusal)
        case .unsettled(let cause): return .unsettled(cause)
        }
    }
}

extension AdminClient {
    /// Whether an admin can be used: it gets a token and may list service accounts. Nil when so.
    package func checkAdmin() async -> Cause? {
        switch await listServiceAccounts(except: nil, limit: 1) {
        case .done: nil
        case .refused(let refusal): refusal.cause
        case .unsettled(let cause): cause
        }
    }

    /// What each logged-in admin says to the question whether its secret works; nil where it does.
    package func checkEachAdmin() async -> [(name: String, cause: Cause?)] {
        var found: [(name: String, cause: Cause?)] = []
        for admin in await admins() {
            switch await token(of: admin) {
            case .opened: found.append((admin.name, nil))
            case .failed(let refusal): found.append((admin.name, refusal.cause))
            }
        }
        return found
    }
}
