import Handoff
import Rotations
import Secrets
import Storage

/// Shows a value to a person: the one way in which a secret is printed.
struct Revelation {
    let program: Program
    let store: Store
    let secret: SecretReference

    /// Prints the value of a version. P35: the entry is on disk before a byte is printed.
    func show(
        _ version: Version, as format: SecretReveal.Format, json: Bool, reason: String?
    ) async throws(Failure) {
        let text = try await rendered(version, as: format, json: json)
        let (store, secret) = (store, secret)
        try await program.storing { () async throws(StorageError) in
            try await store.recordReveal(of: version.number, secret, reason: reason)
        }
        program.console.answer(secret: text)
        if program.console.isTerminal, format == .raw, !json { program.console.answer("") }
    }

    private func rendered(
        _ version: Version, as format: SecretReveal.Format, json: Bool
    ) async throws(Failure) -> SecretBytes {
        let kind: Target.Kind = version.clientID == nil ? .apiKey : .serviceAccount
        let value = try await opened(version)
        let names = try await environmentNames()
        let payload = Payload(
            label: PayloadLabel(
                name: secret.name, version: version.number, kind: kind, rotation: nil),
            credential: Credential(
                reference: CredentialReference(
                    kind: kind, providerID: version.providerID, name: version.providerName,
                    clientID: version.clientID, project: nil), value: value),
            names: names)
        let wanted: PayloadFormat =
            switch json ? .json : format {
            case .raw: .raw
            case .env: .env
            case .json: .json
            }
        do throws(Unfit) {
            return try Rendering.render(
                payload, as: wanted, kind: json ? "reveal" : nil)
        } catch {
            throw Failure(error.description, hint: error.hint, .failure)
        }
    }

    /// The variables' names that the policy has, if there is one.
    private func environmentNames() async throws(Failure) -> EnvironmentNames {
        do throws(StorageError) {
            return try await store.policy(named: secret.name)?.policy.terms.environmentNames
                ?? EnvironmentNames()
        } catch {
            throw Failure(error)
        }
    }

    private func opened(_ version: Version) async throws(Failure) -> SecretBytes {
        do throws(StorageError) {
            return try await store.open(version: version.number, ofSecret: secret.id)
        } catch {
            throw Failure(error)
        }
    }
}
