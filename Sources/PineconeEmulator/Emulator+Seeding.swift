/// Filling the world from a test. Names may repeat; what is not given is made.
extension Emulator {
    /// Adds an organization and returns its id.
    package func addOrganization(id: String? = nil, name: String) -> String {
        withService { service, now in
            service.world.addOrganization(id: id, name: name, at: now).id
        }
    }

    /// Adds a project and returns its id.
    package func addProject(
        id: String? = nil, name: String, organization: String? = nil
    ) -> String {
        withService { service, now in
            service.world.addProject(
                id: id, organizationID: organization ?? organizationID, name: name, at: now
            ).id
        }
    }

    /// Adds an account: `.id`, `.clientID` and `.clientSecret` are what a test needs of it.
    package func addServiceAccount(
        id: String? = nil, name: String, clientID: String? = nil, clientSecret: String? = nil,
        grants: [Grant] = [], organization: String? = nil
    ) -> ServiceAccount {
        withService { service, now in
            service.world.addServiceAccount(
                id: id, organizationID: organization ?? organizationID, name: name,
                clientID: clientID, clientSecret: clientSecret, grants: grants, at: now)
        }
    }

    /// Adds an account that owns the organization, as administrative credentials do.
    package func addOwner(name: String = "owner", organization: String? = nil) -> ServiceAccount {
        addServiceAccount(
            name: name, grants: [.organization(.orgOwner)], organization: organization)
    }

    /// Adds an API key: `.id` and `.value` are what a test needs of it.
    package func addAPIKey(
        id: String? = nil, project: String, name: String, value: String? = nil,
        roles: [Role] = [.projectEditor]
    ) -> APIKey {
        withService { service, _ in
            service.world.addAPIKey(
                id: id, projectID: project, name: name, value: value, roles: roles)
        }
    }

    /// Replaces an account's secret as somebody else would, from the console, and returns the new
    /// one. Not counted.
    package func rotateElsewhere(account id: String) -> String? {
        withService { service, now in
            service.world.rotate(id, service.settings, at: now)?.clientSecret
        }
    }

    /// Gives an account a role as somebody else would. Not counted.
    package func grantElsewhere(_ grant: Grant, account id: String) {
        withService { service, now in
            guard let account = service.world.accounts[id] else { return }
            _ = service.world.bind(
                .serviceAccount, id, grant, organizationID: account.organizationID, at: now)
        }
    }

    /// Takes a role from an account as somebody else would. Not counted.
    package func revokeElsewhere(_ grant: Grant, account id: String) {
        withService { service, _ in
            for binding in service.world.bindings(of: id) where binding.grant == grant {
                service.world.remove(binding, shownUntil: nil)
            }
        }
    }

    /// Gives an API key these roles and no others as somebody else would. Not counted.
    package func setRolesElsewhere(_ roles: [Role], apiKey id: String) {
        withService { service, _ in service.world.keys[id]?.roles = roles }
    }

    /// Deletes an API key as somebody else would. Not counted.
    package func deleteElsewhere(apiKey id: String) {
        withService { service, now in
            service.world.delete(apiKey: id, service.settings, at: now)
        }
    }

    /// Deletes an account as somebody else would. Not counted.
    package func deleteElsewhere(account id: String) {
        withService { service, now in
            service.world.delete(account: id, service.settings, at: now)
        }
    }
}

/// Behaviour, while running too.
extension Emulator {
    /// How this Pinecone behaves from now on.
    package var settings: Settings {
        get { withService { service, _ in service.settings } }
        set { withService { service, _ in service.settings = newValue } }
    }

    /// Adds a fault after those already waiting.
    package func inject(_ fault: Fault) {
        withService { service, _ in service.faults.append(fault) }
    }

    /// Takes all faults away.
    package func removeFaults() {
        withService { service, _ in service.faults = FaultQueue() }
    }

    /// Moves this emulator's clock ahead of the one it was given.
    package func advanceClock(ms: Int64) {
        withService { service, _ in service.clockOffsetMs += ms }
    }
}
