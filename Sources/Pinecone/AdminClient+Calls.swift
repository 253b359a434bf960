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

    /// Bindings that an account may be created with.
    static let maximumBindingCount = 100

    /// `POST /admin/service-accounts`, once. Of the rights as many are asked for as the call takes.
    func createServiceAccount(
        named name: String, with rights: [Right], except accountID: String?
    ) async -> Outcome<SecretBytes> {
        let account = Wire.NewServiceAccount(
            name: name,
            roleBindings: rights.prefix(Self.maximumBindingCount).map(\.fields))
        guard let body = try? JSONEncoder().encode(account) else {
            return .refused(Refusal(.refusedByProvider))  // a name that is no text
        }
        return await mint(admin("service-accounts"), body: Array(body), except: accountID)
    }

    /// `DELETE /admin/service-accounts/{id}`, with the control that makes an absence evidence.
    func deleteServiceAccount(_ id: String) async -> Outcome<Void> {
        // What it may have been used for here is another account's from now on.
        forgetTokens(of: id)
        return await delete(id, at: admin("service-accounts", id), except: id) {
            await listServiceAccounts(except: id).map { $0.map(\.id) }
        }
    }

    // MARK: Role bindings

    /// What a service account may do, from `GET /admin/role-bindings`, all pages.
    func rights(of id: String, except accountID: String?) async -> Outcome<[Right]> {
        let endpoint = admin("role-bindings").asking("principal_type", "service_account")
            .asking("principal_id", id)
        return await list(Wire.RoleBinding.self, endpoint, except: accountID, limit: nil)
            .map { $0.map(\.right) }
    }

    /// `POST /admin/role-bindings`. What the account has already is `done`.
    func grant(_ right: Right, toServiceAccount id: String) async -> Outcome<Void> {
        let fields = right.fields.merging(
            ["principal_type": "service_account", "principal_id": id]) { $1 }
        guard let body = try? JSONEncoder().encode(fields) else {
            return .refused(Refusal(.refusedByProvider))  // a role that is no text
        }
        switch await change(.post, admin("role-bindings"), body: Array(body), except: id) {
        case .refused(let refusal) where refusal.status == 409: return .done(())
        case let outcome: return outcome
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
        return await change(.patch, admin("api-keys", id), body: Array(body), except: nil)
    }

    /// `DELETE /admin/api-keys/{id}`, with the control that makes an absence evidence: another key
    /// of the project.
    func deleteAPIKey(_ id: String, of project: String?) async -> Outcome<Void> {
        await delete(id, at: admin("api-keys", id), except: nil) {
            guard let project else { return .refused(Refusal(.targetMissing)) }
            return await listAPIKeys(of: project).map { $0.map(\.id) }
        }
    }

    // MARK: -

    /// A call that changes something and may be repeated. Without an answer it may have happened.
    private func change(
        _ method: HTTP.Method, _ endpoint: Endpoint, body: [UInt8], except accountID: String?
    ) async -> Outcome<Void> {
        switch await call(method, endpoint, body: body, except: accountID) {
        case .done: .done(())
        case .refused(let refusal) where refusal.cause == .noAnswer: .unsettled(.noAnswer)
        case .refused(let refusal): .refused(refusal)
        case .unsettled(let cause): .unsettled(cause)
        }
    }

    /// Another name for an account or a key.
    func rename(_ endpoint: Endpoint, to name: String) async -> Outcome<Void> {
        guard let body = try? JSONEncoder().encode(["name": name]) else {
            return .refused(Refusal(.refusedByProvider))  // a name that is no text
        }
        return await change(.patch, endpoint, body: Array(body), except: nil)
    }

    /// A delete of what nobody else has an interest in keeping: absent is `done`.
    func remove(_ endpoint: Endpoint, except accountID: String?) async -> Outcome<Void> {
        switch await call(.delete, endpoint, except: accountID) {
        case .done: .done(())
        case .refused(let refusal) where refusal.cause == .targetMissing: .done(())
        case .refused(let refusal) where refusal.cause == .noAnswer: .unsettled(.noAnswer)
        case .refused(let refusal): .refused(refusal)
        case .unsettled(let cause): .unsettled(cause)
        }
    }

    /// A delete. What is absent already is `done` if a list that holds something else lacks it
    /// (P20); so is a 500, which deleting an absent key was once seen to answer.
    private func delete(
        _ id: String, at endpoint: Endpoint, except accountID: String?,
        listed: () async -> Outcome<[String]>
    ) async -> Outcome<Void> {
        let cause: Cause
        switch await call(.delete, endpoint, except: accountID) {
        case .done: return .done(())
        case .refused(let refusal) where [.targetMissing, .noAnswer].contains(refusal.cause):
            cause = refusal.cause
        case .refused(let refusal): return .refused(refusal)
        case .unsettled(let reason): cause = reason
        }
        guard case .done(let ids) = await listed(), !ids.isEmpty, !ids.contains(id) else {
            return .unsettled(cause)
        }
        return .done(())
    }

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

    func list<T: Decodable & Sendable>(
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
            return .done(account.reference)
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
