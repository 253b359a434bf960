/// What a request asks for. The names are used by faults, counts and the log.
package enum Operation: String, Sendable, Hashable, CaseIterable, Codable {
    case token
    case listServiceAccounts = "list_service_accounts"
    case createServiceAccount = "create_service_account"
    case fetchServiceAccount = "fetch_service_account"
    case renameServiceAccount = "rename_service_account"
    case deleteServiceAccount = "delete_service_account"
    case rotateSecret = "rotate_secret"
    case listAPIKeys = "list_api_keys"
    case createAPIKey = "create_api_key"
    case fetchAPIKey = "fetch_api_key"
    case changeAPIKey = "change_api_key"
    case deleteAPIKey = "delete_api_key"
    case listRoleBindings = "list_role_bindings"
    case createRoleBinding = "create_role_binding"
    case fetchRoleBinding = "fetch_role_binding"
    case deleteRoleBinding = "delete_role_binding"
    case listProjects = "list_projects"
    case createProject = "create_project"
    case fetchProject = "fetch_project"
    case changeProject = "change_project"
    case deleteProject = "delete_project"
    case listOrganizations = "list_organizations"
    case fetchOrganization = "fetch_organization"
    case listIndexes = "list_indexes"

    /// Whether only versions that know service accounts have it.
    package var concernsServiceAccounts: Bool {
        switch self {
        case .listServiceAccounts, .createServiceAccount, .fetchServiceAccount,
            .renameServiceAccount, .deleteServiceAccount, .rotateSecret:
            true
        default: false
        }
    }
}

/// A request's operation and the object its path names.
struct Route: Sendable, Hashable {
    let operation: Operation
    /// The id in the path; for API keys of a project, the project's. Nil where the path has none.
    let id: String?

    /// Finds the operation; nil if there is no such path, or the path has no such method.
    init?(method: String, path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            .map(String.init)
        switch (method, parts.count, parts.first) {
        case ("POST", 2, "oauth") where parts[1] == "token": self.init(.token)
        case ("GET", 1, "indexes"): self.init(.listIndexes)
        case (_, 2..., "admin"):
            let id = parts.count > 2 ? parts[2] : nil
            let rest = parts.dropFirst(3).joined(separator: "/")
            guard let operation = Self.admin(method, parts[1], id != nil, rest) else { return nil }
            self.init(operation, id: id)
        default: return nil
        }
    }

    private init(_ operation: Operation, id: String? = nil) {
        self.operation = operation
        self.id = id
    }

    private static func admin(
        _ method: String, _ collection: String, _ hasID: Bool, _ rest: String
    ) -> Operation? {
        switch (method, collection, hasID, rest) {
        case ("GET", "service-accounts", false, ""): .listServiceAccounts
        case ("POST", "service-accounts", false, ""): .createServiceAccount
        case ("GET", "service-accounts", true, ""): .fetchServiceAccount
        case ("PATCH", "service-accounts", true, ""): .renameServiceAccount
        case ("DELETE", "service-accounts", true, ""): .deleteServiceAccount
        case ("POST", "service-accounts", true, "rotate-secret"): .rotateSecret
        case ("GET", "projects", true, "api-keys"): .listAPIKeys
        case ("POST", "projects", true, "api-keys"): .createAPIKey
        case ("GET", "api-keys", true, ""): .fetchAPIKey
        case ("PATCH", "api-keys", true, ""): .changeAPIKey
        case ("DELETE", "api-keys", true, ""): .deleteAPIKey
        case ("GET", "role-bindings", false, ""): .listRoleBindings
        case ("POST", "role-bindings", false, ""): .createRoleBinding
        case ("GET", "role-bindings", true, ""): .fetchRoleBinding
        case ("DELETE", "role-bindings", true, ""): .deleteRoleBinding
        case ("GET", "projects", false, ""): .listProjects
        case ("POST", "projects", false, ""): .createProject
        case ("GET", "projects", true, ""): .fetchProject
        case ("PATCH", "projects", true, ""): .changeProject
        case ("DELETE", "projects", true, ""): .deleteProject
        case ("GET", "organizations", false, ""): .listOrganizations
        case ("GET", "organizations", true, ""): .fetchOrganization
        default: nil
        }
    }
}
