extension Service {
    /// For `GET /_emulator/state`: everything, the live secrets included. Its `organizations` have
    /// the form of a seed, see `Seed`.
    package func json(at now: Timestamp) -> JSON {
        let rotations = tally.rotations.sorted { $0.key < $1.key }
        return [
            "now_ms": .int(now.ms),
            "organizations": world.json,
            "received": Self.json(tally.received),
            "committed": Self.json(tally.committed),
            "rotations": .object(
                rotations.map { JSON.Member(name: $0.key, value: .int(Int64($0.value))) }),
            "faults": .array(faults.faults.map(\.json)),
        ]
    }

    private static func json(_ counts: [Operation: Int]) -> JSON {
        .object(
            Operation.allCases.compactMap { operation in
                counts[operation].map {
                    JSON.Member(name: operation.rawValue, value: .int(Int64($0)))
                }
            })
    }
}

extension World {
    /// The organizations with what lives in them.
    var json: JSON {
        .array(organizations.values.sorted { $0.id < $1.id }.map { json($0) })
    }

    private func json(_ organization: Organization) -> JSON {
        let projects = projects.values.filter { $0.organizationID == organization.id }
            .sorted { ($0.name, $0.id) < ($1.name, $1.id) }
        let accounts = accounts.values
            .filter { $0.organizationID == organization.id && $0.shownUntil == nil }
            .sorted { ($0.name, $0.id) < ($1.name, $1.id) }
        return [
            "id": .string(organization.id), "name": .string(organization.name),
            "projects": .array(
                projects.map { project in
                    [
                        "id": .string(project.id), "name": .string(project.name),
                        "api_keys": .array(json(keysOf: project)),
                    ]
                }),
            "service_accounts": .array(
                accounts.map { account in
                    [
                        "id": .string(account.id), "name": .string(account.name),
                        "client_id": .string(account.clientID),
                        "client_secret": .string(account.clientSecret),
                        "role_bindings": .array(json(bindingsOf: account)),
                    ]
                }),
        ]
    }

    private func json(keysOf project: Project) -> [JSON] {
        liveKeys(ofProject: project.id).sorted { ($0.name, $0.id) < ($1.name, $1.id) }.map { key in
            [
                "id": .string(key.id), "name": .string(key.name), "value": .string(key.value),
                "roles": .array(key.roles.map { .string($0.rawValue) }),
            ]
        }
    }

    private func json(bindingsOf account: ServiceAccount) -> [JSON] {
        bindings(of: account.id).sorted { $0.id < $1.id }.map { binding in
            [
                "resource_type": .string(binding.resourceType),
                "resource_id": .string(binding.resourceID),
                "role": .string(binding.grant.role.rawValue),
            ]
        }
    }
}
