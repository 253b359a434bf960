@testable import PineconeEmulator

/// A service asked directly: no network, and a clock that stands still.
final class Desk {
    var service: Service
    var nowMs: Int64 = 1_777_886_400_000
    let organization: Organization
    let project: Project
    let owner: ServiceAccount

    /// A world of one organization with one project and one owner.
    init(_ settings: Settings = Settings()) {
        var world = World(seed: 7)
        let now = Timestamp(ms: nowMs)
        organization = world.addOrganization(name: "acme", at: now)
        project = world.addProject(organizationID: organization.id, name: "search", at: now)
        owner = world.addServiceAccount(
            organizationID: organization.id, name: "owner",
            grants: [.organization(.orgOwner)], at: now)
        service = Service(world: world, settings: settings)
    }

    /// Asks as the owner, or with another token.
    func ask(
        _ method: String, _ target: String, _ body: JSON? = nil, token: String? = nil,
        version: String? = "2026-07"
    ) -> Response {
        var headers = ["authorization": "Bearer \(token ?? self.token(owner) ?? "")"]
        headers["x-pinecone-api-version"] = version
        return deliver(method, target, headers: headers, body).response
    }

    /// Asks with exactly these headers and shows what becomes of the answer.
    func deliver(
        _ method: String, _ target: String, headers: [String: String], _ body: JSON? = nil
    ) -> Delivery {
        let request = Request(
            method: method, target: target, headers: headers, body: Array((body?.text ?? "").utf8))
        let now = Timestamp(ms: nowMs)
        switch service.admit(request, at: now) {
        case .answered(let delivery): return delivery
        case .carryOut(let ticket, _): return service.carryOut(ticket, at: now)
        }
    }

    /// The answer of the login host.
    func exchange(_ clientID: String, _ secret: String) -> Response {
        let fields: JSON = [
            "grant_type": "client_credentials", "client_id": .string(clientID),
            "client_secret": .string(secret), "audience": "https://api.pinecone.io/",
        ]
        return deliver(
            "POST", "/oauth/token", headers: ["content-type": "application/json"], fields
        ).response
    }

    /// A token for the account; nil when its secret is refused.
    func token(_ account: ServiceAccount, secret: String? = nil) -> String? {
        exchange(account.clientID, secret ?? account.clientSecret).json["access_token"]?.string
    }

    func accepts(_ account: ServiceAccount, _ secret: String) -> Bool {
        token(account, secret: secret) != nil
    }

    func accepts(apiKey value: String) -> Bool {
        deliver("GET", "/indexes", headers: ["api-key": value]).response.status != 401
    }

    func add(_ name: String = "deploys", grants: [Grant] = []) -> ServiceAccount {
        service.world.addServiceAccount(
            organizationID: organization.id, name: name, grants: grants,
            at: Timestamp(ms: nowMs))
    }

    /// Rotates as the owner and returns the new secret.
    func rotate(_ account: ServiceAccount) -> String {
        ask("POST", "/admin/service-accounts/\(account.id)/rotate-secret")
            .json["client_secret"]?.string ?? ""
    }
}

extension Response {
    /// The body; null if it is not JSON.
    var json: JSON {
        (try? JSON(reading: body)) ?? .null  // tests then fail on what they look for
    }

    var text: String {
        String(decoding: body, as: UTF8.self)
    }

    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    var code: String? {
        json["error"]?["code"]?.string
    }
}
