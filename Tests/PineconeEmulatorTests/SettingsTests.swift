import Testing

@testable import PineconeEmulator

/// Every row of the contract's table of settings.
struct SettingsTests {
    @Test(arguments: [0, 1000, 10_000, 30_000] as [Int64])
    func `an old secret lives as long as set`(_ lifeMs: Int64) {
        let desk = Desk()
        desk.service.settings.oldSecretLifeMs = lifeMs
        let account = desk.add()
        let new = desk.rotate(account)
        #expect(desk.accepts(account, account.clientSecret) == (lifeMs > 0))
        #expect(desk.accepts(account, new))
        desk.nowMs += max(0, lifeMs - 1)
        #expect(desk.accepts(account, account.clientSecret) == (lifeMs > 0))
        desk.nowMs += 1
        #expect(!desk.accepts(account, account.clientSecret))
    }

    @Test(arguments: [0, 5000, nil] as [Int64?])
    func `old tokens live as long as set, apart from the secret`(_ lifeMs: Int64?) throws {
        let desk = Desk()
        desk.service.settings.oldTokenLifeMs = lifeMs
        desk.service.settings.oldSecretLifeMs = 1000
        let account = desk.add(grants: [.organization(.orgMember)])
        let token = try #require(desk.token(account))
        _ = desk.rotate(account)
        #expect((desk.ask("GET", "/admin/projects", token: token).status == 200) == (lifeMs != 0))
        desk.nowMs += 5000
        let lived = desk.ask("GET", "/admin/projects", token: token).status == 200
        #expect(lived == (lifeMs == nil))
        desk.nowMs += 1_795_000
        #expect(desk.ask("GET", "/admin/projects", token: token).status == 401)
    }

    @Test(arguments: [0, 30_000] as [Int64])
    func `a new secret is refused as long as set`(_ delayMs: Int64) throws {
        let desk = Desk()
        desk.service.settings.newSecretDelayMs = delayMs
        let account = desk.add()
        let new = desk.rotate(account)
        #expect(desk.accepts(account, new) == (delayMs == 0))
        let created = desk.ask("POST", "/admin/service-accounts", ["name": "a"]).json
        let clientID = try #require(created["service_account"]?["client_id"]?.string)
        let secret = try #require(created["client_secret"]?.string)
        #expect(desk.exchange(clientID, secret).status == (delayMs == 0 ? 200 : 401))
        desk.nowMs += delayMs
        #expect(desk.accepts(account, new))
        #expect(desk.exchange(clientID, secret).status == 200)
    }

    @Test(arguments: [1800, 86_400, 1, nil] as [Int64?])
    func `expires_in is what is set, and believed`(_ seconds: Int64?) throws {
        let desk = Desk()
        desk.service.settings.expiresIn = seconds
        let answer = desk.exchange(desk.owner.clientID, desk.owner.clientSecret)
        #expect(answer.json["expires_in"] == seconds.map { .int($0) })
        let token = try #require(answer.json["access_token"]?.string)
        desk.nowMs += (seconds ?? 1800) * 1000 - 1
        #expect(desk.ask("GET", "/admin/projects", token: token).status == 200)
        desk.nowMs += 1
        #expect(desk.ask("GET", "/admin/projects", token: token).status == 401)
    }

    @Test(arguments: [401, 403], Settings.BodyForm.allCases)
    func `a wrong secret is refused as set`(_ status: Int, _ form: Settings.BodyForm) {
        let desk = Desk()
        desk.service.settings.wrongSecretStatus = status
        desk.service.settings.wrongSecretBody = form
        let answer = desk.exchange(desk.owner.clientID, "wrong")
        #expect(answer.status == status)
        switch form {
        case .json: #expect(answer.json["error"] == "access_denied")
        case .text: #expect(answer.text == "Unauthorized")
        case .empty: #expect(answer.body.isEmpty)
        }
    }

    @Test(arguments: Settings.BodyForm.allCases)
    func `a 401 of the administration has the form that is set`(_ form: Settings.BodyForm) {
        let desk = Desk()
        desk.service.settings.unauthenticatedBody = form
        let answer = desk.ask("GET", "/admin/projects", token: "nobody's")
        #expect(answer.status == 401)
        switch form {
        case .json: #expect(answer.code == "UNAUTHENTICATED")
        case .text: #expect(answer.text == "Invalid API key")
        case .empty: #expect(answer.body.isEmpty)
        }
    }

    @Test(arguments: [200, 201])
    func `creating a key answers the status that is set`(_ status: Int) {
        let desk = Desk()
        desk.service.settings.apiKeyCreateStatus = status
        let path = "/admin/projects/\(desk.project.id)/api-keys"
        #expect(desk.ask("POST", path, ["name": "a"]).status == status)
    }

    @Test(arguments: [404, 500])
    func `deleting an absent key answers the status that is set`(_ status: Int) {
        let desk = Desk()
        desk.service.settings.absentAPIKeyDeleteStatus = status
        let path = "/admin/api-keys/99999999-9999-4999-8999-999999999999"
        #expect(desk.ask("DELETE", path).status == status)
        #expect(desk.ask("GET", path).status == 404)
    }

    @Test(arguments: [0, 5000] as [Int64])
    func `what is deleted is shown as long as set`(_ visibleMs: Int64) {
        let desk = Desk()
        desk.service.settings.deletedVisibleMs = visibleMs
        let account = desk.add()
        let key = desk.service.world.addAPIKey(projectID: desk.project.id, name: "a")
        let paths = ["/admin/service-accounts/\(account.id)", "/admin/api-keys/\(key.id)"]
        for path in paths {
            #expect(desk.ask("DELETE", path).status == 202)
            #expect(desk.ask("GET", path).status == (visibleMs > 0 ? 200 : 404))
            #expect(desk.ask("DELETE", path).status == 404)
        }
        desk.nowMs += visibleMs
        for path in paths { #expect(desk.ask("GET", path).status == 404) }
        #expect(!desk.accepts(account, account.clientSecret))
    }

    @Test(arguments: [0, 5000] as [Int64])
    func `a deleted value lives, and a new one waits, as long as set`(_ ms: Int64) throws {
        let desk = Desk()
        desk.service.settings.deletedKeyLifeMs = ms
        desk.service.settings.newKeyDelayMs = ms
        let path = "/admin/projects/\(desk.project.id)/api-keys"
        let created = desk.ask("POST", path, ["name": "a"]).json
        let value = try #require(created["value"]?.string)
        let id = try #require(created["key"]?["id"]?.string)
        #expect(desk.accepts(apiKey: value) == (ms == 0))
        desk.nowMs += ms
        #expect(desk.accepts(apiKey: value))
        _ = desk.ask("DELETE", "/admin/api-keys/\(id)")
        #expect(desk.accepts(apiKey: value) == (ms > 0))
        desk.nowMs += ms
        #expect(!desk.accepts(apiKey: value))
    }

    @Test func `a plan without service accounts refuses all their paths`() {
        let desk = Desk()
        desk.service.settings.serviceAccountsForbidden = true
        let path = "/admin/service-accounts/\(desk.owner.id)"
        let answers = [
            desk.ask("GET", "/admin/service-accounts"), desk.ask("GET", path),
            desk.ask("POST", path + "/rotate-secret"), desk.ask("DELETE", path),
        ]
        #expect(answers.map(\.status) == [403, 403, 403, 403])
        #expect(desk.service.tally.committed[.rotateSecret] == nil)
    }

    @Test func `a full quota of keys is 403 and counts live keys only`() throws {
        let desk = Desk()
        desk.service.settings.apiKeyQuota = 1
        let path = "/admin/projects/\(desk.project.id)/api-keys"
        let first = desk.ask("POST", path, ["name": "a"]).json
        let full = desk.ask("POST", path, ["name": "b"])
        #expect(full.status == 403)
        #expect(full.code == "QUOTA_EXCEEDED")
        let id = try #require(first["key"]?["id"]?.string)
        _ = desk.ask("DELETE", "/admin/api-keys/\(id)")
        #expect(desk.ask("POST", path, ["name": "b"]).status == 200)
    }

    @Test(arguments: [nil, 7])
    func `every n-th request is 429`(_ retryAfter: Int?) throws {
        let desk = Desk()
        let token = try #require(desk.token(desk.owner))
        desk.service.settings.rateLimit = .init(every: 3, retryAfterSeconds: retryAfter)
        let answers = (0..<6).map { _ in desk.ask("GET", "/admin/projects", token: token) }
        #expect(answers.map(\.status) == [200, 200, 429, 200, 200, 429])
        #expect(answers[2].header("Retry-After") == retryAfter.map { String($0) })
        #expect(answers[2].code == "RESOURCE_EXHAUSTED")
    }

    @Test(arguments: [1, 2, 100], [Settings.LastPage.null, .absent])
    func `pages are as long and end as set`(_ cap: Int, _ lastPage: Settings.LastPage) {
        let desk = Desk()
        desk.service.settings.pageSizeCap = cap
        desk.service.settings.lastPage = lastPage
        for number in 0..<4 { _ = desk.add("account \(number)") }
        var seen: [String] = []
        var target = "/admin/service-accounts"
        var pagination: JSON?
        repeat {
            let page = desk.ask("GET", target).json
            let data = page["data"]?.elements ?? []
            #expect(data.count <= cap)
            seen += data.compactMap { $0["id"]?.string }
            pagination = page["pagination"]
            let next = pagination?["next"]?.string ?? ""
            target = "/admin/service-accounts?paginationToken=\(next.replacing("=", with: "%3D"))"
        } while pagination?["next"] != nil
        #expect(pagination == (lastPage == .null ? .null : nil))
        #expect(seen.count == 5)
        #expect(Set(seen).count == 5)
    }

    @Test func `times have whole seconds or milliseconds`() {
        let desk = Desk()
        let path = "/admin/service-accounts/\(desk.owner.id)"
        #expect(desk.ask("GET", path).json["created_at"] == "2026-05-04T09:20:00Z")
        desk.service.settings.timestamps = .milliseconds
        #expect(desk.ask("GET", path).json["created_at"] == "2026-05-04T09:20:00.000Z")
    }

    @Test(arguments: [nil, "2025-04", "nonsense"])
    func `without a known version there are no service accounts`(_ version: String?) {
        let desk = Desk()
        let path = "/admin/service-accounts"
        #expect(desk.ask("GET", path, version: version).status == 404)
        #expect(desk.ask("GET", "/admin/projects", version: version).status == 200)
        #expect(desk.ask("GET", path, version: "2026-04").status == 200)
    }

    @Test(arguments: [0, 3600, -3600] as [Int64])
    func `the date is that of the clock, skewed as set`(_ seconds: Int64) {
        let desk = Desk()
        desk.service.settings.dateSkewSeconds = seconds
        let date = desk.ask("GET", "/admin/projects").header("Date")
        #expect(date == Timestamp(ms: desk.nowMs + seconds * 1000).httpDate)
    }

    @Test func `latency lies half before and half after the commit`() {
        let desk = Desk()
        let headers = ["authorization": "Bearer \(desk.token(desk.owner) ?? "")"]
        desk.service.settings.latencyMs = 51
        let request = Request(method: "GET", target: "/admin/projects", headers: headers)
        let now = Timestamp(ms: desk.nowMs)
        guard case .carryOut(let ticket, let afterMs) = desk.service.admit(request, at: now) else {
            Issue.record("not admitted")
            return
        }
        #expect(afterMs + desk.service.carryOut(ticket, at: now).delayMs == 51)
    }
}
