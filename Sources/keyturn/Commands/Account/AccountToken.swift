import ArgumentParser
import Audit
import Linux
import Pinecone
import Rotations
import Secrets
import Storage

/// `keyturn account token`
struct AccountToken: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "An access token for a script; it is audited.",
        discussion: """
            The account's sealed secret is exchanged for a token, which is written nowhere: it goes \
            to a descriptor, to the standard input of a program, or, when told so, to standard \
            output. --exec takes the rest of the line and becomes that program.

              keyturn account token deploys --reason "nightly export" --fd 3
              keyturn account token deploys --reason "usage" --exec /opt/usage --token -
              keyturn account token deploys --reason "debugging" --print
            """)

    @OptionGroup var options: OrganizationOptions
    @Argument(help: "The account.") var name: String
    @Option(name: .long, help: "Why; it stands in the audit trail for ever.")
    var reason: String
    @Flag(name: .long, help: "Print the token.")
    var print = false
    @Option(name: .long, help: "Write it to this open descriptor, 3 or above.")
    var fd: Int32?
    @Flag(name: .long, help: "Say whether it could be had; ask for none.")
    var dryRun = false
    @Option(
        name: .long, parsing: .remaining,
        help: ArgumentHelp(
            "Become this program, found along PATH, with the token as its standard input.",
            valueName: "words"))
    var exec: [String] = []

    mutating func validate() throws {
        let ways = (print ? 1 : 0) + (fd == nil ? 0 : 1) + (exec.isEmpty ? 0 : 1)
        guard ways == 1 || dryRun && ways == 0 else {
            throw ValidationError("say where it goes: --print, --fd N or --exec PROGRAM")
        }
        guard !print || !options.json else {
            throw ValidationError("--print prints the token alone; leave --json out")
        }
        guard fd.map({ $0 > 2 }) ?? true else {
            throw ValidationError("--fd is 3 or above; standard output is --print")
        }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let reason = try Reason.checked(reason)
        if let fd, !Descriptor.isInherited(fd) {
            throw Failure(
                "descriptor \(fd) was not handed to this program",
                hint: "open it in the shell, such as \(fd)>FILE", .usage)
        }
        let organization = try await options.open(surroundings, isReading: dryRun)
        let console = organization.program.console
        let account = try await organization.account(name)
        let secret = try await value(of: account, organization)
        guard !dryRun else {
            console.answer(
                json: options.json, "\(account.name): its secret is sealed here",
                [
                    "kind": .string("token"), "name": .string(account.name),
                    "issued": .boolean(false),
                ])
            return 0
        }
        let token = try await exchange(secret, of: account, reason, organization)
        if !exec.isEmpty { try await become(token, organization) }
        if let fd {
            do throws(SystemError) {
                try Descriptor.write(token.token.bytes, toOpen: fd)
            } catch {
                throw Failure(
                    "the token could not be written to descriptor \(fd)",
                    hint: "open it in the shell, such as 3>FILE", .failure)
            }
            console.answer(
                json: options.json,
                "\(account.name): a token that lives \(token.lifetime) is in descriptor \(fd)",
                [
                    "kind": .string("token"), "name": .string(account.name),
                    "issued": .boolean(true), "expires_in": .integer(token.lifetime.seconds),
                ])
        } else {
            console.answer(secret: token.token)
            if console.isTerminal { console.answer("") }
        }
        return 0
    }

    /// The sealed secret of the account.
    private func value(
        of account: ServiceAccount, _ organization: Organization
    ) async throws(Failure) -> SecretBytes {
        let store = organization.store
        let owner = try await organization.owner(of: account.reference)
        do throws(StorageError) {
            if let owner {
                let current = try await store.versions(ofSecret: owner.secret.id)
                    .first { $0.state == .current }
                if let current, current.isHeld, current.providerID == account.id {
                    return try await store.open(version: current.number, ofSecret: owner.secret.id)
                }
            }
        } catch {
            throw Failure(error)
        }
        throw Failure(
            "the vault does not hold the secret of \(account.name)",
            hint: owner.map { "rotate it, or `keyturn secret import \($0.secret.name)`" }
                ?? "put a policy over it: `keyturn policy adopt \(account.name)`", .failure)
    }

    /// Writes the intent down, asks for the token, and writes down what came of it.
    private func exchange(
        _ secret: borrowing SecretBytes, of account: ServiceAccount, _ reason: String,
        _ organization: Organization
    ) async throws(Failure) -> IssuedToken {
        let (store, program) = (organization.store, organization.program)
        let administration = try organization.administration(
            .token, of: account.reference, reason: reason)
        try await program.storing { () async throws(StorageError) in
            try await store.intend(administration, by: nil)
        }
        switch await organization.client.accessToken(clientID: account.clientID, secret: secret) {
        case .done(let token):
            try await program.storing { () async throws(StorageError) in
                try await store.settle(administration, .done)
            }
            return token
        case .refused(let refusal):
            try await program.storing { () async throws(StorageError) in
                try await store.settle(
                    administration, .refused, refusal.cause, status: refusal.status)
            }
            guard refusal.cause == .newSecretRefused else { throw organization.failure(refusal) }
            throw Failure(
                "Pinecone refuses the secret of \(account.name)",
                hint: "somebody else rotated it, or it is too new: see `keyturn check`", .failure)
        case .unsettled(let cause): throw organization.failure(Refusal(cause))
        }
    }

    /// Becomes the program; what this one wrote is anchored before.
    private func become(
        _ token: borrowing IssuedToken, _ organization: Organization
    ) async throws(Failure) {
        _ = await organization.program.surroundings.anchor(organization.store)
        do throws(SystemError) {
            try ProcessImage.replace(
                with: exec, standardInput: try SealedMemory(token.token))
        } catch {
            throw Failure("\(exec[0]) could not be started: \(error)", .failure)
        }
    }
}
