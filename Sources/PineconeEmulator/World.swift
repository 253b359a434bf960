/// Everything Pinecone knows: a value that answers a parsed request at a given time.
///
/// It reads no clock and opens no socket, so its answers follow from its arguments.
package struct World: Sendable {
    /// Makes all ids and secrets of this world.
    var mint: Mint
    var organizations: [String: Organization] = [:]
    var projects: [String: Project] = [:]
    /// By id. The deleted ones stay, marked.
    package internal(set) var accounts: [String: ServiceAccount] = [:]
    /// By id. The deleted ones stay, marked.
    package internal(set) var keys: [String: APIKey] = [:]
    /// By id. Those of a deleted account are gone.
    var bindings: [String: RoleBinding] = [:]
    /// By value.
    var tokens: [String: AccessToken] = [:]

    private(set) var accountIDs: [String: String] = [:]  // by client id
    private(set) var keyIDs: [String: String] = [:]  // by value
    private var bindingIDs: [String: Set<String>] = [:]  // by principal
    private var tokensOfAccount: [String: [String]] = [:]

    /// An empty world. The same seed makes the same ids and secrets again.
    package init(seed: UInt64 = .random(in: 0 ... .max)) {
        mint = Mint(seed: seed)
    }

    /// Carries the request out, or refuses it and changes nothing.
    mutating func respond(to call: Call) -> Response {
        do throws(Refusal) {
            switch call.route.operation {
            case .token: return exchange(call)
            case .listIndexes: return listIndexes(call)
            default: return try administer(call, as: try caller(of: call))
            }
        } catch {
            return error.response(call.settings)
        }
    }

    private mutating func administer(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        if call.route.operation.concernsServiceAccounts {
            guard call.request.knownVersion != nil else { throw .notFound("Path") }
            guard !call.settings.serviceAccountsForbidden else { throw .forbiddenByPlan }
        }
        switch call.route.operation {
        case .token, .listIndexes: return .empty(404)
        case .listServiceAccounts: return try listServiceAccounts(call, as: caller)
        case .createServiceAccount: return try createServiceAccount(call, as: caller)
        case .fetchServiceAccount: return try fetchServiceAccount(call, as: caller)
        case .renameServiceAccount: return try renameServiceAccount(call, as: caller)
        case .deleteServiceAccount: return try deleteServiceAccount(call, as: caller)
        case .rotateSecret: return try rotateSecret(call, as: caller)
        case .listAPIKeys: return try listAPIKeys(call, as: caller)
        case .createAPIKey: return try createAPIKey(call, as: caller)
        case .fetchAPIKey: return try fetchAPIKey(call, as: caller)
        case .changeAPIKey: return try changeAPIKey(call, as: caller)
        case .deleteAPIKey: return try deleteAPIKey(call, as: caller)
        case .listRoleBindings: return try listRoleBindings(call, as: caller)
        case .createRoleBinding: return try createRoleBinding(call, as: caller)
        case .fetchRoleBinding: return try fetchRoleBinding(call, as: caller)
        case .deleteRoleBinding: return try deleteRoleBinding(call, as: caller)
        case .listProjects: return try listProjects(call, as: caller)
        case .createProject: return try createProject(call, as: caller)
        case .fetchProject: return try fetchProject(call, as: caller)
        case .changeProject: return try changeProject(call, as: caller)
        case .deleteProject: return try deleteProject(call, as: caller)
        case .listOrganizations: return listOrganizations(call, as: caller)
        case .fetchOrganization: return try fetchOrganization(call, as: caller)
        }
    }
}

/// The stores and their indexes, kept in step.
extension World {
    /// Adds an account; its client id must be new.
    mutating func insert(_ account: ServiceAccount) {
        precondition(accountIDs[account.clientID] == nil, "a client id belongs to one account")
        accounts[account.id] = account
        accountIDs[account.clientID] = account.id
    }

    /// Adds a key; its value must be new.
    mutating func insert(_ key: APIKey) {
        precondition(keyIDs[key.issued.value] == nil, "a value belongs to one key")
        keys[key.id] = key
        keyIDs[key.issued.value] = key.id
    }

    /// Adds a binding.
    mutating func insert(_ binding: RoleBinding) {
        bindings[binding.id] = binding
        bindingIDs[binding.principalID, default: []].insert(binding.id)
    }

    /// Takes a binding away, shown until `shownUntil` or not at all.
    mutating func remove(_ binding: RoleBinding, shownUntil: Timestamp?) {
        bindingIDs[binding.principalID]?.remove(binding.id)
        bindings[binding.id]?.shownUntil = shownUntil
        if shownUntil == nil { bindings[binding.id] = nil }
    }

    /// Adds a token.
    mutating func insert(_ token: AccessToken, value: String) {
        tokens[value] = token
        tokensOfAccount[token.accountID, default: []].append(value)
    }

    /// Lets no token of the account live past `moment`.
    mutating func endTokens(of accountID: String, at moment: Timestamp) {
        for value in tokensOfAccount[accountID] ?? [] {
            guard let token = tokens[value] else { continue }
            tokens[value]?.until = min(token.until, moment)
        }
    }

    /// Forgets the account's tokens that are dead at `now`; they are refused all the same.
    mutating func forgetDeadTokens(of accountID: String, at now: Timestamp) {
        tokensOfAccount[accountID]?.removeAll { value in
            guard let token = tokens[value], token.until <= now else { return false }
            tokens[value] = nil
            return true
        }
    }

    /// The live bindings of one principal, in no order.
    func bindings(of principalID: String) -> [RoleBinding] {
        (bindingIDs[principalID] ?? []).compactMap { bindings[$0] }
    }
}
