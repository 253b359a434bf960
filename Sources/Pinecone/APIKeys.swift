import Rotations
import Secrets

/// API keys, always with overlap: a second key is made, and the first deleted later.
package struct APIKeys: Provider {
    private let client: AdminClient

    package init(_ client: AdminClient) { self.client = client }

    package func survey(_ credential: CredentialReference) async -> Outcome<Survey> {
        let key: Wire.APIKey
        switch await client.fetchAPIKey(credential.providerID) {
        case .done(let found): key = found
        case .refused(let refusal): return .refused(refusal)
        case .unsettled(let cause): return .unsettled(cause)
        }
        if let project = credential.project, project != key.projectID {
            return .refused(Refusal(.targetMissing))
        }
        switch await client.listAPIKeys(of: key.projectID) {
        case .done(let keys):
            return .done(
                Survey(
                    found: Self.reference(key), listed: keys.map(Self.reference),
                    admin: await client.adminInUse(except: nil) ?? ""))
        case .refused(let refusal): return .refused(refusal)
        case .unsettled(let cause): return .unsettled(cause)
        }
    }

    package func ask(_ credential: borrowing Credential) async -> Verdict {
        await client.ask(apiKey: credential.value)
    }

    /// The new key gets the roles of the old one.
    package func issue(_ order: Order) async -> Outcome<SecretBytes> {
        guard let name = order.attemptName else { preconditionFailure("an attempt has a name") }
        switch await client.fetchAPIKey(order.credential.providerID) {
        case .done(let old):
            return await client.createAPIKey(in: old.projectID, name: name, roles: old.roles)
        case .refused(let refusal): return .refused(refusal)
        case .unsettled(let cause): return .refused(Refusal(cause))
        }
    }

    package func read(
        _ answer: borrowing SecretBytes, of order: Order
    ) throws(UndecodableAnswer) -> Issued {
        let issued = try Issued(apiKey: answer, in: order.credential.project)
        let found = issued.credential.reference
        guard found.name == order.attemptName, found.providerID != order.credential.providerID
        else { throw UndecodableAnswer(.answerForAnother) }
        return issued
    }

    package func find(_ order: Order) async -> Outcome<[CredentialReference]> {
        guard let project = order.credential.project else { return .done([]) }
        switch await client.listAPIKeys(of: project) {
        case .done(let keys):
            return .done(keys.filter { $0.name == order.attemptName }.map(Self.reference))
        case .refused(let refusal): return .refused(refusal)
        case .unsettled(let cause): return .unsettled(cause)
        }
    }

    /// Both keys are fetched: the roles of an old one may have been changed since. From a key that
    /// somebody deleted nothing differs; the new one is the control (P20).
    package func compareRights(
        of new: CredentialReference, with old: CredentialReference
    ) async -> Outcome<RightsDifference> {
        await rights(of: new).then { new in
            switch await rights(of: old) {
            case .done(let old): .done(RightsDifference(of: new, with: old))
            case .refused(let refusal) where refusal.cause == .targetMissing:
                .done(RightsDifference(missing: [], extra: []))
            case .refused(let refusal): .refused(refusal)
            case .unsettled(let cause): .unsettled(cause)
            }
        }
    }

    private func rights(of key: CredentialReference) async -> Outcome<Set<Right>> {
        await client.fetchAPIKey(key.providerID).map { key in
            Set((key.roles ?? []).map { Right(role: $0, resourceType: nil, resourceID: nil) })
        }
    }

    /// `PATCH` replaces the whole set, so it is sent with what the key has and the new ones.
    package func grant(
        _ rights: [Right], to credential: CredentialReference
    ) async -> Outcome<Void> {
        await self.rights(of: credential).then { present in
            await client.setRoles(
                present.union(rights).map(\.role).sorted(), ofAPIKey: credential.providerID)
        }
    }

    package func retire(_ credential: CredentialReference) async -> Outcome<Void> {
        await client.deleteAPIKey(credential.providerID, of: credential.project)
    }

    private static func reference(_ key: Wire.APIKey) -> CredentialReference {
        CredentialReference(
            kind: .apiKey, providerID: key.id, name: key.name, clientID: nil,
            project: key.projectID)
    }

    package var clockOffsetMilliseconds: Int64? {
        get async { await client.clockOffsetMilliseconds }
    }
}

extension Issued {
    /// What the answer to creating a key holds.
    init(
        apiKey answer: borrowing SecretBytes, in project: String?
    ) throws(UndecodableAnswer) {
        guard let id = SecretJSON.plain(["key", "id"], in: answer.bytes),
            let value = SecretJSON.secret(["value"], in: answer.bytes), !value.isEmpty,
            Self.isPlausible(id)
        else { throw UndecodableAnswer(.answerUndecodable) }
        guard Self.canBeSent(value) else { throw UndecodableAnswer(.valueUnfit) }
        self.init(
            Credential(
                reference: CredentialReference(
                    kind: .apiKey, providerID: id,
                    name: SecretJSON.plain(["key", "name"], in: answer.bytes), clientID: nil,
                    project: project), value: value))
    }

    /// Whether a header can carry it. Else it can neither be proved nor used.
    private static func canBeSent(_ value: borrowing SecretBytes) -> Bool {
        let bytes = value.bytes
        return bytes.indices.allSatisfy { bytes[$0] > 0x20 && bytes[$0] < 0x7f }
    }
}
