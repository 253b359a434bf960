import Pinecone
import Rotations
import Secrets
import Storage
import Vault

/// Does what is no rotation at the provider: one thing at a time, each written down before it is
/// begun, and settled by evidence where no answer came.
struct Administrator {
    let organization: Organization
    /// Nobody else administers meanwhile.
    private let lock: HeldLock
    /// What had been interrupted, and was found not to have come about, or lost.
    private(set) var failed = 0

    private var program: Program { organization.program }
    private var store: Store { organization.store }
    private var client: AdminClient { organization.client }

    /// Takes the lock, and settles what was interrupted. Nil: another process has it.
    init?(waitingIn organization: Organization) async throws(Failure) {
        guard let lock = try HeldLock.take(Self.lockPath(organization)) else { return nil }
        try await self.init(organization, lock)
    }

    /// The same, for a person who waits half a minute for the other process.
    init(_ organization: Organization) async throws(Failure) {
        let lock = try await HeldLock.take(
            Self.lockPath(organization), waiting: organization.program.clock)
        guard let lock else {
            throw Failure(
                "another process is administering", hint: "try again when it is done", .busy)
        }
        try await self.init(organization, lock)
    }

    private init(_ organization: Organization, _ lock: HeldLock) async throws(Failure) {
        self.organization = organization
        self.lock = lock
        // What is acted upon must be what the signed trail has.
        let store = organization.store
        try await organization.program.storing { () async throws(StorageError) in
            try await store.attest([])
            // P14: an answer that waits there may settle what is open.
            _ = try await store.takeInSpool()
        }
        try await settleOpen()
    }

    private static func lockPath(_ organization: Organization) -> String {
        organization.program.directory.locks + "/administration"
    }

    // MARK: Doing

    /// Does it, and writes down what became of it. Throws why it was refused, or that nobody knows.
    /// - Returns: the secret of what was created.
    @discardableResult
    func perform(_ administration: Administration) async throws(Failure) -> SecretReference? {
        let store = store
        let admin = await client.adminName(except: administration.providerID)
        if administration.action == .create {
            do throws(JournalError) {
                try await store.makeReady(forEffect: administration.id)
            } catch {
                throw Failure(error)
            }
        }
        try await program.storing { () async throws(StorageError) in
            try await store.intend(administration, by: admin)
        }
        // A crash from here on finds the row, and evidence says whether it happened.
        if administration.action == .create { return try await create(administration) }
        let adminLock = try await adminLock(for: administration)
        defer { withExtendedLifetime(adminLock) {} }
        switch await effect(administration) {
        case .done: try await settle(administration, .done)
        case .refused(let refusal):
            try await settle(administration, .refused, refusal.cause, status: refusal.status)
            throw organization.failure(refusal)
        case .unsettled(let cause):
            try await settle(administration, .unsettled, cause)
            guard try await look(for: administration) else { throw unknown(administration) }
        }
        return nil
    }

    /// Who is taken away, or stripped of what an admin needs, must not be the one that a rotation of
    /// another admin counts on (P30).
    private func adminLock(for administration: Administration) async throws(Failure) -> HeldLock? {
        let isAboutAdmins =
            administration.kind == .serviceAccount
            && (administration.action == .delete || administration.takesOwner)
        guard isAboutAdmins else { return nil }
        let path = program.directory.locks + "/admin-" + organization.connection.name
        let (store, connection) = (store, organization.connection.name)
        if let lock = try await HeldLock.take(path, waiting: program.clock) {
            // One whose rotation was killed has no lock, and no secret that anybody can count on.
            let isUnderWay = try await program.storing { () async throws(StorageError) in
                try await store.isAdminUnderWay(on: connection)
            }
            if !isUnderWay { return lock }
        }
        try await settle(administration, .refused, .adminUnderWay)
        throw Failure(
            "an admin of \(organization.connection.name) is being rotated",
            hint: "try again when it is done", .busy)
    }

    private func unknown(_ administration: Administration) -> Failure {
        Failure(
            "nobody knows whether it happened: no usable answer came",
            hint: "`keyturn run` asks again; see `keyturn \(Self.list(administration))`",
            .unsettled)
    }

    private static func list(_ administration: Administration) -> String {
        switch administration.kind {
        case .serviceAccount: "account list"
        case .apiKey: "api-key list \(administration.project ?? "PROJECT")"
        }
    }

    private func effect(_ administration: Administration) async -> Outcome<Void> {
        let id = administration.providerID
        let name = administration.newName ?? ""
        switch (administration.kind, administration.action) {
        case (.serviceAccount, .rename): return await client.renameAccount(id, to: name)
        case (.apiKey, .rename): return await client.renameKey(id, to: name)
        case (.serviceAccount, .grant):
            return await each(administration) { await client.grant($0, toAccount: id) }
        case (.serviceAccount, .revoke):
            if administration.takesOwner,
                let refusal = await client.requireAnotherOwner(than: id)
            {
                return .refused(refusal)
            }
            return await each(administration) { await client.revoke($0, fromAccount: id) }
        case (.apiKey, .setRoles):
            return await client.setRoles(administration.rights.map(\.role), ofKey: id)
        case (.serviceAccount, .delete): return await client.deleteAccount(id)
        case (.apiKey, .delete):
            return await client.deleteKey(id, of: administration.project ?? "")
        default: preconditionFailure("an action that this kind has not")
        }
    }

    private func each(
        _ administration: Administration, _ body: (Right) async -> Outcome<Void>
    ) async -> Outcome<Void> {
        for right in administration.rights {
            switch await body(right) {
            case .done: continue
            case let outcome: return outcome
            }
        }
        return .done(())
    }

    private func settle(
        _ administration: Administration, _ outcome: OutcomeWord, _ cause: Cause? = nil,
        status: Int? = nil, providerID: String? = nil
    ) async throws(Failure) {
        let store = store
        try await program.storing { () async throws(StorageError) in
            try await store.settle(
                administration, outcome, cause, status: status, providerID: providerID)
        }
    }

    // MARK: Creating

    private func create(
        _ administration: Administration
    ) async throws(Failure) -> SecretReference? {
        let outcome: Outcome<SecretBytes> =
            switch administration.kind {
            case .serviceAccount:
                await client.createAccount(
                    named: administration.name, with: administration.rights)
            case .apiKey:
                await client.createKey(
                    in: administration.project ?? "", named: administration.name,
                    roles: administration.rights.map(\.role))
            }
        switch consume outcome {
        case .done(let answer):
            do throws(JournalError) {
                // Sealed and committed before anybody decodes it.
                try await store.keep(answer, of: administration)
            } catch {
                throw Failure(error)
            }
            return try await finishCreating(administration)
        case .refused(let refusal):
            try await settle(administration, .refused, refusal.cause, status: refusal.status)
            throw organization.failure(refusal)
        case .unsettled(let cause):
            try await settle(administration, .unsettled, cause)
            guard try await look(for: administration) else { throw unknown(administration) }
            return nil
        }
    }

    /// Decodes the sealed answer and makes what it holds a secret of ours. A crash before leaves the
    /// answer sealed, and the next command or run goes on here.
    private func finishCreating(
        _ administration: Administration
    ) async throws(Failure) -> SecretReference? {
        let issued: Issued
        do {
            guard let answer = try await store.answer(of: administration) else { return nil }
            issued = try AdminClient.created(answer, by: administration)
        } catch let error as UndecodableAnswer {
            let id = await appeared(administration)?.first
            let secret = administration.secretName ?? "NAME"
            try await settle(administration, .done, error.cause, providerID: id)
            throw Failure(
                "\(administration.name) was created\(id.map { " as \($0)" } ?? ""), and its secret is "
                    + "lost: \(error.cause.text)",
                hint: "look at it with `keyturn secret reveal \(secret) --answer "
                    + "\(administration.id) --reason …`; or \(lostHint(administration, id))",
                .failure)
        } catch let error as StorageError {
            throw Failure(error)
        } catch {
            throw Failure(VaultError.cryptography)
        }
        do throws(StorageError) {
            return try await store.adopt(issued, by: administration)
        } catch {
            throw Failure(error)
        }
    }

    private func lostHint(_ administration: Administration, _ id: String?) -> String {
        let name = id ?? administration.name
        return administration.kind == .serviceAccount
            ? "delete it with `keyturn account delete \(name) --reason …`, or rotate it by a policy"
            : "delete it with `keyturn api-key delete \(name) --reason …`, and create another"
    }

    // MARK: Settling

    /// Settles what was begun through this connection and interrupted.
    private mutating func settleOpen() async throws(Failure) {
        let store = store
        let open = try await program.storing { () async throws(StorageError) in
            try await store.administrations()
        }
        for (administration, state) in open
        where state != .scheduled && administration.connection == organization.connection.name {
            do throws(Failure) {
                if administration.action == .create,
                    try await finishCreating(administration) != nil
                {
                    program.console.say(
                        "keyturn: \(administration.name), whose creation was interrupted, is "
                            + "sealed")
                    continue
                }
                if state != .lost { _ = try await look(for: administration) }
            } catch {
                program.console.fail(error)
                failed += 1
            }
        }
    }

    /// Looks for evidence of whether it happened. True: it did; false: nobody knows yet. Throws that
    /// it did not, or that what was created is lost.
    private func look(for administration: Administration) async throws(Failure) -> Bool {
        let id = administration.providerID
        let evidence: Outcome<Bool>
        switch (administration.kind, administration.action) {
        case (_, .create): return try await lookForCreated(administration)
        case (.serviceAccount, .rename):
            evidence = await client.account(id).map { $0.name == administration.newName }
        case (.apiKey, .rename):
            evidence = await client.key(id).map { $0.name == administration.newName }
        case (_, .grant):
            evidence = await client.rights(ofAccount: id).map {
                Set(administration.rights).isSubset(of: $0)
            }
        case (_, .revoke):
            evidence = await client.rights(ofAccount: id).map {
                Set(administration.rights).isDisjoint(with: $0)
            }
        case (_, .setRoles):
            evidence = await client.key(id).map {
                Set($0.roles) == Set(administration.rights.map(\.role))
            }
        case (.apiKey, .delete): evidence = await isKeyGone(id)
        case (.serviceAccount, .delete):
            // A list without anything in it proves nothing (P20).
            guard let ids = await ids(administration), !ids.isEmpty else { return false }
            evidence = .done(!ids.contains { $0.id == id })
        case (_, .token): return true
        }
        switch evidence {
        case .done(true):
            try await settle(administration, .done)
            return true
        case .done(false): break
        case .refused(let refusal) where refusal.cause == .targetMissing: break
        case .refused: return false
        case .unsettled: return false
        }
        // A call may be carried out late. What was set for a date is tried again in any case.
        guard administration.dueAt != nil || isOld(administration) else { return false }
        try await settle(administration, .refused, .notCarriedOut)
        throw Failure(
            "\(administration.action.rawValue) of \(administration.name): it was not carried out",
            hint: administration.dueAt == nil
                ? "nothing was changed; try again" : "the next runs try again, or --take-back",
            .failure)
    }

    /// A key that is fetched in vain is gone, where another call is answered (P20); it may have been
    /// the last of its project, or have gone with that.
    private func isKeyGone(_ id: String) async -> Outcome<Bool> {
        switch await client.key(id) {
        case .done: return .done(false)
        case .refused(let refusal) where refusal.cause == .targetMissing:
            return await client.allProjects().map { _ in true }
        case .refused(let refusal): return .refused(refusal)
        case .unsettled(let cause): return .unsettled(cause)
        }
    }

    private func isOld(_ administration: Administration) -> Bool {
        administration.begunAt.age(at: program.clock.now()) >= .minutes(1)
    }

    /// Whether an account or a key appeared since that was not there before. Its secret is lost; who
    /// made it cannot be told for certain, so that it is shown and not touched.
    private func lookForCreated(_ administration: Administration) async throws(Failure) -> Bool {
        guard let appeared = await appeared(administration) else { return false }
        if let first = appeared.first {
            try await settle(administration, .done, .answerLost, providerID: first)
            throw Failure(
                "\(administration.name) was created as \(appeared.joined(separator: ", ")), and its "
                    + "secret is lost: no answer came",
                hint: lostHint(administration, first), .failure)
        }
        // As above.
        guard isOld(administration) else { return false }
        try await settle(administration, .refused, .notCarriedOut)
        throw Failure(
            "\(administration.name) was not created", hint: "nothing was changed; try again",
            .failure)
    }

    /// The ids of what bears its name and was not there before; nil: it cannot be seen.
    private func appeared(_ administration: Administration) async -> [String]? {
        guard let ids = await ids(administration) else { return nil }
        var appeared: [String] = []
        for (id, name) in ids
        where name == administration.name && !administration.listed.contains(id) {
            // One that is a secret of this state was made by a later command, whose answer came.
            let owner = try? await store.owner(
                of: id, administration.kind, on: administration.connection)
            if owner ?? nil == nil { appeared.append(id) }
        }
        return appeared
    }

    private func ids(
        _ administration: Administration
    ) async -> [(id: String, name: String)]? {
        switch administration.kind {
        case .serviceAccount:
            guard case .done(let accounts) = await client.allAccounts() else { return nil }
            return accounts.map { ($0.id, $0.name) }
        case .apiKey:
            switch await client.keys(ofProject: administration.project ?? "") {
            case .done(let keys): return keys.map { ($0.id, $0.name ?? "") }
            // The keys of a project that is gone are gone.
            case .refused(let refusal) where refusal.cause == .targetMissing: return []
            default: return nil
            }
        }
    }
}

extension Administration {
    /// Whether it takes away what an account needs to be an admin.
    var takesOwner: Bool {
        action == .revoke && rights.contains { $0.role == Role.orgOwner.rawValue }
    }
}
