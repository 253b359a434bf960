/// `/admin/service-accounts`.
extension World {
    func listServiceAccounts(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        try caller.requireOrgOwner()
        let shown = accounts.values.filter {
            $0.organizationID == caller.organizationID && Self.isShown($0.shownUntil, at: call.now)
        }
        return try Page.answer(
            call, items: shown, id: \.id, filters: "", json: { $0.json(call.settings) })
    }

    mutating func createServiceAccount(
        _ call: Call, as caller: Caller
    ) throws(Refusal) -> Response {
        try caller.requireOrgOwner()
        let body = try call.object()
        let name = try call.requiredName(in: body)
        let grants = try self.grants(in: body["role_bindings"], as: caller)
        let account = addServiceAccount(
            organizationID: caller.organizationID, name: name, grants: grants, at: call.now,
            acceptedFrom: call.now.start(afterMs: call.settings.newSecretDelayMs))
        return .json(201, account.jsonWithSecret(call.settings))
    }

    func fetchServiceAccount(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        try caller.requireOrgOwner()
        return .json(200, try account(of: call, caller, living: false).json(call.settings))
    }

    mutating func renameServiceAccount(
        _ call: Call, as caller: Caller
    ) throws(Refusal) -> Response {
        try caller.requireOrgOwner()
        var account = try account(of: call, caller, living: true)
        if let name = try call.name(in: try call.object()) { account.name = name }
        account.updatedAt = call.now
        accounts[account.id] = account
        return .json(200, account.json(call.settings))
    }

    mutating func deleteServiceAccount(
        _ call: Call, as caller: Caller
    ) throws(Refusal) -> Response {
        try caller.requireOrgOwner()
        delete(
            account: try account(of: call, caller, living: true).id, call.settings, at: call.now)
        return .empty(202)
    }

    mutating func rotateSecret(_ call: Call, as caller: Caller) throws(Refusal) -> Response {
        try caller.requireOrgOwner()
        let id = try account(of: call, caller, living: true).id
        guard let account = rotate(id, call.settings, at: call.now) else { throw .unknown }
        return .json(200, account.jsonWithSecret(call.settings))
    }

    /// Takes the account and its bindings away; its secrets and tokens die at once.
    mutating func delete(account id: String, _ settings: Settings, at now: Timestamp) {
        guard var account = accounts[id] else { return }
        account.shownUntil = now.adding(ms: settings.deletedVisibleMs)
        account.endSecrets(at: now)
        accounts[id] = account
        endTokens(of: id, at: now)
        for binding in bindings(of: id) { remove(binding, shownUntil: nil) }
    }

    /// Replaces the secret. Nothing that can be read afterwards shows that it happened.
    mutating func rotate(
        _ id: String, _ settings: Settings, at now: Timestamp
    ) -> ServiceAccount? {
        guard var account = accounts[id] else { return nil }
        account.endSecrets(at: now.adding(ms: settings.oldSecretLifeMs))
        account.secrets.removeAll { $0.until.map { $0 <= now } ?? false }
        let from = now.start(afterMs: settings.newSecretDelayMs)
        account.secrets.append(IssuedValue(value: mint.clientSecret(), from: from))
        accounts[id] = account
        if let life = settings.oldTokenLifeMs { endTokens(of: id, at: now.adding(ms: life)) }
        return account
    }

    /// The account in the path; 404 for another organization's, and for a deleted one when it is
    /// to be changed or no longer shown.
    private func account(
        of call: Call, _ caller: Caller, living: Bool
    ) throws(Refusal) -> ServiceAccount {
        guard let account = accounts[try call.identifier()],
            account.organizationID == caller.organizationID,
            living ? account.shownUntil == nil : Self.isShown(account.shownUntil, at: call.now)
        else { throw .notFound("Service account") }
        return account
    }

    /// Whether something deleted, or not, is shown at `now`.
    static func isShown(_ shownUntil: Timestamp?, at now: Timestamp) -> Bool {
        shownUntil.map { now < $0 } ?? true
    }
}

extension ServiceAccount {
    /// Lets no secret live past `moment`.
    fileprivate mutating func endSecrets(at moment: Timestamp) {
        for index in secrets.indices {
            secrets[index].until = min(secrets[index].until ?? moment, moment)
        }
    }
}
