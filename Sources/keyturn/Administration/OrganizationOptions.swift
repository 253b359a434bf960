import ArgumentParser
import OpenSSL
import Pinecone
import Rotations
import Storage

/// Which organization, and how it is talked about. Every command that administers takes it.
struct OrganizationOptions: ParsableArguments {
    @OptionGroup var state: StateOptions
    @Option(name: .long, help: "The connection, where there are several.")
    var connection: String?

    /// Whether to print objects.
    var json: Bool { state.json }

    /// The organization, with a state that is unlocked: for reading only, or so that something can be
    /// done there.
    func open(
        _ surroundings: Surroundings, isReading: Bool
    ) async throws(Failure) -> Organization {
        let program = try state.program(surroundings)
        let store = try await program.open(dryRun: isReading)
        // Unlocked, the store gives only connections that the signed trail has.
        try await program.unlock(store)
        return try await Organization(connection, program: program, store: store)
    }
}

extension Organization {
    /// A new administration of this connection.
    func administration(
        _ action: Administration.Action, of credential: CredentialReference,
        newName: String? = nil, rights: [Right] = [], reason: String? = nil,
        dueAt: Timestamp? = nil
    ) throws(Failure) -> Administration {
        Administration(
            id: try newIdentifier(), action, of: credential.kind, on: connection.name,
            providerID: credential.providerID, name: credential.name ?? "",
            project: credential.project, newName: newName, rights: rights, reason: reason,
            at: program.clock.now(), dueAt: dueAt)
    }

    func newIdentifier() throws(Failure) -> Identifier {
        do throws(JournalError) {
            return try store.newIdentifier()
        } catch {
            throw Failure(error)
        }
    }

    /// The secret that a credential belongs to here, with its policy.
    func owner(
        of credential: CredentialReference
    ) async throws(Failure) -> (secret: SecretReference, policy: StoredPolicy?)? {
        let (store, connection) = (store, connection.name)
        return try await program.storing { () async throws(StorageError) in
            guard
                let secret = try await store.owner(
                    of: credential.providerID, credential.kind, on: connection)
            else { return nil }
            return (secret, try await store.policy(named: secret.name))
        }
    }

    /// The lock of the secret that a credential belongs to: no rotation may run into what is done
    /// (P2). Nil where it belongs to none.
    func held(_ credential: CredentialReference) async throws(Failure) -> HeldLock? {
        guard let owner = try await owner(of: credential) else { return nil }
        return try await HeldLock.take(of: owner.secret, for: program)
    }
}
