import Testing

@testable import PineconeEmulator

@Suite(.timeLimit(.minutes(10)))
struct ControlTests {
    private func ask(
        _ emulator: Emulator, _ method: String, _ path: String, _ body: JSON? = nil
    ) -> Response {
        emulator.control(
            Request(
                method: method, target: "/_emulator/\(path)", headers: [:],
                body: Array((body?.text ?? "").utf8)))
    }

    @Test func `the state shows credentials, bindings and counts`() async throws {
        try await Emulator.withRunning { emulator in
            let owner = emulator.addOwner()
            let project = emulator.addProject(name: "search")
            let key = emulator.addAPIKey(project: project, name: "web")
            let wire = try await Wire(to: emulator)
            let token = try await wire.token(owner)
            let rotated = try await wire.ask(
                "POST", "/admin/service-accounts/\(owner.id)/rotate-secret", token: token)
            let state = try await wire.ask("GET", "/_emulator/state").json
            let organization = state?["organizations"]?.elements?.first
            let account = organization?["service_accounts"]?.elements?.first
            #expect(account?["client_secret"] == rotated.json?["client_secret"])
            #expect(account?["role_bindings"]?.elements?.first?["role"] == "OrgOwner")
            let keys = organization?["projects"]?.elements?.first?["api_keys"]?.elements
            #expect(keys?.first?["value"] == .string(key.value))
            #expect(state?["committed"]?["rotate_secret"] == 1)
            #expect(state?["rotations"]?[owner.id] == 1)
        }
    }

    @Test func `settings are shown and patched, and a bad patch changes nothing`() {
        let emulator = Emulator()
        let patched = ask(emulator, "PATCH", "settings", ["old_secret_life_ms": 5000])
        #expect(patched.json["old_secret_life_ms"] == 5000)
        #expect(emulator.settings.oldSecretLifeMs == 5000)
        #expect(ask(emulator, "POST", "settings", ["nonsense": 1]).status == 400)
        #expect(ask(emulator, "GET", "settings").json == patched.json)
    }

    @Test func `faults are added, shown and taken away`() {
        let emulator = Emulator()
        let both: JSON = [["after": "hang"], ["before": ["status": 429]]]
        #expect(ask(emulator, "POST", "faults", both).json.elements?.count == 2)
        #expect(ask(emulator, "POST", "faults", ["after": "hang"]).json.elements?.count == 3)
        let bad: JSON = [["after": "hang"], ["after": "burn"]]
        #expect(ask(emulator, "POST", "faults", bad).status == 400)
        #expect(ask(emulator, "GET", "faults").json.elements?.count == 3)
        #expect(ask(emulator, "DELETE", "faults").status == 200)
        #expect(emulator.faults.isEmpty)
    }

    @Test func `the clock is advanced on top of the one that was given`() {
        let clock = SimulatedClock(startMs: 1000)
        let emulator = Emulator(clock: { clock.now })
        #expect(ask(emulator, "POST", "clock", ["advance_ms": 500]).json["now_ms"] == 1500)
        clock.advance(ms: 10)
        #expect(emulator.nowMs == 1510)
        #expect(ask(emulator, "POST", "clock", [:]).status == 400)
    }

    @Test func `control is not counted, and the log holds no credential`() async throws {
        try await Emulator.withRunning { emulator in
            let owner = emulator.addOwner()
            let wire = try await Wire(to: emulator)
            let token = try await wire.token(owner)
            _ = try await wire.ask(
                "GET", "/admin/projects", token: token, headers: ["User-Agent": "keyturn/1"])
            let log = try await wire.ask("GET", "/_emulator/requests").json
            let entries = try #require(log?.elements)
            #expect(
                entries.compactMap { $0["path"]?.string } == ["/oauth/token", "/admin/projects"])
            #expect(entries.last?["user_agent"] == "keyturn/1")
            #expect(entries.last?["version"] == "2026-07")
            #expect(entries.last?["status"] == 200)
            #expect(log?.text.contains(owner.clientSecret) == false)
            #expect(log?.text.contains(token ?? "") == false)
        }
    }

    @Test func `what others do is seen but not counted`() {
        let emulator = Emulator()
        let account = emulator.addServiceAccount(name: "deploys")
        let key = emulator.addAPIKey(project: emulator.addProject(name: "search"), name: "web")
        let secret = emulator.rotateElsewhere(account: account.id)
        #expect(secret != account.clientSecret)
        #expect(emulator.clientSecret(of: account.id) == secret)
        emulator.deleteElsewhere(apiKey: key.id)
        #expect(!emulator.accepts(apiKey: key.value))
        #expect(emulator.liveKeys.isEmpty)
        emulator.deleteElsewhere(account: account.id)
        #expect(emulator.liveAccounts.isEmpty)
        #expect(emulator.rotations(of: account.id) == 0)
    }

    @Test func `waiting ends when its task is cancelled`() async {
        let emulator = Emulator()
        let waiting = Task { await emulator.untilCommitted(.rotateSecret) }
        waiting.cancel()
        await waiting.value
    }
}
