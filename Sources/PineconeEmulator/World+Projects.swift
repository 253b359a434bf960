/// `/admin/projects` and `/admin/organizations`.
extension World {
    func listProjects(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        guard !caller.grants.isEmpty else { throw .permissionDenied }
        let reached = projects.values.filter {
            $0.organizationID == caller.organizationID && caller.reaches(project: $0.id)
        }
        let data = reached.sorted { $0.id < $1.id }.map { $0.json(call.settings) }
        return .json(200, ["data": .array(data)])
    }

    /// The credentials that create a project become its owner.
    mutating func createProject(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        guard caller.isOrgOwner || caller.grants.contains(.organization(.orgManager)) else {
            throw .permissionDenied
        }
        let body = try call.object()
        guard let name = try Self.projectName(in: body) else {
            throw .invalidArgument("name is required")
        }
        var project = addProject(organizationID: caller.organizationID, name: name, at: call.now)
        project.maxPods = body["max_pods"]?.integer ?? 0
        project.forceEncryptionWithCMEK = body["force_encryption_with_cmek"] == .bool(true)
        projects[project.id] = project
        _ = bind(
            .serviceAccount, caller.accountID, .project(project.id, .projectOwner),
            organizationID: caller.organizationID, at: call.now)
        return .json(201, project.json(call.settings))
    }

    func fetchProject(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        .json(200, try project(of: call, as: caller).json(call.settings))
    }

    mutating func changeProject(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        var project = try project(of: call, as: caller)
        try caller.requireOwner(ofProject: project.id)
        let body = try call.object()
        if let name = try Self.projectName(in: body) { project.name = name }
        if let pods = body["max_pods"]?.integer { project.maxPods = pods }
        if body["force_encryption_with_cmek"] == .bool(true) {
            project.forceEncryptionWithCMEK = true
        }
        projects[project.id] = project
        return .json(200, project.json(call.settings))
    }

    /// Deletes the project with its keys and the bindings to it.
    mutating func deleteProject(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        let project = try project(of: call, as: caller)
        try caller.requireOwner(ofProject: project.id)
        for key in liveKeys(ofProject: project.id) {
            delete(apiKey: key.id, call.settings, at: call.now)
        }
        for binding in bindings.values where binding.grant.scope == .project(project.id) {
            remove(binding, shownUntil: nil)
        }
        projects[project.id] = nil
        return .empty(202)
    }

    func listOrganizations(_ call: Call, as caller: Caller) -> Response {
        let own = organizations[caller.organizationID].map { [$0.json(call.settings)] } ?? []
        return .json(200, ["data": .array(own)])
    }

    func fetchOrganization(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        guard let organization = organizations[try call.identifier()],
            organization.id == caller.organizationID
        else { throw .notFound("Organization") }
        return .json(200, organization.json(call.settings))
    }

    /// The project in the path; 404 if the caller's bindings do not reach it.
    func project(of call: Call, as caller: Caller) throws(Refusal) -> Project {
        guard !caller.grants.isEmpty else { throw .permissionDenied }
        guard let project = projects[try call.identifier()],
            project.organizationID == caller.organizationID, caller.reaches(project: project.id)
        else { throw .notFound("Project") }
        return project
    }

    /// Names of projects have up to 512 characters.
    private static func projectName(in body: JSON) throws(Refusal) -> String? {
        guard let value = body["name"], value != .null else { return nil }
        guard let name = value.string, (1...512).contains(name.count), !name.contains("\0") else {
            throw .invalidArgument("name must have 1 to 512 characters")
        }
        return name
    }
}
