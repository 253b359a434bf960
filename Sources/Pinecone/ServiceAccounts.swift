import Rotations
import Secrets

/// Service accounts, in place: the provider replaces the only secret, and the old one dies.
package struct ServiceAccounts: Provider {
    private let client: AdminClient

    package init(_ client: AdminClient) { self.client = client }

    package func survey(_ credential: CredentialReference) async -> Outcome<Survey> {
        let id = credential.providerID
        if await client.isAdmin(id), let refusal = await client.requireAnotherAdmin(than: id) {
            return .refused(refusal)
        }
        return await client.fetchServiceAccount(id, except: id).then { account in
            .done(
                Survey(
                    found: account.reference, listed: [],
                    admin: await client.adminInUse(except: id) ?? ""))
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
        let issued = try Issued(serviceAccount: answer, orNamed: order.credential.name)
        guard issued.credential.reference.providerID == order.credential.providerID else {
            throw UndecodableAnswer(.answerForAnother)
        }
        return issued
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

extension Issued {
    /// What the answer to rotating, or creating, a service account holds.
    init(
        serviceAccount answer: borrowing SecretBytes, orNamed name: String?
    ) throws(UndecodableAnswer) {
        guard let id = SecretJSON.plain(["service_account", "id"], in: answer.bytes),
            let clientID = SecretJSON.plain(["service_account", "client_id"], in: answer.bytes),
            let secret = SecretJSON.secret(["client_secret"], in: answer.bytes), !secret.isEmpty,
            Self.isPlausible(id), Self.isPlausible(clientID)
        else { throw UndecodableAnswer(.answerUndecodable) }
        let found = SecretJSON.plain(["service_account", "name"], in: answer.bytes)
        self.init(
            Credential(
                reference: CredentialReference(
                    kind: .serviceAccount, providerID: id, name: found ?? name,
                    clientID: clientID, project: nil), value: secret))
    }
}

extension Issued {
    /// Ids go into entries, which are short.
    static func isPlausible(_ id: String) -> Bool { (1...128).contains(id.utf8.count) }
}

extension Wire.ServiceAccount {
    /// The account in our words.
    var reference: CredentialReference {
        CredentialReference(
            kind: .serviceAccount, providerID: id, name: name, clientID: clientID, project: nil)
    }
}
