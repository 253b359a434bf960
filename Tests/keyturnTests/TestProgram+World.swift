import FoundationEssentials
import PineconeEmulator
import Rotations
import TestSupport

@testable import keyturn

/// Worlds that several tests begin with, and what they look at from outside.
extension TestProgram {
    /// An account with a policy. With `held`, it has been rotated once, so that the vault holds its
    /// value, and is due again.
    func dueAccount(held: Bool = false, more: String = "") async throws -> ServiceAccount {
        let account = emulator.addServiceAccount(name: "deploys")
        try await setUp(policy("ci", account: account, more: more))
        guard held else { return account }
        try await require(keyturn("run"))
        advance(.days(31))
        return account
    }

    /// What a policy over a service account adds, to replace it by siblings.
    static func overlap(_ overlap: String = "24h") -> String {
        "    strategy: overlap\n    overlap: \(overlap)"
    }

    /// An account with bindings of both kinds, and a policy that replaces it by siblings. With
    /// `held`, it has been replaced once and its predecessor retired, and is due again.
    func dueSibling(
        held: Bool = false, overlap: String = "24h", grants: [Grant]? = nil, more: String = ""
    ) async throws -> ServiceAccount {
        let account = emulator.addServiceAccount(
            name: "deploys",
            grants: grants ?? [.organization(.orgMember), .project(project, .projectEditor)])
        try await setUp(
            policy("ci", account: account, more: "\(more)\n\(Self.overlap(overlap))"))
        guard held else { return account }
        try await require(keyturn("run"))
        advance(.hours(25))
        try await require(keyturn("run"))
        advance(.days(31))
        return deliveredAccount("ci") ?? account
    }

    /// The ids of the accounts that live, besides the first admin's.
    var liveAccountIDs: Set<String> {
        Set(emulator.liveAccounts.map(\.id)).subtracting([admin.id])
    }

    /// The live account whose client id and secret were delivered to `out/NAME.env`.
    func deliveredAccount(_ name: String) -> ServiceAccount? {
        guard let text = directory.text("out/\(name).env") else { return nil }
        return emulator.liveAccounts.first {
            text == """
                PINECONE_CLIENT_ID=\($0.clientID)
                PINECONE_CLIENT_SECRET=\($0.clientSecret)

                """ && isAccepted($0)
        }
    }

    /// Whether Pinecone gives this account tokens.
    func isAccepted(_ account: ServiceAccount) -> Bool {
        emulator.accepts(clientID: account.clientID, clientSecret: account.clientSecret)
    }

    /// Whether each of these accounts has a row in the state.
    func hasRow(_ name: String, forEvery accounts: Set<String>) async -> Bool {
        let rows = await keyturn("secret", "show", name, "--json").output
        return accounts.allSatisfy { rows.contains($0) }
    }

    /// An API key with a policy. With `held`, it has been rotated once and its predecessor retired,
    /// and is due again.
    func dueKey(held: Bool = false, more: String = "") async throws -> APIKey {
        let key = emulator.addAPIKey(project: project, name: "search")
        try await setUp(policy("search", key: key, more: more))
        guard held else { return key }
        try await require(keyturn("run"))
        advance(.hours(25))
        try await require(keyturn("run"))
        advance(.days(31))
        return emulator.liveKeys.first { $0.projectID == project } ?? key
    }

    /// Whether what was delivered to `out/NAME` is accepted as an API key.
    func isDeliveredKeyAccepted(_ name: String) -> Bool {
        directory.text("out/\(name)").map { emulator.accepts(apiKey: $0) } ?? false
    }

    /// The values of the live keys of the project.
    var liveKeyValues: [String] {
        emulator.liveKeys.filter { $0.projectID == project }.map(\.value)
    }

    /// Whether each live key of the project has a row in the state.
    func hasRowForEveryKey(_ name: String) async -> Bool {
        let rows = await keyturn("secret", "show", name, "--json").output
        return emulator.liveKeys.filter { $0.projectID == project }.allSatisfy {
            rows.contains($0.id)
        }
    }

    /// Puts a copy of a file in the place of another, as somebody does who restores a backup.
    func copy(_ name: String, to other: String) throws {
        let data = try Data(contentsOf: URL(filePath: directory.file(name)))
        try data.write(to: URL(filePath: directory.file(other)))
    }

    /// Names in `out` of files that were on their way to another name.
    var leftovers: [String] {
        TemporaryDirectory.names(in: directory.file("out")).filter { $0.hasPrefix(".") }
    }

    /// The newest entry of this type, as it stands in the trail.
    func newestEntry(_ type: String) async -> String {
        await keyturn("audit", "list", "--type", type, "--limit", "1", "--json").output
    }

    /// Rotates by hand.
    @discardableResult
    func rotate(_ name: String, _ more: String...) async -> Outcome {
        await keyturn(["rotate", name, "--reason", "test", "--confirm", name] + more)
    }

    /// What the last object of a `--json` pass says.
    func summary(_ outcome: Outcome) throws -> Object {
        guard let last = try outcome.objects().last, last.kind == "summary" else {
            throw CommandFailed(text: outcome.output + outcome.conversation)
        }
        return last
    }

    /// The object of a secret in a `--json` pass.
    func rotation(_ outcome: Outcome, _ name: String) throws -> Object {
        guard let found = try outcome.objects().first(where: { $0.name == name }) else {
            throw CommandFailed(text: outcome.output + outcome.conversation)
        }
        return found
    }
}
