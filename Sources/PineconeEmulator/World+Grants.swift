/// Reading grants from request bodies.
extension World {
    /// The `role_bindings` of a new account: none, or up to 100 that the caller may grant.
    func grants(in value: JSON?, as caller: Caller) throws(Refusal) -> [Grant] {
        guard let value, value != .null else { return [] }
        guard let items = value.elements, items.count <= 100 else {
            throw .invalidArgument("role_bindings must be a list of at most 100")
        }
        var grants: [Grant] = []
        for item in items {
            let grant = try grant(
                in: item, caller, absentProject: .invalidArgument("There is no such project"))
            if !grants.contains(grant) { grants.append(grant) }
        }
        return grants
    }

    /// The `resource_type`, `resource_id` and `role` of a body.
    func grant(
        in body: JSON, _ caller: Caller, absentProject: Refusal
    ) throws(Refusal) -> Grant {
        guard let role = body["role"]?.string.flatMap(Role.init) else {
            throw .invalidArgument("role is not one")
        }
        let grant: Grant
        switch body["resource_type"]?.string {
        case "organization":
            guard role.isForOrganization else {
                throw .invalidArgument("The role cannot be bound to an organization")
            }
            let id = body["resource_id"]?.string
            guard id == nil || id == caller.organizationID else {
                throw .invalidArgument("resource_id is left out for an organization")
            }
            grant = .organization(role)
        case "project":
            guard !role.isForOrganization else {
                throw .invalidArgument("The role cannot be bound to a project")
            }
            let id = try Call.uuid(body["resource_id"]?.string ?? "", of: "resource_id")
            guard projects[id]?.organizationID == caller.organizationID else {
                throw absentProject
            }
            grant = .project(id, role)
        default: throw .invalidArgument("resource_type is organization or project")
        }
        guard caller.mayGrant(grant) else { throw .permissionDenied }
        return grant
    }
}
