/// A world written down, with the settings to start with:
///
///     {
///       "organizations": [{
///         "id": "0b9f…", "name": "acme",
///         "projects": [{
///           "id": "8d7e2c41-0a9b-4f36-b5d1-6e3f90a2c874", "name": "search",
///           "api_keys": [{"id": "c5b1…", "name": "search", "value": "pcsk_…",
///                         "roles": ["DataPlaneViewer"]}]
///         }],
///         "service_accounts": [{
///           "id": "3f0c…", "name": "ops-a", "client_id": "aB3d…", "client_secret": "…",
///           "role_bindings": [
///             {"resource_type": "organization", "role": "OrgOwner"},
///             {"resource_type": "project", "role": "ProjectEditor",
///              "resource_id": "8d7e2c41-0a9b-4f36-b5d1-6e3f90a2c874"}
///           ]
///         }]
///       }],
///       "settings": {"old_secret_life_ms": 5000}
///     }
///
/// Only names are required: ids, client ids, secrets and values that are left out are made, roles
/// are `["ProjectEditor"]`. UUIDs are in lower case.
package struct Seed: Sendable {
    /// The world described.
    package let world: World
    /// The defaults, with what the seed changes.
    package let settings: Settings

    /// Why a seed was not taken: the place and what is wrong there.
    package struct ReadingError: Error, Hashable {
        /// Like `organizations[0].projects[1].name`.
        package let place: String
    }

    /// Reads a seed. `seed` makes what is left out.
    package init(
        _ json: JSON, seed: UInt64 = .random(in: 0 ... .max), at now: Timestamp
    ) throws {
        guard case .object = json else { throw ReadingError(place: "not an object") }
        var world = World(seed: seed)
        for (index, item) in (json["organizations"]?.elements ?? []).enumerated() {
            try Self.read(item, into: &world, "organizations[\(index)]", at: now)
        }
        self.world = world
        settings = try json["settings"].map { try Settings().patched(by: $0) } ?? Settings()
    }

    private static func read(
        _ json: JSON, into world: inout World, _ place: String, at now: Timestamp
    ) throws(ReadingError) {
        let organization = world.addOrganization(
            id: json["id"]?.string, name: try name(json, place), at: now)
        for (index, item) in (json["projects"]?.elements ?? []).enumerated() {
            let place = "\(place).projects[\(index)]"
            let project = world.addProject(
                id: item["id"]?.string, organizationID: organization.id,
                name: try name(item, place), at: now)
            for (index, key) in (item["api_keys"]?.elements ?? []).enumerated() {
                let place = "\(place).api_keys[\(index)]"
                guard world.keyIDs[key["value"]?.string ?? ""] == nil else {
                    throw ReadingError(place: "\(place).value")
                }
                _ = world.addAPIKey(
                    id: key["id"]?.string, projectID: project.id, name: try name(key, place),
                    value: key["value"]?.string, roles: try roles(key, place))
            }
        }
        for (index, item) in (json["service_accounts"]?.elements ?? []).enumerated() {
            let place = "\(place).service_accounts[\(index)]"
            guard world.accountIDs[item["client_id"]?.string ?? ""] == nil else {
                throw ReadingError(place: "\(place).client_id")
            }
            _ = world.addServiceAccount(
                id: item["id"]?.string, organizationID: organization.id,
                name: try name(item, place), clientID: item["client_id"]?.string,
                clientSecret: item["client_secret"]?.string, grants: try grants(item, place),
                at: now)
        }
    }

    private static func name(_ json: JSON, _ place: String) throws(ReadingError) -> String {
        guard let name = json["name"]?.string else { throw ReadingError(place: "\(place).name") }
        return name
    }

    private static func roles(_ json: JSON, _ place: String) throws(ReadingError) -> [Role] {
        guard let names = json["roles"]?.elements else { return [.projectEditor] }
        let roles = names.compactMap { $0.string.flatMap(Role.init) }.filter(\.isForAPIKey)
        guard roles.count == names.count else { throw ReadingError(place: "\(place).roles") }
        return roles
    }

    private static func grants(_ json: JSON, _ place: String) throws(ReadingError) -> [Grant] {
        var grants: [Grant] = []
        for item in json["role_bindings"]?.elements ?? [] {
            let role = item["role"]?.string.flatMap(Role.init)
            switch (item["resource_type"]?.string, item["resource_id"]?.string, role) {
            case ("organization", _, let role?) where role.isForOrganization:
                grants.append(.organization(role))
            case ("project", let id?, let role?) where !role.isForOrganization:
                grants.append(.project(id, role))
            default: throw ReadingError(place: "\(place).role_bindings")
            }
        }
        return grants
    }
}
