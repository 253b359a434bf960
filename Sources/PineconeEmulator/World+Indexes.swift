/// The one data-plane path: `GET /indexes`, which proves an API key.
extension World {
    /// Refused in front of the API, so a 401 is plain text.
    func listIndexes(_ call: Call) -> Response {
        guard let value = call.request.headers["api-key"], accepts(apiKey: value, at: call.now),
            let id = keyIDs[value], let key = keys[id]
        else { return Self.invalidAPIKey }
        guard key.roles.contains(where: \.opensControlPlane) else {
            return Refusal.permissionDenied.response(call.settings)
        }
        return .json(200, ["indexes": []])
    }

    static let invalidAPIKey = Response.text(401, "Invalid API key")

    /// Whether the value of an API key is accepted at `now`.
    func accepts(apiKey value: String, at now: Timestamp) -> Bool {
        guard let id = keyIDs[value], let key = keys[id] else { return false }
        return key.issued.isAccepted(at: now)
    }
}
