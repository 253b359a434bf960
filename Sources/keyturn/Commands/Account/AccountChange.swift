import ArgumentParser
import Audit
import Pinecone
import Rotations
import Storage

/// `keyturn account rename`
struct AccountRename: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Give an account another name at the provider.",
        discussion: """
            Its ids, roles and secret stay as they are, and so does the name of its secret here. \
            Correct `name:` in the file, too, where it has one.

              keyturn account rename deploys deploys-eu
            """)

    @OptionGroup var options: OrganizationOptions
    @Argument(help: "The account.") var name: String
    @Argument(help: "The new name, 1 to 80 bytes.") var newName: String
    @OptionGroup var change: ChangeOptions

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let newName = try ProviderName.checked(newName)
        let organization = try await options.open(surroundings, isReading: change.dryRun)
        let account = try await organization.account(name)
        let accounts = try organization.value(of: await organization.client.allAccounts())
        try ProviderName.requireFree(
            newName, among: accounts.map(\.reference), besides: account.id)
        return try await Change(
            organization: organization, credential: account.reference, json: options.json,
            options: change, newName: newName,
            done: "\(account.name): renamed to \(newName)",
            would: "\(account.name): would be renamed to \(newName)"
        ).make(.rename)
    }
}

/// `keyturn account grant`
struct AccountGrant: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant", abstract: "Give an account roles.",
        discussion: """
            A role that it has already is no error.

              keyturn account grant deploys ProjectViewer@search OrgMember
            """)

    @OptionGroup var options: OrganizationOptions
    @Argument(help: "The account.") var name: String
    @Argument(help: "The roles: ROLE, or ROLE@PROJECT.") var roles: [RoleOption]
    @OptionGroup var change: ChangeOptions

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let organization = try await options.open(surroundings, isReading: change.dryRun)
        let account = try await organization.account(name)
        let rights = try await roles.rights(in: organization)
        let text = rights.map(\.text).joined(separator: ", ")
        return try await Change(
            organization: organization, credential: account.reference, json: options.json,
            options: change, rights: rights,
            done: "\(account.name): has \(text)", would: "\(account.name): would get \(text)"
        ).make(.grant)
    }
}

/// `keyturn account revoke`
struct AccountRevoke: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Take roles from an account.",
        discussion: """
            Refused where nobody would be left who can rotate and manage the others.

              keyturn account revoke deploys OrgMember --reason "left the team"
            """)

    @OptionGroup var options: OrganizationOptions
    @Argument(help: "The account.") var name: String
    @Argument(help: "The roles: ROLE, or ROLE@PROJECT.") var roles: [RoleOption]
    @OptionGroup var change: ChangeOptions

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let organization = try await options.open(surroundings, isReading: change.dryRun)
        let account = try await organization.account(name)
        let rights = try await roles.rights(in: organization)
        let present = try organization.value(
            of: await organization.client.rights(ofAccount: account.id))
        if let absent = rights.first(where: { !present.contains($0) }) {
            throw Failure(
                "\(account.name) does not have \(absent.text)",
                hint: "it has "
                    + (present.isEmpty ? "none" : present.map(\.text).joined(separator: ", ")),
                .usage)
        }
        if rights.contains(where: { $0.role == Role.orgOwner.rawValue }),
            let refusal = await organization.client.requireAnotherOwner(than: account.id)
        {
            throw refusal.cause == .lockOut
                ? Failure(
                    "\(account.name) is the last owner that is logged in: nobody could rotate or "
                        + "manage the others afterwards; nothing was changed",
                    hint: "give another admin OrgOwner, log it in, and try again", .failure)
                : organization.failure(refusal)
        }
        let text = rights.map(\.text).joined(separator: ", ")
        return try await Change(
            organization: organization, credential: account.reference, json: options.json,
            options: change, rights: rights,
            done: "\(account.name): no longer has \(text)",
            would: "\(account.name): would lose \(text)"
        ).make(.revoke)
    }
}

/// What every change takes.
struct ChangeOptions: ParsableArguments {
    @Option(name: .long, help: "Why; it stands in the audit trail for ever.")
    var reason: String?
    @Flag(name: .long, help: "Say what would happen, and change nothing.")
    var dryRun = false
}

/// One change of an account or a key, told in one line.
struct Change {
    let organization: Organization
    let credential: CredentialReference
    let json: Bool
    let options: ChangeOptions
    var newName: String?
    var rights: [Right] = []
    /// What is said afterwards, or instead.
    let done: String
    let would: String

    /// Makes it under the lock of the secret that it is about.
    func make(_ action: Administration.Action) async throws(Failure) -> Int32 {
        let reason = try options.reason.map(Reason.checked)
        if !options.dryRun {
            let administrator = try await Administrator(organization)
            let lock = try await organization.held(credential)
            defer { withExtendedLifetime(lock) {} }
            // Roles one at a time: the trail says of each what became of it.
            let parts = action == .grant || action == .revoke ? rights.map { [$0] } : [rights]
            for (index, part) in parts.enumerated() {
                do throws(Failure) {
                    try await administrator.perform(
                        try organization.administration(
                            action, of: credential, newName: newName, rights: part, reason: reason))
                } catch {
                    let before = parts[..<index].joined().map(\.text).joined(separator: ", ")
                    guard !before.isEmpty else { throw error }
                    throw Failure(
                        "\(before) is done; then: \(error.message)", hint: error.hint, error.status)
                }
            }
        }
        var object = credential.administered(action.rawValue, applied: !options.dryRun)
        if let newName { object["name"] = .string(newName) }
        if !rights.isEmpty { object["roles"] = .array(rights.map { .string($0.text) }) }
        organization.program.console.answer(json: json, options.dryRun ? would : done, object)
        return 0
    }
}

extension CredentialReference {
    /// The object of `--json` for what was done to it, or would be.
    func administered(_ action: String, applied: Bool) -> [String: JSON] {
        [
            "kind": .string("administration"), "action": .string(action),
            "target": .string(kind.rawValue), "id": .string(providerID),
            "name": .string(name ?? ""), "applied": .boolean(applied),
        ]
    }
}
