import Handoff
import Rotations
import Secrets
import Storage

/// Compares delivered files with what was delivered. The state must be unlocked: what the trail has of
/// a file is a keyed fingerprint.
struct DriftCheck {
    let store: Store

    /// The deliveries of a policy's current version that are no longer as they were made.
    func drifted(
        _ secret: SecretReference
    ) async throws(JournalError) -> [(delivery: Delivery, drift: Drift)] {
        guard
            let current = try await store.versions(of: secret).first(where: {
                $0.state == .current
            })
        else { return [] }
        let store = store
        var found: [(Delivery, Drift)] = []
        for delivery in try await store.deliveries(of: current.number, of: secret)
        where delivery.state == .done {
            let drift = Destinations().drift(of: delivery.destination) { contents in
                // What cannot be computed is no proof.
                (try? store.fingerprint(of: contents)) == delivery.digest
            }
            if let drift { found.append((delivery, drift)) }
        }
        return found
    }
}
