/// The login host: `POST /oauth/token`.
extension World {
    /// Pinecone's audience; it ends in a slash.
    static let audience = "https://api.pinecone.io/"

    mutating func exchange(_ call: Call) -> Response {
        guard let fields = call.request.fields else {
            return Self.oauthError(400, "invalid_request", "The body cannot be read")
        }
        guard let grantType = fields["grant_type"], let clientID = fields["client_id"],
            let secret = fields["client_secret"], let audience = fields["audience"]
        else { return Self.oauthError(400, "invalid_request", "A field is missing") }
        guard grantType == "client_credentials" else {
            return Self.oauthError(400, "unsupported_grant_type", "Unsupported grant type")
        }
        guard audience == Self.audience else {
            return Self.oauthError(403, "access_denied", "Service not enabled within domain")
        }
        guard accepts(clientID: clientID, clientSecret: secret, at: call.now),
            let accountID = accountIDs[clientID]
        else { return Self.wrongSecret(call.settings, status: call.settings.wrongSecretStatus) }

        forgetDeadTokens(of: accountID, at: call.now)
        let value = mint.accessToken()
        let lifeMs = (call.settings.expiresIn ?? 1800) * 1000
        insert(AccessToken(accountID: accountID, until: call.now.adding(ms: lifeMs)), value: value)
        var members = [
            JSON.Member(name: "access_token", value: .string(value)),
            JSON.Member(name: "token_type", value: "Bearer"),
        ]
        if let seconds = call.settings.expiresIn {
            members.append(JSON.Member(name: "expires_in", value: .int(seconds)))
        }
        return .json(200, .object(members))
    }

    /// Whether a token exchange with these would succeed at `now`.
    func accepts(clientID: String, clientSecret: String, at now: Timestamp) -> Bool {
        guard let id = accountIDs[clientID], let account = accounts[id] else { return false }
        return account.secrets.contains { $0.value == clientSecret && $0.isAccepted(at: now) }
    }

    /// The refusal of a wrong secret, in the form the settings ask for.
    static func wrongSecret(_ settings: Settings, status: Int) -> Response {
        switch settings.wrongSecretBody {
        case .json: oauthError(status, "access_denied", "Unauthorized")
        case .text: .text(status, "Unauthorized")
        case .empty: .empty(status)
        }
    }

    private static func oauthError(_ status: Int, _ error: String, _ text: String) -> Response {
        .json(status, ["error": .string(error), "error_description": .string(text)])
    }
}
