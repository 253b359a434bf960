import Rotations
import Secrets

/// Service accounts, with overlap: a sibling account with the same role bindings is made, and the
/// first deleted later. The client id changes with the account.
package struct SiblingAccounts: Provider {
    private let client: AdminClient

    package init(_ client: AdminClient) { self.client = client }

    /// The list says whether the account is there, and its name.
    package func survey(_ credential: CredentialReference) async -> Outcome<Survey> {
        let id = credential.providerID
        if await client.isAdmin(id), let refusal = await client.requireAnotherAdmin(than: id) {
            return .refused(refusal)
        }
        return await client.listServiceAccounts(except: id).then { accounts in
            guard let account = accounts.first(where: { $0.id == id }) else {
                return .refused(Refusal(.targetMissing))
            }
            return .done(
                Survey(
                    found: account.reference, listed: accounts.map(\.reference),
                    admin: await client.adminInUse(except: id) ?? ""))
        }
    }

    package func ask(_ credential: borrowing Credential) async -> Verdict {
        await ServiceAccounts(client).ask(credential)
    }

    /// The sibling is created with the old account's bindings, or as many as the call takes; the
    /// rest are granted when it is proved.
    package func issue(_ order: Order) async -> Outcome<SecretBytes> {
        guard let name = order.attemptName else { preconditionFailure("an attempt has a name") }
        let id = order.credential.providerID
        switch await client.rights(of: id, except: id) {
        case .done(let rights):
            return await client.createServiceAccount(named: name, with: rights, except: id)
        case .refused(let refusal): return .refused(refusal)
        case .unsettled(let cause): return .refused(Refusal(cause))
        }
    }

    package func read(
        _ answer: borrowing SecretBytes, of order: Order
    ) throws(UndecodableAnswer) -> Issued {
        let issued = try Issued(serviceAccount: answer, orNamed: nil)
        let found = issued.credential.reference
        guard found.name == order.attemptName, found.providerID != order.credential.providerID
        else { throw UndecodableAnswer(.answerForAnother) }
        return issued
    }

    package func find(_ order: Order) async -> Outcome<[CredentialReference]> {
        await client.listServiceAccounts(except: order.credential.providerID).map { accounts in
            accounts.filter { $0.name == order.attemptName }.map(\.reference)
        }
    }

    /// Both are read: the rights of the old account may have been changed since. From an account that
    /// somebody deleted nothing differs; the bindings of the new one are the control (P20).
    package func compareRights(
        of new: CredentialReference, with old: CredentialReference
    ) async -> Outcome<RightsDifference> {
        let id = old.providerID
        return await client.rights(of: new.providerID, except: id).then { newRights in
            await client.rights(of: id, except: id).then { oldRights in
                if oldRights.isEmpty, !newRights.isEmpty,
                    case .refused(let refusal) = await client.fetchServiceAccount(id, except: id),
                    refusal.cause == .targetMissing
                {
                    return .done(RightsDifference(missing: [], extra: []))
                }
                return .done(RightsDifference(of: Set(newRights), with: Set(oldRights)))
            }
        }
    }

    package func grant(
        _ rights: [Right], to credential: CredentialReference
    ) async -> Outcome<Void> {
        for right in rights {
            switch await client.grant(right, toServiceAccount: credential.providerID) {
            case .done: continue
            case .refused(let refusal): return .refused(refusal)
            case .unsettled(let cause): return .unsettled(cause)
            }
        }
        return .done(())
    }

    package func retire(_ credential: CredentialReference) async -> Outcome<Void> {
        if let refusal = await client.requireAnotherAdmin(ifMayRotate: credential.providerID) {
            return .refused(refusal)
        }
        return await client.deleteServiceAccount(credential.providerID)
    }

    package var clockOffsetMilliseconds: Int64? {
        get async { await client.clockOffsetMilliseconds }
    }
}
