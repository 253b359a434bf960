import Pinecone
import Rotations
import Storage

/// What a run does at providers besides rotations: it settles what was interrupted, and deletes what
/// was set for a date that has come.
struct Administering {
    let program: Program
    let store: Store

    struct Result {
        var failed = 0
        var isUnsettled = false
        /// Of what was not done, beside plain failures: 6, or attention.
        var statuses: Set<ExitStatus> = []
    }

    /// - Parameter isClockTrusted: nothing is deleted by a date that a doubtful clock says (P28).
    func run(isClockTrusted: Bool) async throws(Failure) -> Result {
        let (store, now) = (store, program.clock.now())
        let rows = try await program.storing { () async throws(StorageError) in
            try await store.administrations()
        }
        var result = Result()
        for connection in Set(rows.map(\.0.connection)).sorted() {
            let organization = try await Organization(connection, program: program, store: store)
            guard let administrator = try await Administrator(waitingIn: organization) else {
                // Another process is at it.
                continue
            }
            defer { withExtendedLifetime(administrator) {} }
            result.failed += administrator.failed
            // Read under the lock: somebody may have taken one back.
            let present = try await program.storing { () async throws(StorageError) in
                try await store.dueAdministrations(at: now, on: connection)
            }
            for administration in present where isClockTrusted {
                do throws(Failure) {
                    try await delete(administration, organization, administrator)
                } catch {
                    program.console.fail(error)
                    if [.brokenTrail, .attention].contains(error.status) {
                        result.statuses.insert(error.status)
                    } else {
                        result.failed += 1
                    }
                }
            }
            let unsettled = try await program.storing { () async throws(StorageError) in
                try await store.administrations().filter {
                    [.intended, .unsettled].contains($0.1) && $0.0.connection == connection
                }
            }
            for (administration, _) in unsettled {
                program.console.warn(
                    "nobody knows yet whether this happened: \(administration.action.rawValue) "
                        + administration.name)
                result.isUnsettled = true
            }
        }
        return result
    }

    private func delete(
        _ administration: Administration, _ organization: Organization,
        _ administrator: Administrator
    ) async throws(Failure) {
        let credential = CredentialReference(
            kind: administration.kind, providerID: administration.providerID,
            name: administration.name, clientID: nil, project: administration.project)
        let lock = try await organization.held(credential)
        defer { withExtendedLifetime(lock) {} }
        // P28: the provider's clock has been seen when a token was asked for.
        _ = await organization.client.adminName()
        guard abs(await organization.client.clockOffsetMilliseconds ?? 0) <= 300_000 else {
            throw Failure(
                "the clock differs from the provider's: \(administration.name) is not deleted",
                hint: "set the clock; the next runs try again", .attention)
        }
        // What it was when the date was set may have changed since.
        if let obstacle = try await organization.obstacle(toDeleting: credential) {
            throw Failure(
                "\(administration.name) is set to be deleted, and is not: \(obstacle.message)",
                hint: "keep it with --take-back, or: \(obstacle.hint ?? "")", obstacle.status)
        }
        try await administrator.perform(administration)
        program.console.say(
            "keyturn: the \(administration.kind.rawValue) \(administration.name) is deleted, as was "
                + "set")
    }
}
