import Audit
import Files
import FoundationEssentials
import HTTP
import Handoff
import Linux
import OpenSSL
import Pinecone
import Processes
import Rotations
import Secrets
import Storage
import Vault

/// Builds the real parts and hands them over: the one place where rooms meet.
struct Program: Sendable {
    let surroundings: Surroundings
    let directory: StateDirectory
    /// The run that this invocation is, for the entries.
    let run: Identifier
    private let keyOverride: KeySource?

    var console: Console { surroundings.console }
    var clock: WallClock { surroundings.clock }

    /// The program on a state, as the command line and the environment name it.
    init(_ surroundings: Surroundings, state: String?, key: String? = nil) throws(Failure) {
        self.surroundings = surroundings
        directory = StateDirectory(path: try Self.statePath(state, surroundings.environment))
        keyOverride = try key.map { (text) throws(Failure) in try KeySource(text) }
        do throws(OpenSSLError) {
            run = Identifier(at: surroundings.clock.now(), random: try Random.bytes(10))
        } catch {
            throw Failure(VaultError.cryptography)
        }
        try Self.becomeOwner(of: directory)
    }

    // MARK: Where the state is

    private static func statePath(
        _ option: String?, _ environment: [String: String]
    ) throws(Failure) -> String {
        let path: String
        if let option {
            path = option
        } else if let variable = environment["KEYTURN_STATE"], !variable.isEmpty {
            path = variable
        } else if Caller.effectiveUserID == 0 || isServiceUser {
            path = "/var/lib/keyturn"
        } else if let base = environment["XDG_STATE_HOME"], base.hasPrefix("/") {
            path = base + "/keyturn"
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            path = home + "/.local/state/keyturn"
        } else {
            throw Failure(
                "no state directory is named", hint: "name one with --state or KEYTURN_STATE",
                .usage)
        }
        guard path.hasPrefix("/") else {
            throw Failure(
                "the state must be an absolute path, and this is \(path)",
                hint: environment["PWD"].map { "write \($0)/\(path)" }, .usage)
        }
        return path
    }

    private static var isServiceUser: Bool {
        // An unknown user is not the service's.
        let account = (try? Account.user(id: Caller.effectiveUserID)) ?? nil
        return account?.name == "keyturn"
    }

    /// Root on another user's state becomes that user for everything in it.
    private static func becomeOwner(of directory: StateDirectory) throws(Failure) {
        guard Caller.effectiveUserID == 0 else { return }
        do {
            guard let owner = try owner(of: directory), owner != 0,
                let account = try Account.user(id: owner)
            else { return }
            try Caller.become(account)
        } catch let error as FileError {
            // Opening the state tells it better.
            guard error.cause != .notFound else { return }
            throw Failure(error)
        } catch let error as SystemError {
            throw Failure(error)
        } catch {
            throw Failure("the owner of the state is unknown", .failure)
        }
    }

    /// Who owns the database, or the directory that waits for one.
    private static func owner(of directory: StateDirectory) throws(FileError) -> UInt32? {
        if let state = try PlainFile.state(directory.database) { return state.userID }
        do throws(FileError) {
            try Directory.checkState(directory.path)
        } catch {
            if case .wrongOwner(_, let found) = error.cause { return found }
            throw error
        }
        return nil
    }

    // MARK: The state

    /// Who does it, for the entries.
    var actor: Actor {
        if let actor = surroundings.actor { return actor }
        let uid = Int(Caller.userID)
        // What the system does not tell is left out, or said to be unknown.
        let name = (try? Account.user(id: Caller.userID))?.map(\.name)
        let host = (try? Host.name()) ?? "unknown"
        return Actor(
            uid: uid, loginUID: Caller.loginUserID.map(Int.init), user: name ?? nil, host: host,
            pid: Int(ProcessInfo.processInfo.processIdentifier),
            invocation: bounded(surroundings.environment["INVOCATION_ID"]),
            claimedSudoUser: bounded(surroundings.environment["SUDO_USER"]))
    }

    /// A claim of the environment, short enough for an entry.
    private func bounded(_ text: String?) -> String? {
        guard let text, !text.isEmpty, text.utf8.count <= 64 else { return nil }
        return text
    }

    var environment: Store.Environment {
        let console = console
        return Store.Environment(
            clock: clock,
            context: Entry.Context(actor: actor, run: run, tool: "keyturn \(ProgramVersion.text)"),
            machine: surroundings.machine,
            printArmour: { armour in
                console.say("keyturn: error: a fresh secret could be written nowhere; keep this:")
                console.say(armour)
                console.say("keyturn: hint: take it in later with `keyturn recover < FILE`")
            }, vfs: surroundings.vfs)
    }

    /// The state, for reading only.
    func openForReading() async throws(Failure) -> Store {
        try await storing { () async throws(StorageError) in
            try await Store.open(directory, access: .readOnly, environment: environment)
        }
    }

    /// The state for a command that may be asked to have no effect: then it is opened for reading.
    func open(dryRun: Bool) async throws(Failure) -> Store {
        if dryRun { try await openForReading() } else { try await open() }
    }

    /// The state, locked: it can be read, and unlocked once there is something to write.
    func open() async throws(Failure) -> Store {
        do throws(StorageError) {
            return try await Store.open(directory, access: .readWrite, environment: environment)
        } catch {
            guard case .older(let found, _) = error else { throw Failure(error) }
            try await migrate(from: found)
        }
        return try await storing { () async throws(StorageError) in
            try await Store.open(directory, access: .readWrite, environment: environment)
        }
    }

    private func migrate(from version: Int) async throws(Failure) {
        let source = try await storing { () async throws(StorageError) in
            try Store.keySource(ofOlder: directory, environment: environment)
        }
        let key = try await rootKey(from: source)
        do throws(StorageError) {
            let copy = try await Store.migrate(
                directory, environment: environment, rootKey: key)
            guard let copy else { return }
            console.say("keyturn: the state was brought from schema \(version) to the present one")
            console.say("keyturn: \(copy) is a copy of what it was")
        } catch {
            throw Failure(error)
        }
    }

    /// Reads the root key and unlocks the state for writing. Whatever follows may be signed: the trail
    /// ends in our own checkpoint, and no anchor shows another history.
    /// - Parameter acceptingLoss: a new epoch is to be begun, in spite of what the anchors show.
    func unlock(_ store: Store, acceptingLoss: Bool = false) async throws(Failure) {
        let source = try await storing { () async throws(StorageError) in
            try await store.rootKeySource().source
        }
        if keyOverride == nil {
            try await storing { () async throws(StorageError) in
                try await store.attestRootKeySource(source, isDamageAccepted: acceptingLoss)
            }
        }
        let key = try await rootKey(from: source)
        do throws(StorageError) {
            try await store.unlock(with: key)
            guard store.isWritable else { return }
            if !acceptingLoss { try await store.checkTrail() }
            surroundings.unlocked.keep(store)
        } catch {
            throw Failure(error)
        }
    }

    /// What the store does, with its errors as a person reads them.
    func storing<T: Sendable>(
        _ body: () async throws(StorageError) -> T
    ) async throws(Failure) -> T {
        try await keyturn.storing(body)
    }

    private func rootKey(from source: String) async throws(Failure) -> RootKey {
        let keySource: KeySource
        if let keyOverride { keySource = keyOverride } else { keySource = try KeySource(source) }
        return try await keySource.read(surroundings.environment)
    }

    // MARK: The other side

    /// The connection's client, with the admins of the store.
    func client(for connection: Connection, store: Store) throws(Failure) -> AdminClient {
        let access = AdminAccess(
            accounts: {
                // Without the database there is no admin either; what follows says so.
                let admins = (try? await store.admins(of: connection.name)) ?? []
                return admins.map {
                    AdminAccount(
                        name: $0.name, id: $0.accountID, clientID: $0.clientID,
                        version: $0.version)
                }
            },
            secret: { account in
                let admins = (try? await store.admins(of: connection.name)) ?? []  // as above
                guard let admin = admins.first(where: { $0.accountID == account.id }) else {
                    return nil
                }
                // As above.
                return try? await store.open(
                    version: admin.version, ofSecret: admin.secret.id)
            })
        return try client(for: connection, access: access)
    }

    /// The connection's client with these admins.
    func client(for connection: Connection, access: AdminAccess) throws(Failure) -> AdminClient {
        let transport = Transport(
            Transport.Options(
                userAgent: "keyturn/\(ProgramVersion.text) (Linux)", authorities: connection.caFile,
                timeout: surroundings.requestLimit))
        do throws(EndpointError) {
            return try AdminClient(
                connection: connection, transport: transport, access: access, clock: clock)
        } catch {
            throw Failure("connection \(connection.name): \(error)", .configuration)
        }
    }

    /// What delivers.
    var handoff: any Handoff { surroundings.handoff(Destinations()) }

    /// What carries a strategy out for this kind of credential, over this client.
    static func provider(
        of kind: Target.Kind, _ strategy: Strategy, _ client: AdminClient
    ) -> any Provider {
        switch (kind, strategy) {
        case (.serviceAccount, .inPlace): ServiceAccounts(client)
        case (.serviceAccount, .overlap): SiblingAccounts(client)
        case (.apiKey, _): APIKeys(client)
        }
    }

    /// The rotator of this kind of credential, over this client.
    func rotator(
        of kind: Target.Kind, _ strategy: Strategy, _ client: AdminClient, store: Store,
        alive: ProvedAlive, isClockTrusted: Bool, isByHand: Bool,
        isStopping: @escaping @Sendable () -> Bool
    ) -> Rotator {
        let console = console
        return Rotator(
            journal: surroundings.journal(store),
            provider: surroundings.provider(Self.provider(of: kind, strategy, client)),
            handoff: handoff, clock: clock, alive: alive,
            conditions: Rotator.Conditions(
                isClockTrusted: isClockTrusted, isByHand: isByHand, isStopping: isStopping,
                tell: { secret, unfit in
                    console.say("keyturn: \(secret.name): \(unfit.description)")
                    if let hint = unfit.hint { console.say("keyturn: hint: \(hint)") }
                }))
    }
}

/// What the store does, with its errors as a person reads them.
func storing<T: Sendable>(
    _ body: () async throws(StorageError) -> T
) async throws(Failure) -> T {
    do throws(StorageError) {
        return try await body()
    } catch {
        throw Failure(error)
    }
}
