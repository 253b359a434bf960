import Testing

@testable import PineconeEmulator

/// What holds whatever the settings: the contract's last paragraph.
struct InvariantTests {
    static let harsh: [Settings] = {
        var slow = Settings()
        slow.oldSecretLifeMs = 30_000
        slow.oldTokenLifeMs = nil
        slow.newSecretDelayMs = 30_000
        slow.deletedVisibleMs = 5000
        var fine = Settings()
        fine.timestamps = .milliseconds
        fine.lastPage = .absent
        fine.pageSizeCap = 1
        return [Settings(), slow, fine]
    }()

    @Test(arguments: harsh)
    func `one secret lives after the delays have run out`(_ settings: Settings) {
        let desk = Desk(settings)
        let account = desk.add()
        var secrets = [account.clientSecret]
        for _ in 0..<3 {
            secrets.append(desk.rotate(account))
            desk.nowMs += 1
        }
        desk.nowMs += 30_000
        let accepted = secrets.filter { desk.accepts(account, $0) }
        #expect(accepted == [secrets[3]])
    }

    @Test(arguments: harsh)
    func `a secret is shown in exactly one response`(_ settings: Settings) {
        let desk = Desk(settings)
        let account = desk.add()
        let secret = desk.rotate(account)
        #expect(secret.utf8.count == 64)
        let paths = [
            "/admin/service-accounts", "/admin/service-accounts/\(account.id)",
            "/admin/role-bindings", "/admin/projects",
        ]
        for path in paths {
            let answer = desk.ask("GET", path)
            #expect(answer.status == 200)
            #expect(!answer.text.contains(secret))
            #expect(!answer.text.contains("client_secret"))
        }
        let renamed = desk.ask(
            "PATCH", "/admin/service-accounts/\(account.id)", ["name": "other"])
        #expect(!renamed.text.contains("client_secret"))
        let next = desk.ask("POST", "/admin/service-accounts/\(account.id)/rotate-secret")
        #expect(!next.text.contains(secret))
    }

    @Test(arguments: harsh)
    func `a key's value is shown in exactly one response`(_ settings: Settings) throws {
        let desk = Desk(settings)
        let path = "/admin/projects/\(desk.project.id)/api-keys"
        let created = desk.ask("POST", path, ["name": "search"])
        let value = try #require(created.json["value"]?.string)
        let id = try #require(created.json["key"]?["id"]?.string)
        let later = [
            desk.ask("GET", path), desk.ask("GET", "/admin/api-keys/\(id)"),
            desk.ask("PATCH", "/admin/api-keys/\(id)", ["name": "other"]),
        ]
        for answer in later {
            #expect(answer.status == 200)
            #expect(!answer.text.contains(value))
            #expect(!answer.text.contains("\"value\""))
        }
    }

    @Test(arguments: harsh)
    func `rotation leaves the account and its bindings as they were`(_ settings: Settings) {
        let desk = Desk(settings)
        let account = desk.add(grants: [.project(desk.project.id, .projectEditor)])
        let path = "/admin/service-accounts/\(account.id)"
        let bindings =
            "/admin/role-bindings?principal_type=service_account&principal_id=\(account.id)"
        let before = (desk.ask("GET", path).json, desk.ask("GET", bindings).json)
        desk.nowMs += 86_400_000
        let rotated = desk.ask("POST", path + "/rotate-secret").json["service_account"]
        let after = (desk.ask("GET", path).json, desk.ask("GET", bindings).json)
        #expect(before == after)
        #expect(rotated == before.0)
    }

    @Test func `every rotate request that commits changes the secret`() {
        let desk = Desk()
        let account = desk.add()
        let secrets = Set((0..<20).map { _ in desk.rotate(account) } + [account.clientSecret])
        #expect(secrets.count == 21)
        #expect(desk.service.tally.rotations[account.id] == 20)
    }

    @Test func `names may repeat`() {
        let desk = Desk()
        let keys = "/admin/projects/\(desk.project.id)/api-keys"
        for _ in 0..<2 {
            #expect(desk.ask("POST", "/admin/service-accounts", ["name": "same"]).status == 201)
            #expect(desk.ask("POST", keys, ["name": "same"]).status == 200)
        }
        let accounts = desk.ask("GET", "/admin/service-accounts").json["data"]?.elements ?? []
        let same = accounts.filter { $0["name"] == "same" }
        #expect(Set(same.compactMap { $0["id"]?.string }).count == 2)
        #expect(Set(same.compactMap { $0["client_id"]?.string }).count == 2)
    }
}
