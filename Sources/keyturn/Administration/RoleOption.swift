import ArgumentParser
import Pinecone
import Rotations

/// A role on the command line: `OrgMember`, or `ProjectEditor@PROJECT`.
struct RoleOption: ExpressibleByArgument, Hashable {
    let role: String
    let project: String?

    init?(argument: String) {
        let parts = argument.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, !first.isEmpty, parts.count == 1 || !parts[1].isEmpty else {
            return nil
        }
        role = String(first)
        project = parts.count == 2 ? String(parts[1]) : nil
    }

    /// The role, if Pinecone has it.
    private func known() throws(Failure) -> Role {
        if let known = Role(rawValue: role) { return known }
        let words = Role.allCases.map(\.rawValue)
        throw Failure(
            "Pinecone has no role \(role)",
            hint: Nearest.match(role, among: words).map { "did you mean \($0)?" }
                ?? "its roles are \(words.joined(separator: ", "))", .usage)
    }

    /// What a service account gets by it.
    func right(in organization: Organization) async throws(Failure) -> Right {
        let known = try known()
        guard !known.isForOrganization else {
            guard project == nil else {
                throw Failure(
                    "\(role) is a role in the organization, not in a project",
                    hint: "leave out what stands behind the @", .usage)
            }
            return Right(role: role, resourceType: "organization", resourceID: nil)
        }
        guard let project else {
            throw Failure(
                "\(role) is a role in a project", hint: "say which: \(role)@PROJECT", .usage)
        }
        return Right(
            role: role, resourceType: "project",
            resourceID: try await organization.project(project).id)
    }

    /// What an API key gets by it.
    func keyRight() throws(Failure) -> Right {
        let known = try known()
        guard known.isForAPIKey, project == nil else {
            let words = Role.allCases.filter(\.isForAPIKey).map(\.rawValue)
            throw Failure(
                project == nil
                    ? "\(role) is no role of an API key" : "an API key has one project: its own",
                hint: "its roles are \(words.joined(separator: ", "))", .usage)
        }
        return Right(role: role, resourceType: nil, resourceID: nil)
    }
}

extension [RoleOption] {
    /// What a service account gets by them, in order.
    func rights(in organization: Organization) async throws(Failure) -> [Right] {
        var rights: [Right] = []
        for role in self { rights.append(try await role.right(in: organization)) }
        return rights
    }

    /// What an API key gets by them, in order.
    func keyRights() throws(Failure) -> [Right] {
        var rights: [Right] = []
        for role in self { rights.append(try role.keyRight()) }
        return rights
    }
}

/// A name at the provider.
enum ProviderName {
    /// Throws when another of its kind bears the name.
    static func requireFree(
        _ name: String, among credentials: [CredentialReference], besides id: String? = nil,
        hint: String = "nobody could tell them apart"
    ) throws(Failure) {
        guard let twin = credentials.first(where: { $0.name == name && $0.providerID != id })
        else { return }
        let what = twin.kind == .apiKey ? "the project has a key" : "there is an account"
        throw Failure("\(what) \(name) already, \(twin.providerID)", hint: hint, .usage)
    }

    /// The name, or why Pinecone would not take it: 1 to 80 bytes of UTF-8.
    static func checked(_ name: String) throws(Failure) -> String {
        let count = name.utf8.count
        guard count > 0, !name.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
            throw Failure("a name is a line of 1 to 80 bytes", .usage)
        }
        guard count <= AttemptName.maximumByteCount else {
            throw Failure(
                "the name has \(count) bytes in UTF-8, and Pinecone takes 80",
                hint: "letters beyond ASCII count two to four", .usage)
        }
        return name
    }
}
