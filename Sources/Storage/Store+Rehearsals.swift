import Rotations

extension Store {
    /// Writes that a delivery is about to be rehearsed: a hook may do what nobody foresaw.
    package func beginRehearsal(
        of secret: SecretReference, at destination: Destination
    ) async throws(StorageError) {
        try await commit(unattested: [secret]) { transaction in
            transaction.append(
                Event(.rehearsalBegun) {
                    $0.secret = secret
                    $0.destination = destination.id
                    $0.isRequired = destination.isRequired
                })
        }
    }

    /// Writes how the rehearsal of a delivery ended.
    package func settleRehearsal(
        of secret: SecretReference, at destination: Destination, _ cause: Cause?, hook: HookReport?
    ) async throws(StorageError) {
        try await commit(unattested: [secret]) { transaction in
            transaction.append(
                Event(.rehearsalSettled) {
                    $0.secret = secret
                    $0.destination = destination.id
                    $0.isRequired = destination.isRequired
                    $0.outcome = cause == nil ? .done : .refused
                    $0.cause = cause
                    $0.hook = hook
                })
        }
    }
}
