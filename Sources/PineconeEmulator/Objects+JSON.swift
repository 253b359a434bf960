extension Organization {
    /// As the API shows it.
    func json(_ settings: Settings) -> JSON {
        [
            "id": .string(id), "name": .string(name), "plan": "Enterprise",
            "payment_status": "Active",
            "created_at": .string(createdAt.rfc3339(settings.timestamps)),
            "support_tier": "Enterprise",
        ]
    }
}

extension Project {
    /// As the API shows it.
    func json(_ settings: Settings) -> JSON {
        [
            "id": .string(id), "name": .string(name), "max_pods": .int(maxPods),
            "force_encryption_with_cmek": .bool(forceEncryptionWithCMEK),
            "organization_id": .string(organizationID),
            "created_at": .string(createdAt.rfc3339(settings.timestamps)),
        ]
    }
}

extension ServiceAccount {
    /// As the API shows it: never the secret, nor the bindings.
    func json(_ settings: Settings) -> JSON {
        [
            "id": .string(id), "name": .string(name), "client_id": .string(clientID),
            "created_at": .string(createdAt.rfc3339(settings.timestamps)),
            "updated_at": .string(updatedAt.rfc3339(settings.timestamps)),
        ]
    }

    /// The one answer that shows a new secret.
    func jsonWithSecret(_ settings: Settings) -> JSON {
        ["service_account": json(settings), "client_secret": .string(clientSecret)]
    }
}

extension APIKey {
    /// As the API shows it: never the value, and no times.
    var json: JSON {
        [
            "id": .string(id), "name": .string(name), "project_id": .string(projectID),
            "roles": .array(roles.map { .string($0.rawValue) }),
        ]
    }

    /// The one answer that shows a new value.
    var jsonWithValue: JSON {
        ["key": json, "value": .string(issued.value)]
    }
}

extension RoleBinding {
    /// As the API shows it.
    func json(_ settings: Settings) -> JSON {
        [
            "id": .string(id), "principal_type": .string(principalType.rawValue),
            "principal_id": .string(principalID), "resource_type": .string(resourceType),
            "resource_id": .string(resourceID), "role": .string(grant.role.rawValue),
            "created_at": .string(createdAt.rfc3339(settings.timestamps)),
        ]
    }

    /// `organization` or `project`.
    var resourceType: String {
        switch grant.scope {
        case .organization: "organization"
        case .project: "project"
        }
    }
}
