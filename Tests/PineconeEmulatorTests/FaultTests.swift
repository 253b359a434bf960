import Testing

@testable import PineconeEmulator

/// Each fault in its world: lost before the commit, lost after it.
struct FaultTests {
    private func rotate(_ desk: Desk, _ account: ServiceAccount) -> Delivery {
        let token = desk.token(desk.owner) ?? ""
        return desk.deliver(
            "POST", "/admin/service-accounts/\(account.id)/rotate-secret",
            headers: ["authorization": "Bearer \(token)", "x-pinecone-api-version": "2026-07"])
    }

    @Test(arguments: [401, 429, 500, 503])
    func `a status before the commit changes nothing`(_ status: Int) {
        let desk = Desk()
        let account = desk.add()
        desk.service.faults.append(
            Fault(operation: .rotateSecret, effect: .before(.status(status))))
        let delivery = rotate(desk, account)
        #expect(delivery.response.status == status)
        #expect(delivery.response.header("Retry-After") == nil)
        #expect(desk.accepts(account, account.clientSecret))
        #expect(desk.service.tally.received[.rotateSecret] == 1)
        #expect(desk.service.tally.committed[.rotateSecret] == nil)
        #expect(rotate(desk, account).response.status == 200)
    }

    @Test func `a 401 looks like one of the place it comes from`() {
        let desk = Desk()
        let token = desk.token(desk.owner)
        desk.service.faults.append(Fault(effect: .before(.status(401)), times: 3))
        let login = desk.exchange(desk.owner.clientID, desk.owner.clientSecret)
        let administration = desk.ask("GET", "/admin/projects", token: token)
        let index = desk.deliver("GET", "/indexes", headers: ["api-key": "any"]).response
        #expect([login, administration, index].map(\.status) == [401, 401, 401])
        #expect(login.json["error"] == "access_denied")
        #expect(administration.code == "UNAUTHENTICATED")
        #expect(index.text == "Invalid API key")
    }

    @Test func `a 429 may say when to come again`() {
        let desk = Desk()
        desk.service.faults.append(Fault(effect: .before(.status(429, retryAfterSeconds: 3))))
        #expect(desk.exchange("a", "b").header("Retry-After") == "3")
    }

    @Test(
        arguments: [(.close, .closeBeforeHeaders), (.hang, .hang)]
            as [(Fault.Prevention, Delivery.Manner)])
    func `a connection lost before the commit changes nothing`(
        _ prevention: Fault.Prevention, _ manner: Delivery.Manner
    ) {
        let desk = Desk()
        let account = desk.add()
        desk.service.faults.append(Fault(operation: .rotateSecret, effect: .before(prevention)))
        #expect(rotate(desk, account).manner == manner)
        #expect(desk.accepts(account, account.clientSecret))
        #expect(desk.service.tally.rotations.isEmpty)
    }

    static let losses: [Fault.Loss] = [
        .status(500), .status(502), .status(504), .closeBeforeHeaders, .closeInBody, .hang,
        .truncatedBody, .emptyBody, .delay(ms: 1000),
    ]

    @Test(arguments: losses)
    func `whatever is lost after the commit, the secret has changed`(_ loss: Fault.Loss) {
        let desk = Desk()
        let account = desk.add()
        desk.service.faults.append(Fault(operation: .rotateSecret, effect: .after(loss)))
        let delivery = rotate(desk, account)
        #expect(!desk.accepts(account, account.clientSecret))
        #expect(desk.service.tally.rotations[account.id] == 1)
        switch loss {
        case .status(let status): #expect(delivery.response.status == status)
        case .closeBeforeHeaders: #expect(delivery.manner == .closeBeforeHeaders)
        case .closeInBody: #expect(delivery.manner == .closeInBody)
        case .hang: #expect(delivery.manner == .hang)
        case .truncatedBody:
            #expect(delivery.response.isSuccess)
            #expect(delivery.response.json == .null)
        case .emptyBody:
            #expect(delivery.response.isSuccess)
            #expect(delivery.response.body.isEmpty)
        case .delay(let ms):
            #expect(delivery.delayMs == ms)
            #expect(delivery.response.json["client_secret"] != nil)
        }
        let secret = desk.service.world.accounts[account.id]?.clientSecret ?? ""
        let shown = delivery.response.text.contains(secret) && delivery.manner == .whole
        #expect(shown == (loss == .delay(ms: 1000)))
    }

    @Test func `half of an answer never holds the secret`() throws {
        let desk = Desk()
        let account = desk.add()
        for create in [
            { rotate(desk, account).response },
            { desk.ask("POST", "/admin/projects/\(desk.project.id)/api-keys", ["name": "a"]) },
            { desk.ask("POST", "/admin/service-accounts", ["name": "a"]) },
        ] {
            let answer = create()
            let secret = try #require(
                (answer.json["client_secret"] ?? answer.json["value"])?.string)
            let half = String(
                decoding: answer.body.prefix(answer.body.count / 2), as: UTF8.self)
            #expect(!half.contains(secret.prefix(4)))
        }
    }

    @Test func `a refused request does not use up a loss`() {
        let desk = Desk()
        let account = desk.add()
        desk.service.faults.append(Fault(operation: .rotateSecret, effect: .after(.status(500))))
        let path = "/admin/service-accounts/\(account.id)/rotate-secret"
        #expect(desk.ask("POST", path, token: "nobody's").status == 401)
        #expect(desk.ask("POST", path).status == 500)
        #expect(desk.ask("POST", path).status == 200)
    }

    @Test func `skip, every and times choose which requests are struck`() {
        let desk = Desk()
        let token = desk.token(desk.owner)
        desk.service.faults.append(
            Fault(
                operation: .listProjects, effect: .before(.status(503)), times: 2, skip: 1,
                every: 2))
        let statuses = (0..<8).map { _ in
            desk.ask("GET", "/admin/projects", token: token).status
        }
        #expect(statuses == [200, 200, 503, 200, 503, 200, 200, 200])
        #expect(desk.service.faults.faults.isEmpty)
    }

    @Test func `a target is an id in the path, or a client id`() {
        let desk = Desk()
        let (one, two) = (desk.add("one"), desk.add("two"))
        desk.service.faults.append(
            Fault(operation: .rotateSecret, target: two.id, effect: .before(.status(500))))
        desk.service.faults.append(
            Fault(operation: .token, target: two.clientID, effect: .before(.status(503))))
        #expect(rotate(desk, one).response.status == 200)
        #expect(rotate(desk, two).response.status == 500)
        #expect(desk.exchange(two.clientID, two.clientSecret).status == 503)
        #expect(desk.exchange(two.clientID, two.clientSecret).status == 200)
    }

    @Test func `faults that wait are struck in order, without end if asked`() {
        let desk = Desk()
        desk.service.faults.append(Fault(effect: .before(.status(500)), times: 1))
        desk.service.faults.append(Fault(effect: .before(.status(503)), times: nil))
        let statuses = (0..<4).map { _ in desk.exchange("a", "b").status }
        #expect(statuses == [500, 503, 503, 503])
    }

    @Test(
        arguments: [
            ["operation": "rotate_secret", "after": "hang"],
            ["before": "close", "times": .null, "skip": 2, "every": 3],
            ["before": ["status": 429, "retry_after_seconds": 2], "target": "x"],
            ["after": ["delay_ms": 5]], ["after": "truncated_body"], ["before": ["delay_ms": 5]],
        ] as [JSON])
    func `a fault is written as it is read`(_ json: JSON) throws {
        let fault = try Fault(json)
        #expect(try Fault(fault.json) == fault)
    }

    @Test(
        arguments: [
            (["after": "hang", "operation": "dance"], .operation), ([:], .effect),
            (["after": "hang", "before": "hang"], .effect), (["after": "burn"], .effect),
            (["before": "close", "every": 0], .count), (["before": "close", "times": "x"], .count),
        ] as [(JSON, Fault.ReadingError)])
    func `a fault that is none is refused`(_ json: JSON, _ error: Fault.ReadingError) {
        #expect(throws: error) { try Fault(json) }
    }
}
