/// `/admin/projects/{id}/api-keys` and `/admin/api-keys`.
extension World {
    func listAPIKeys(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        let project = try project(of: call, as: caller)
        let shown = keys.values.filter {
            $0.projectID == project.id && Self.isShown($0.shownUntil, at: call.now)
        }
        return .json(200, ["data": .array(shown.sorted { $0.id < $1.id }.map(\.json))])
    }

    mutating func createAPIKey(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        let project = try project(of: call, as: caller)
        try caller.requireOwner(ofProject: project.id)
        let body = try call.object()
        let name = try call.requiredName(in: body)
        let roles = try Self.roles(in: body) ?? [.projectEditor]
        if let quota = call.settings.apiKeyQuota, liveKeys(ofProject: project.id).count >= quota {
            throw .quotaExceeded
        }
        let key = addAPIKey(
            projectID: project.id, name: name, roles: roles,
            acceptedFrom: call.now.start(afterMs: call.settings.newKeyDelayMs))
        return .json(call.settings.apiKeyCreateStatus, key.jsonWithValue)
    }

    func fetchAPIKey(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        guard let key = try key(of: call, as: caller), Self.isShown(key.shownUntil, at: call.now)
        else { throw .notFound("API key") }
        return .json(200, key.json)
    }

    mutating func changeAPIKey(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        guard var key = try key(of: call, as: caller), key.shownUntil == nil else {
            throw .notFound("API key")
        }
        try caller.requireOwner(ofProject: key.projectID)
        let body = try call.object()
        if let name = try call.name(in: body) { key.name = name }
        if let roles = try Self.roles(in: body) { key.roles = roles }
        keys[key.id] = key
        return .json(200, key.json)
    }

    mutating func deleteAPIKey(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        guard let key = try key(of: call, as: caller), key.shownUntil == nil else {
            if call.settings.absentAPIKeyDeleteStatus == 500 { throw .unknown }
            throw .notFound("API key")
        }
        try caller.requireOwner(ofProject: key.projectID)
        delete(apiKey: key.id, call.settings, at: call.now)
        return .empty(202)
    }

    /// Marks a key deleted; its value lives on as the settings say.
    mutating func delete(apiKey id: String, _ settings: Settings, at now: Timestamp) {
        keys[id]?.shownUntil = now.adding(ms: settings.deletedVisibleMs)
        keys[id]?.issued.until = now.adding(ms: settings.deletedKeyLifeMs)
    }

    /// The keys of a project that are not deleted, in no order.
    func liveKeys(ofProject id: String) -> [APIKey] {
        keys.values.filter { $0.projectID == id && $0.shownUntil == nil }
    }

    /// The key in the path, deleted or not; nil if the caller's bindings do not reach it.
    private func key(of call: Call, as caller: Caller) throws(Refusal) -> APIKey? {
        guard !caller.grants.isEmpty else { throw .permissionDenied }
        guard let key = keys[try call.identifier()],
            projects[key.projectID]?.organizationID == caller.organizationID,
            caller.reaches(project: key.projectID)
        else { return nil }
        return key
    }

    /// The roles in a body; nil if there are none. An empty list is 400.
    private static func roles(in body: JSON) throws(Refusal) -> [Role]? {
        guard let value = body["roles"], value != .null else { return nil }
        guard let names = value.elements, !names.isEmpty else {
            throw .invalidArgument("roles must be a list of roles")
        }
        var roles: [Role] = []
        for name in names {
            guard let role = name.string.flatMap(Role.init), role.isForAPIKey else {
                throw .invalidArgument("roles holds what is not a role of API keys")
            }
            if !roles.contains(role) { roles.append(role) }
        }
        return roles
    }
}
