/// `/admin/role-bindings`.
extension World {
    func listRoleBindings(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        try caller.requireOrgOwner()
        let names = ["principal_type", "principal_id", "resource_type", "resource_id", "role"]
        let filter = names.map { call.request.query($0) }
        guard filter[1] == nil || filter[0] != nil, filter[3] == nil || filter[2] != nil else {
            throw .invalidArgument("An id is filtered only together with its type")
        }
        let shown = bindings.values.filter { binding in
            let fields = [
                binding.principalType.rawValue, binding.principalID, binding.resourceType,
                binding.resourceID, binding.grant.role.rawValue,
            ]
            return binding.organizationID == caller.organizationID
                && Self.isShown(binding.shownUntil, at: call.now)
                && zip(filter, fields).allSatisfy {
                    $0 == nil || $0?.lowercased() == $1.lowercased()
                }
        }
        return try Page.answer(
            call, items: shown, id: \.id, filters: filter.map { $0 ?? "" }.joined(separator: " "),
            json: { $0.json(call.settings) })
    }

    mutating func createRoleBinding(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        let body = try call.object()
        guard let type = body["principal_type"]?.string.flatMap(RoleBinding.PrincipalType.init)
        else { throw .invalidArgument("principal_type is not one") }
        let principalID = try Call.uuid(
            body["principal_id"]?.string ?? "", of: "principal_id")
        let grant = try self.grant(in: body, caller, absentProject: .notFound("Project"))
        guard exists(type, principalID, in: caller.organizationID) else {
            throw .notFound("Principal")
        }
        let same = bindings(of: principalID).contains {
            $0.grant == grant && $0.principalType == type
                && $0.organizationID == caller.organizationID
        }
        guard !same else { throw .alreadyExists }
        let binding = bind(
            type, principalID, grant, organizationID: caller.organizationID, at: call.now)
        return .json(200, binding.json(call.settings))
    }

    func fetchRoleBinding(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        try caller.requireOrgOwner()
        guard let binding = bindings[try call.identifier()],
            binding.organizationID == caller.organizationID,
            Self.isShown(binding.shownUntil, at: call.now)
        else { throw .notFound("Role binding") }
        return .json(200, binding.json(call.settings))
    }

    /// 2026-07: gone at once. 2026-04: shown for a while, and deleted again with 202 meanwhile.
    mutating func deleteRoleBinding(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        guard let binding = bindings[try call.identifier()],
            binding.organizationID == caller.organizationID,
            Self.isShown(binding.shownUntil, at: call.now)
        else {
            guard !caller.grants.isEmpty else { throw .permissionDenied }
            throw .notFound("Role binding")
        }
        guard caller.mayGrant(binding.grant) else { throw .permissionDenied }
        guard binding.shownUntil == nil else { return .empty(202) }
        let isLastOwner =
            binding.grant == .organization(.orgOwner)
            && owners(of: caller.organizationID).count == 1
        guard !isLastOwner else { throw .aborted }
        let lingers = call.request.knownVersion == "2026-04" && call.settings.deletedVisibleMs > 0
        remove(
            binding,
            shownUntil: lingers ? call.now.adding(ms: call.settings.deletedVisibleMs) : nil)
        return .empty(202)
    }

    private func owners(of organizationID: String) -> [RoleBinding] {
        bindings.values.filter {
            $0.organizationID == organizationID && $0.shownUntil == nil
                && $0.grant == .organization(.orgOwner)
        }
    }

    /// Users and invites are not modelled, so any id of theirs exists.
    private func exists(
        _ type: RoleBinding.PrincipalType, _ id: String, in organizationID: String
    ) -> Bool {
        switch type {
        case .user, .invite: true
        case .serviceAccount:
            accounts[id].map { $0.organizationID == organizationID && $0.shownUntil == nil }
                ?? false
        case .apiKey:
            keys[id].map {
                projects[$0.projectID]?.organizationID == organizationID && $0.shownUntil == nil
            } ?? false
        }
    }
}
