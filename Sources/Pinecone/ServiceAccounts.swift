import Rotations
import Secrets

/// Service accounts, in place: the provider replaces the only secret, and the old one dies.
package struct ServiceAccounts: Provider {
    private let client: AdminClient

    package init(_ client: AdminClient) { self.client = client }

    package func survey(_ credential: CredentialReference) async -> Outcome<Survey> {
        if await client.isAdmin(credential.providerID),
            let refusal = await client.requireAnotherAdmin(than: credential.providerID)
        {
            return .refused(refusal)
        }
        switch await client.fetchServiceAccount(
            credential.providerID, except: credential.providerID)
        {
        case .done(let account):
            return .done(
                Survey(
                    found: CredentialReference(
                        kind: .serviceAccount, providerID: account.id, name: account.name,
                        clientID: account.clientID, project: nil),
                    listed: [],
                    admin: await client.adminInUse(except: credential.providerID) ?? ""))
        case .refused(let refusal): return .refused(refusal)
        case .unsettled(let cause): return .unsettled(cause)
        }
    }

    package func ask(_ credential: borrowing Credential) async -> Verdict {
        guard let clientID = credential.reference.clientID else { return .noVerdict }
        return await client.ask(
            clientID: clientID, secret: credential.value, of: credential.reference.providerID)
    }

    package func issue(_ order: Order) async -> Outcome<SecretBytes> {
        await client.rotateSecret(of: order.credential.providerID)
    }

    package func read(
        _ answer: borrowing SecretBytes, of order: Order
    ) throws(UndecodableAnswer) -> Issued {
        guard let id = SecretJSON.plain(["service_account", "id"], in: answer.bytes),
            let clientID = SecretJSON.plain(["service_account", "client_id"], in: answer.bytes),
            let secret = SecretJSON.secret(["client_secret"], in: answer.bytes), !secret.isEmpty
        else { throw UndecodableAnswer(.answerUndecodable) }
        guard id == order.credential.providerID else {
            throw UndecodableAnswer(.answerForAnother)
        }
        let name = SecretJSON.plain(["service_account", "name"], in: answer.bytes)
        return Issued(
            Credential(
                reference: CredentialReference(
                    kind: .serviceAccount, providerID: id, name: name ?? order.credential.name,
                    clientID: clientID, project: nil), value: secret))
    }

    package func find(_ order: Order) async -> Outcome<[CredentialReference]> { .done([]) }

    /// An account keeps its rights when its secret is replaced.
    package func compareRights(
        of new: CredentialReference, with old: CredentialReference
    ) async -> Outcome<RightsDifference> { .done(RightsDifference(missing: [], extra: [])) }

    package func grant(
        _ rights: [Right], to credential: CredentialReference
    ) async -> Outcome<Void> { .done(()) }

    /// In place the provider has retired the old secret itself.
    package func retire(_ credential: CredentialReference) async -> Outcome<Void> { .done(()) }

    package var clockOffsetMilliseconds: Int64? {
        get async { await client.clockOffsetMilliseconds }
    }
}
