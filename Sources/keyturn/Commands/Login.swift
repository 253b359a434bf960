import ArgumentParser
import Audit
import HTTP
import Pinecone
import Rotations
import Secrets
import Storage

/// `keyturn login`
struct Login: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Seal an admin's client secret, once it has proved itself.",
        discussion: """
            The secret is read from standard input, or asked for on a terminal; it is never an \
            argument. NAME is one of the connection's `admins:`. Two admins can rotate each other.

              keyturn login pinecone --as ops-a --client-id aB3dE5fG7hJ9kL2mN4pQ < secret
            """)

    @OptionGroup var options: StateOptions
    @Argument(help: "The connection, as the applied file names it.")
    var connection: String
    @Option(name: .customLong("as"), help: "The admin's name in the connection's `admins:`.")
    var admin: String
    @Option(name: .long, help: "The account's client id.")
    var clientID: String
    @Flag(name: .long, help: "Prove the secret, and seal nothing.")
    var dryRun = false

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.open(dryRun: dryRun)
        // Unlocked, the store gives only connections that the signed trail has: a secret goes there.
        try await program.unlock(store)
        let connection = try await find(program, store)
        let secret = try surroundings.readSecret("client secret of \(admin): ")
        let account = try await prove(secret, to: connection, program)
        if !dryRun {
            do throws(StorageError) {
                try await store.logIn(admin, to: connection.name, account: account, secret: secret)
            } catch {
                throw Failure(error)
            }
        }
        if options.json {
            program.console.answer([
                "kind": .string("login"), "connection": .string(connection.name),
                "admin": .string(admin), "account": .string(account.providerID),
                "account_name": .string(account.name ?? ""), "sealed": .boolean(!dryRun),
            ])
        } else {
            program.console.answer(
                "\(connection.name)/\(admin): the account \(account.name ?? "") "
                    + "(\(account.providerID)) is proved\(dryRun ? "" : " and sealed")")
        }
        return 0
    }

    private func find(_ program: Program, _ store: Store) async throws(Failure) -> Connection {
        let all = try await program.storing { () async throws(StorageError) in
            try await store.connections()
        }
        guard let found = all.first(where: { $0.name == connection }) else {
            let nearest = Nearest.match(connection, among: all.map(\.name))
            throw Failure(
                "there is no connection \(connection)",
                hint: nearest.map { "did you mean \($0)?" }
                    ?? "declare it in a file and `keyturn policy apply` that", .configuration)
        }
        guard found.admins.contains(admin) else {
            throw Failure(
                "\(admin) is no admin of \(connection); its admins are "
                    + found.admins.joined(separator: ", "),
                hint: "name it under `admins:` and apply the file again", .configuration)
        }
        return found
    }

    /// Exchanges the secret for a token and finds the account that it belongs to.
    private func prove(
        _ secret: borrowing SecretBytes, to connection: Connection, _ program: Program
    ) async throws(Failure) -> CredentialReference {
        let copy: SharedSecret
        do throws(VaultCopyError) {
            copy = try SharedSecret(copying: secret)
        } catch {
            throw Failure("no locked memory is left", .failure)
        }
        let account = AdminAccount(name: admin, id: "", clientID: clientID, version: 0)
        let client = try program.client(
            for: connection,
            access: AdminAccess(accounts: { [account] }, secret: { _ in copy.secret() }))
        switch await client.findAccount(clientID: clientID) {
        case .done(let account):
            try await requireRole(account, client, connection)
            return account
        case .refused(let refusal): throw failure(refusal, connection)
        case .unsettled(let cause): throw failure(Refusal(cause), connection)
        }
    }

    /// An admin that cannot rotate is found out here, not on the night.
    private func requireRole(
        _ account: CredentialReference, _ client: AdminClient, _ connection: Connection
    ) async throws(Failure) {
        switch await client.rights(ofAccount: account.providerID) {
        case .done(let rights):
            guard !rights.contains(where: { $0.role == Role.orgOwner.rawValue }) else { return }
            throw Failure(
                "the account \(account.name ?? account.providerID) may not rotate accounts: it has "
                    + (rights.isEmpty ? "no role" : rights.map(\.text).joined(separator: ", ")),
                hint: "give it the role OrgOwner, and log it in again; nothing was sealed", .failure
            )
        case .refused(let refusal): throw failure(refusal, connection)
        case .unsettled(let cause): throw failure(Refusal(cause), connection)
        }
    }

    private func failure(_ refusal: Refusal, _ connection: Connection) -> Failure {
        switch refusal.cause {
        case .adminRefused:
            Failure(
                "\(connection.login) refuses this client id and secret",
                hint: "check both; a secret just made may take half a minute", .failure)
        case .forbidden:
            Failure(
                "the account may not list service accounts",
                hint: "give it the role OrgOwner; the plan must include service accounts",
                .failure)
        case .targetMissing:
            Failure(
                "no service account of the organization has the client id \(clientID)", .failure)
        case .unreachable:
            Failure(
                "\(connection.login) or \(connection.api) cannot be reached; nothing was changed",
                hint: "check the network, HTTPS_PROXY and `ca-file`", .failure)
        default: Failure("\(connection.api): \(refusal.cause.text)", .failure)
        }
    }
}

/// A secret that several exchanges may need.
final class SharedSecret: Sendable {
    private let bytes: SecretBytes

    /// Takes a copy.
    init(copying secret: borrowing SecretBytes) throws(VaultCopyError) {
        guard let copy = try? secret.copy() else { throw VaultCopyError() }  // out of memory
        bytes = copy
    }

    /// Another copy; nil when no memory is left.
    func secret() -> SecretBytes? { try? bytes.copy() }  // the caller says what that means
}

/// No locked memory is left for a copy.
struct VaultCopyError: Error {}
