import Testing

@testable import PineconeEmulator

struct TokensTests {
    private let fields = [
        "grant_type": "client_credentials", "client_id": "", "client_secret": "",
        "audience": "https://api.pinecone.io/",
    ]

    private func ask(_ desk: Desk, _ type: String, _ body: String) -> Response {
        let request = Request(
            method: "POST", target: "/oauth/token", headers: ["content-type": type],
            body: Array(body.utf8))
        let now = Timestamp(ms: desk.nowMs)
        guard case .carryOut(let ticket, _) = desk.service.admit(request, at: now) else {
            return .empty(0)
        }
        return desk.service.carryOut(ticket, at: now).response
    }

    @Test func `a form is as good as JSON`() {
        let desk = Desk()
        let form =
            "grant_type=client_credentials&client_id=\(desk.owner.clientID)"
            + "&client_secret=\(desk.owner.clientSecret)&audience=https%3A%2F%2Fapi.pinecone.io%2F"
        let answer = ask(desk, "application/x-www-form-urlencoded", form)
        #expect(answer.status == 200)
        #expect(answer.json["token_type"] == "Bearer")
        #expect(answer.json["expires_in"] == 1800)
    }

    @Test(arguments: ["grant_type", "client_id", "client_secret", "audience"])
    func `all four fields are required`(_ missing: String) {
        let desk = Desk()
        var fields = fields
        fields["client_id"] = desk.owner.clientID
        fields["client_secret"] = desk.owner.clientSecret
        fields[missing] = nil
        let body = JSON.object(fields.map { .init(name: $0.key, value: .string($0.value)) })
        #expect(ask(desk, "application/json", body.text).status == 400)
    }

    @Test func `the audience ends in a slash`() {
        let desk = Desk()
        var fields = fields
        fields["client_id"] = desk.owner.clientID
        fields["client_secret"] = desk.owner.clientSecret
        fields["audience"] = "https://api.pinecone.io"
        let body = JSON.object(fields.map { .init(name: $0.key, value: .string($0.value)) })
        #expect(ask(desk, "application/json", body.text).status == 403)
    }

    @Test func `an unreadable body is 400, an unknown client 401`() {
        let desk = Desk()
        #expect(ask(desk, "application/json", "{").status == 400)
        #expect(desk.exchange("unknown", "secret").status == 401)
    }

    @Test func `an account without bindings obtains a token but may do nothing`() throws {
        let desk = Desk()
        let token = try #require(desk.token(desk.add()))
        for path in ["/admin/projects", "/admin/service-accounts", "/admin/role-bindings"] {
            let answer = desk.ask("GET", path, token: token)
            #expect(answer.status == 403)
            #expect(answer.json["status"] == 403)
            #expect(answer.code == "PERMISSION_DENIED")
        }
    }
}
