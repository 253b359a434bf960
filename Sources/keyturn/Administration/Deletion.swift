import ArgumentParser
import Audit
import Pinecone
import Rotations
import Storage

/// What deleting an account and deleting a key have in common: what will break is told, and a deletion
/// at a date can be taken back.
struct DeletionOptions: ParsableArguments {
    @Option(
        name: .long, help: "Delete it only after this time, such as 7d. Until then --take-back.")
    var retireAfter: String?
    @Flag(name: .long, help: "Take a deletion back that is set for a date.")
    var takeBack = false
    @Option(name: .long, help: "Why; it stands in the audit trail for ever.")
    var reason: String
    @OptionGroup var confirmation: ConfirmOption
    @Flag(name: .long, help: "Tell what will break, and change nothing.")
    var dryRun = false

    mutating func validate() throws {
        guard retireAfter == nil || !takeBack else {
            throw ValidationError("--retire-after sets a date, and --take-back takes one back")
        }
    }

    /// Deletes it now, sets a date, or takes that back.
    func run(
        _ credential: CredentialReference, in organization: Organization,
        _ surroundings: Surroundings, json: Bool
    ) async throws(Failure) -> Int32 {
        let reason = try Reason.checked(reason)
        let name = credential.name ?? credential.providerID
        let scheduled = try await organization.scheduledDeletion(of: credential)
        if takeBack {
            guard let scheduled else {
                throw Failure("\(name) is not set to be deleted", .usage)
            }
            let store = organization.store
            if !dryRun {
                // A run may have begun it; `stale` says so.
                let administrator = try await Administrator(organization)
                defer { withExtendedLifetime(administrator) {} }
                try await organization.program.storing { () async throws(StorageError) in
                    try await store.cancel(scheduled, reason: reason)
                }
            }
            tell("\(name): \(dryRun ? "would stay" : "stays")", credential, nil, organization, json)
            return 0
        }
        if let obstacle = try await organization.obstacle(toDeleting: credential) {
            throw obstacle
        }
        let date = try retireAfter.map { (text) throws(Failure) in
            guard let interval = try? Interval(parsing: text), interval > .zero else {
                throw Failure("`\(text)` is no duration", hint: "write 7d or 12h", .usage)
            }
            return organization.program.clock.now() + interval
        }
        if let scheduled, let due = scheduled.dueAt, date != nil {
            throw Failure(
                "\(name) is set to be deleted on \(due.minuteText) already",
                hint: "--take-back first, or delete it now without --retire-after", .usage)
        }
        let kind = credential.kind == .apiKey ? "the API key" : "the service account"
        let place = credential.project.map { " of the project \($0)" } ?? ""
        organization.program.console.say(
            "keyturn: this is about \(kind) \(credential.providerID)\(place), named \(name)")
        for line in try await organization.consequences(ofDeleting: credential) {
            organization.program.console.say("keyturn: \(line)")
        }
        guard !dryRun else {
            tell(
                "\(name): would be deleted"
                    + (date.map { " by the first run after \($0.secondText)" } ?? ""), credential,
                date, organization, json)
            return 0
        }
        try confirmation.require([name], "delete", surroundings)
        let administrator = try await Administrator(organization)
        defer { withExtendedLifetime(administrator) {} }
        let lock = try await organization.held(credential)
        defer { withExtendedLifetime(lock) {} }
        // Much may have happened while somebody typed.
        if let obstacle = try await organization.obstacle(toDeleting: credential) {
            throw obstacle
        }
        let present = try await organization.scheduledDeletion(of: credential)
        let store = organization.store
        if let date {
            guard present == nil else {
                throw Failure(
                    "\(name) was set to be deleted meanwhile", hint: "see `keyturn check`", .busy)
            }
            let administration = try organization.administration(
                .delete, of: credential, reason: reason, dueAt: date)
            try await organization.program.storing { () async throws(StorageError) in
                try await store.schedule(administration)
            }
            tell(
                "\(name): will be deleted by the first run after \(date.secondText); until then "
                    + "--take-back", credential, date, organization, json)
        } else {
            try await administrator.perform(
                try organization.administration(.delete, of: credential, reason: reason))
            // A crash before it leaves a date at which nothing is there to be deleted.
            if let present {
                try await organization.program.storing { () async throws(StorageError) in
                    try await store.cancel(present, reason: "deleted now")
                }
            }
            tell("\(name): deleted", credential, nil, organization, json)
        }
        return 0
    }

    private func tell(
        _ line: String, _ credential: CredentialReference, _ date: Timestamp?,
        _ organization: Organization, _ json: Bool
    ) {
        var object = credential.administered(
            takeBack ? "keep" : Administration.Action.delete.rawValue, applied: !dryRun)
        object["due_at"] = (date?.rfc3339).map(JSON.string)
        organization.program.console.answer(json: json, line, object)
    }
}

extension Organization {
    /// The deletion of a credential that is set for a date.
    func scheduledDeletion(
        of credential: CredentialReference
    ) async throws(Failure) -> Administration? {
        let store = store
        return try await program.storing { () async throws(StorageError) in
            try await store.administrations().first { administration, state in
                state == .scheduled && administration.action == .delete
                    && administration.providerID == credential.providerID
                    && administration.kind == credential.kind
            }?.0
        }
    }

    /// Why a credential cannot be deleted now; nil: it can.
    func obstacle(toDeleting credential: CredentialReference) async throws(Failure) -> Failure? {
        let store = store
        // Who edited the rows that protect it must not have it deleted.
        let edited = try await program.storing { () async throws(StorageError) in
            try await store.contradictions()
        }
        if let first = edited.first { return Failure(StorageError.damaged(first)) }
        guard let owner = try await owner(of: credential) else { return nil }
        let (current, open, admins) = try await program.storing { () async throws(StorageError) in
            (
                try await store.versions(ofSecret: owner.secret.id)
                    .first { $0.state == .current }?.providerID,
                try await store.openRotation(of: owner.secret), try await store.adminSecrets()
            )
        }
        if open != nil {
            return Failure(
                "a rotation of \(owner.secret.name) is under way",
                hint: "`keyturn run` finishes it; see `keyturn rotation show \(owner.secret.name)`",
                .failure)
        }
        guard current == credential.providerID else { return nil }
        if admins.contains(owner.secret.id) {
            return Failure(
                "it is the admin \(owner.secret.name) of this connection",
                hint: "log another account in under that name first, with `keyturn login`",
                .failure)
        }
        guard let policy = owner.policy else { return nil }
        return Failure(
            "the policy \(policy.policy.name) keeps it fresh and delivers it",
            hint: "take that away first: `keyturn policy remove \(policy.policy.name)`", .failure)
    }

    /// What will break when a credential is deleted, one sentence each.
    func consequences(
        ofDeleting credential: CredentialReference
    ) async throws(Failure) -> [String] {
        var lines = ["its secret, and every token obtained with it, dies within seconds"]
        if credential.kind == .apiKey { lines = ["whoever uses the key is refused within seconds"] }
        guard let owner = try await owner(of: credential) else {
            lines.append("nobody here knows who uses it: no secret of this state is over it")
            return lines
        }
        let store = store
        let places: [String]
        do {
            let current = try await store.versions(ofSecret: owner.secret.id)
                .first { $0.providerID == credential.providerID }
            places =
                if let current {
                    try await store.deliveries(of: current.number, of: owner.secret)
                        .filter { $0.state == .done }.map(\.destination.id)
                } else { [] }
        } catch let error as StorageError {
            throw Failure(error)
        } catch {
            throw Failure(StorageError.inputOutput)
        }
        lines += places.map { "\($0) has its value" }
        return lines
    }
}
