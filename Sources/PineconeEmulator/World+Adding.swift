/// Making objects, for requests and for seeds alike.
extension World {
    /// Adds an organization.
    mutating func addOrganization(
        id: String? = nil, name: String, at now: Timestamp
    ) -> Organization {
        let organization = Organization(
            id: id ?? mint.identifier(), name: name, createdAt: now)
        organizations[organization.id] = organization
        return organization
    }

    /// Adds a project.
    mutating func addProject(
        id: String? = nil, organizationID: String, name: String, at now: Timestamp
    ) -> Project {
        let project = Project(
            id: id ?? mint.identifier(), organizationID: organizationID, name: name, maxPods: 0,
            forceEncryptionWithCMEK: false, createdAt: now)
        projects[project.id] = project
        return project
    }

    /// Adds an account with its bindings; what is not given is made.
    mutating func addServiceAccount(
        id: String? = nil, organizationID: String, name: String, clientID: String? = nil,
        clientSecret: String? = nil, grants: [Grant], at now: Timestamp,
        acceptedFrom: Timestamp? = nil
    ) -> ServiceAccount {
        let account = ServiceAccount(
            id: id ?? mint.identifier(), organizationID: organizationID, name: name,
            clientID: clientID ?? mint.clientID(), createdAt: now, updatedAt: now,
            secrets: [
                IssuedValue(
                    value: clientSecret ?? mint.clientSecret(), from: acceptedFrom ?? .distantPast)
            ])
        insert(account)
        for grant in grants {
            _ = bind(.serviceAccount, account.id, grant, organizationID: organizationID, at: now)
        }
        return account
    }

    /// Adds an API key; what is not given is made.
    mutating func addAPIKey(
        id: String? = nil, projectID: String, name: String, value: String? = nil,
        roles: [Role] = [.projectEditor], acceptedFrom: Timestamp? = nil
    ) -> APIKey {
        let key = APIKey(
            id: id ?? mint.identifier(), projectID: projectID, name: name, roles: roles,
            issued: IssuedValue(
                value: value ?? mint.apiKeyValue(), from: acceptedFrom ?? .distantPast))
        insert(key)
        return key
    }

    /// Adds a binding.
    mutating func bind(
        _ type: RoleBinding.PrincipalType, _ principalID: String, _ grant: Grant,
        organizationID: String, at now: Timestamp
    ) -> RoleBinding {
        let binding = RoleBinding(
            id: mint.identifier(), organizationID: organizationID, principalType: type,
            principalID: principalID, grant: grant, createdAt: now)
        insert(binding)
        return binding
    }
}
