/// The service account behind a token, and what its bindings allow.
struct Caller: Sendable {
    let accountID: String
    let organizationID: String
    let grants: Set<Grant>

    var isOrgOwner: Bool {
        grants.contains(.organization(.orgOwner))
    }

    var hasOrganizationRole: Bool {
        grants.contains { $0.scope == .organization }
    }

    /// Whether it owns the project, or the organization.
    func owns(project id: String) -> Bool {
        isOrgOwner || grants.contains(.project(id, .projectOwner))
    }

    /// Whether any binding reaches the project.
    func reaches(project id: String) -> Bool {
        hasOrganizationRole || grants.contains { $0.scope == .project(id) }
    }

    /// One may not grant what one lacks: owners grant everything they own.
    func mayGrant(_ grant: Grant) -> Bool {
        switch grant.scope {
        case .organization: isOrgOwner
        case .project(let id): owns(project: id)
        }
    }

    /// Goes on for an organization owner only.
    func requireOrgOwner() throws(Refusal) {
        guard isOrgOwner else { throw .permissionDenied }
    }

    /// Goes on for an owner of the project or the organization only.
    func requireOwner(ofProject id: String) throws(Refusal) {
        guard owns(project: id) else { throw .permissionDenied }
    }
}

extension World {
    /// Who sent the request; 401 without a token that is accepted now.
    func caller(of call: Call) throws(Refusal) -> Caller {
        guard let value = call.request.bearerToken, let token = tokens[value],
            call.now < token.until, let account = accounts[token.accountID],
            account.shownUntil == nil
        else { throw .unauthenticated }
        return Caller(
            accountID: account.id, organizationID: account.organizationID,
            grants: Set(bindings(of: account.id).map(\.grant)))
    }
}
