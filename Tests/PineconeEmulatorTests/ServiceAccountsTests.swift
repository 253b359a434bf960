import Testing

@testable import PineconeEmulator

struct ServiceAccountsTests {
    private let path = "/admin/service-accounts"
    private let absent = "/admin/service-accounts/99999999-9999-4999-8999-999999999999"

    @Test func `create answers 201 with the secret after the account`() {
        let desk = Desk()
        let answer = desk.ask("POST", path, ["name": "deploys"])
        #expect(answer.status == 201)
        #expect(answer.text.hasPrefix(#"{"service_account":{"id":""#))
        #expect(answer.json["service_account"]?["name"] == "deploys")
        #expect(answer.json["service_account"]?["updated_at"] == "2026-05-04T09:20:00Z")
    }

    @Test func `names have 1 to 80 bytes`() {
        let desk = Desk()
        let bytes80 = String(repeating: "é", count: 40)
        #expect(desk.ask("POST", path, ["name": .string(bytes80)]).status == 201)
        let bad: [JSON] = [
            ["name": .string(bytes80 + "a")], ["name": ""], [:], ["name": 1], ["name": .null],
        ]
        for body in bad { #expect(desk.ask("POST", path, body).code == "INVALID_ARGUMENT") }
        #expect(desk.ask("POST", path).status == 400)
    }

    @Test func `rename moves updated_at alone, even without a name`() {
        let desk = Desk()
        let account = desk.add()
        desk.nowMs += 60_000
        let empty = desk.ask("PATCH", "\(path)/\(account.id)", [:]).json
        #expect(empty["name"] == "deploys")
        #expect(empty["updated_at"] == "2026-05-04T09:21:00Z")
        #expect(empty["created_at"] == "2026-05-04T09:20:00Z")
        #expect(desk.ask("PATCH", "\(path)/\(account.id)", ["name": "b"]).json["name"] == "b")
    }

    @Test func `delete takes secrets, tokens and bindings along`() throws {
        let desk = Desk()
        desk.service.settings.oldSecretLifeMs = 30_000
        let account = desk.add(grants: [.organization(.orgMember)])
        let token = try #require(desk.token(account))
        let deleted = desk.ask("DELETE", "\(path)/\(account.id)")
        #expect(deleted.status == 202)
        #expect(deleted.body.isEmpty)
        #expect(desk.ask("DELETE", "\(path)/\(account.id)").status == 404)
        #expect(desk.ask("GET", "/admin/projects", token: token).status == 401)
        #expect(!desk.accepts(account, account.clientSecret))
        #expect(desk.service.world.bindings(of: account.id).isEmpty)
    }

    @Test func `absent, malformed and other organizations' ids are refused`() {
        let desk = Desk()
        let other = desk.service.world.addOrganization(name: "other", at: Timestamp(ms: 0))
        let theirs = desk.service.world.addServiceAccount(
            organizationID: other.id, name: "theirs", grants: [], at: Timestamp(ms: 0))
        for (path, status) in [
            (absent, 404), ("\(path)/nonsense", 400), ("\(path)/\(theirs.id)", 404),
        ] {
            #expect(desk.ask("GET", path).status == status)
            #expect(desk.ask("PATCH", path, [:]).status == status)
            #expect(desk.ask("DELETE", path).status == status)
            #expect(desk.ask("POST", path + "/rotate-secret").status == status)
        }
        #expect(desk.accepts(theirs, theirs.clientSecret))
    }

    @Test(arguments: Role.allCases.filter { $0 != .orgOwner })
    func `only organization owners manage them`(_ role: Role) {
        let desk = Desk()
        let scope: Grant =
            role.isForOrganization
            ? .organization(role) : .project(desk.project.id, role)
        let caller = desk.add(grants: [scope])
        let target = "\(path)/\(desk.owner.id)"
        for (method, path) in [
            ("GET", path), ("POST", path), ("GET", target), ("PATCH", target),
            ("DELETE", target), ("POST", target + "/rotate-secret"),
        ] {
            let answer = desk.ask(method, path, [:], token: desk.token(caller))
            #expect(answer.status == 403)
            #expect(answer.code == "PERMISSION_DENIED")
        }
        #expect(desk.accepts(desk.owner, desk.owner.clientSecret))
    }

    @Test func `an account may rotate itself, and its token dies at once`() throws {
        let desk = Desk()
        let token = try #require(desk.token(desk.owner))
        let rotate = "\(path)/\(desk.owner.id)/rotate-secret"
        let answer = desk.ask("POST", rotate, token: token)
        #expect(answer.status == 200)
        #expect(desk.ask("GET", "/admin/projects", token: token).status == 401)
        let secret = try #require(answer.json["client_secret"]?.string)
        #expect(desk.accepts(desk.owner, secret))
    }

    @Test(arguments: ["0", "101", "-1", "many", ""])
    func `a limit out of range is 400`(_ limit: String) {
        let answer = Desk().ask("GET", "\(path)?limit=\(limit)")
        #expect(answer.status == 400)
        #expect(answer.code == "OUT_OF_RANGE")
    }

    @Test func `a pagination token belongs to its query and limit`() throws {
        let desk = Desk()
        _ = desk.add()
        let first = desk.ask("GET", "\(path)?limit=1").json
        let token = try #require(first["pagination"]?["next"]?.string)
            .replacing("=", with: "%3D")
        #expect(desk.ask("GET", "\(path)?limit=1&paginationToken=\(token)").status == 200)
        for target in [
            "\(path)?limit=2&paginationToken=\(token)", "\(path)?limit=1&paginationToken=!",
            "/admin/role-bindings?limit=1&paginationToken=\(token)",
        ] {
            #expect(desk.ask("GET", target).status == 400)
        }
    }
}
