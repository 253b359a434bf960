import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// What is owed to destinations, and how it is paid (P21 to P24).
@Suite struct DeliveryTests {
    @Test func `in place a required delivery that fails is owed, and paid later without rotating`()
        async throws
    {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let hook = try program.failingHook()
        try await program.setUp(program.policy("ci", account: account, more: hook.yaml))

        let run = await program.keyturn("run", "--json")
        #expect(run.status == 1)
        #expect(try program.rotation(run, "ci").debts == 1)
        #expect(try program.rotation(run, "ci").version == 2)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.newestEntry("delivery.settled").contains(#""exit":3"#))

        #expect(await program.keyturn("run").status == 1)  // at once, then after a minute
        let quiet = await program.keyturn("run")
        #expect(quiet.status == 0 && quiet.output == "")
        try hook.mend()
        program.advance(.minutes(1))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.received == [program.deliveredSecret("ci")])
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(await program.isTrailIntact())
    }

    @Test func `with overlap it holds promotion and retirement, also when parked`() async throws {
        let program = try await TestProgram()
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        let hook = try program.failingHook()
        try await program.setUp(program.policy("search", key: key, more: hook.yaml))

        for _ in 0..<8 {
            #expect(await program.keyturn("run").status != 0)
            program.advance(.hours(13))
        }
        #expect(try await program.entries("rotation.parked") == 1)
        #expect(try await program.entries("version.promoted") == 0)
        #expect(program.emulator.accepts(apiKey: key.value))
        #expect(program.emulator.committed(.createAPIKey) == 1)

        // Deliveries go on (P29); retirement waits for a person.
        try hook.mend()
        await program.keyturn("run")
        #expect(program.received == [program.directory.text("out/search")])
        #expect(try await program.entries("version.promoted") == 1)
        program.advance(.days(3))
        await program.keyturn("run")
        #expect(program.emulator.accepts(apiKey: key.value))
        #expect(program.emulator.committed(.createAPIKey) == 1)
        #expect(await program.isTrailIntact())
    }

    @Test func `with overlap the next run goes on when the consumer is back`() async throws {
        let program = try await TestProgram()
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        let hook = try program.failingHook()
        try await program.setUp(program.policy("search", key: key, more: hook.yaml))
        #expect(await program.keyturn("run").status == 1)
        program.advance(.days(2))
        #expect(program.emulator.accepts(apiKey: key.value))

        try hook.mend()
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.accepts(apiKey: key.value))
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.liveKeyValues == [program.received.last])
        #expect(program.emulator.committed(.createAPIKey) == 1)
    }

    @Test func `a best-effort delivery holds nothing`() async throws {
        let program = try await TestProgram()
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        let hook = try program.failingHook(terms: ", required: false")
        try await program.setUp(program.policy("search", key: key, more: hook.yaml))

        #expect(await program.keyturn("run").status == 0)
        program.advance(.hours(25))
        await program.keyturn("run")
        #expect(program.liveKeyValues == [program.directory.text("out/search")])
    }

    @Test func `a best-effort delivery is paid while the old key has time left`() async throws {
        let program = try await TestProgram()
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        let hook = try program.failingHook(terms: ", required: false")
        try await program.setUp(program.policy("search", key: key, more: hook.yaml))
        #expect(await program.keyturn("run").status == 0)
        try hook.mend()

        #expect(await program.keyturn("run").status == 0)
        #expect(program.received == [program.directory.text("out/search")])
        #expect(program.emulator.accepts(apiKey: key.value))
        #expect(await program.keyturn("run").output == "")
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.liveKeyValues == program.received)
    }

    @Test(arguments: [
        ("exit 7", #""exit":7"#, "hook-failed"), ("kill -9 $$", #""signal":9"#, "hook-signaled"),
        ("exec sleep 60", #""signal":9"#, "hook-timed-out"),
    ])
    func `how a command ended stands in the trail`(
        _ body: String, _ how: String, _ cause: String
    ) async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let hook = try program.hook(body, terms: ", timeout: 1s")
        try await program.setUp(program.policy("ci", account: account, more: hook.yaml))

        #expect(await program.keyturn("run").status == 1)
        let entry = await program.newestEntry("delivery.settled")
        #expect(entry.contains(how) && entry.contains(cause))
        #expect(program.isDeliveredAccepted("ci", account))
    }

    @Test func `a command that others may write is not given the secret`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let hook = try program.hook("exit 0")
        try hook.mend()
        try await program.setUp(program.policy("ci", account: account, more: hook.yaml))
        try program.write("hook", program.directory.text("hook") ?? "", mode: 0o722)

        #expect(await program.keyturn("run").status == 1)
        // It is found out before the old secret dies (P9).
        #expect(program.emulator.rotations(of: account.id) == 0)
        #expect(program.received.isEmpty)
    }

    @Test func `a debt is paid once and only by the newest version`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let hook = try program.failingHook()
        try await program.setUp(program.policy("ci", account: account, more: hook.yaml))
        await program.keyturn("run")
        program.advance(.days(31))
        try hook.mend()

        #expect(await program.keyturn("run").status == 0)
        #expect(await program.keyturn("run").output == "")
        #expect(program.received == [program.deliveredSecret("ci")])
        #expect(try await program.entries("delivery.closed") == 1)
        #expect(await program.isTrailIntact())
    }

    @Test func `a destination that has a newer version does not get the current one`() async throws
    {
        let program = try await TestProgram()
        _ = try await program.dueKey(held: true)
        let hook = try program.failingHook()
        let key = try #require(program.emulator.liveKeys.first)
        try await program.apply(program.policy("search", key: key, more: hook.yaml))
        await program.keyturn("run")  // version 3 is in the file, and not yet current
        let delivered = program.directory.text("out/search")

        let deliver = await program.keyturn(
            "deliver", "search", "--to", "file:\(program.directory.file("out/search"))")

        #expect(deliver.status != 0)
        #expect(program.directory.text("out/search") == delivered)
    }

    @Test func `what an interrupted delivery left is cleared away first`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let hook = try program.failingHook()
        try await program.setUp(program.policy("ci", account: account, more: hook.yaml))
        program.follow(StopPlan(at: 7))  // before the outcome of its first delivery
        await program.keyturn("run")
        program.journal.withLock { $0 = { $0 } }
        let stray = try OtherProcess("exec setsid sleep 600")
        try program.write("out/.ci.env.left.tmp", "half a sec")
        try program.execute(
            """
            UPDATE delivery SET next_try_at_ms = NULL,
              process = CASE WHEN destination LIKE 'command:%' THEN '\(try stray.identity)' END,
              temporary = CASE WHEN destination LIKE 'file:%' THEN '.ci.env.left.tmp' END
            """)
        try hook.mend()

        #expect(await program.keyturn("run").status == 0)
        #expect(!stray.isAlive)
        #expect(program.leftovers == [])
        #expect(program.received == [program.deliveredSecret("ci")])
        #expect(program.emulator.rotations(of: account.id) == 1)
    }

    @Test func `what a delivery of the old version left is cleared away before the new one's`()
        async throws
    {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let hook = try program.hook("exit 0")
        try await program.setUp(program.policy("ci", account: account, more: hook.yaml))
        try await program.require(program.keyturn("run"))
        // A delivery by hand was interrupted, and its command goes on.
        program.follow(StopPlan(at: 4))
        await program.keyturn("deliver", "ci")
        program.journal.withLock { $0 = { $0 } }
        let stray = try OtherProcess("exec setsid sleep 600")
        try program.execute(
            """
            UPDATE delivery SET process = '\(try stray.identity)'
            WHERE destination LIKE 'command:%' AND state = 'intended'
            """)
        program.advance(.days(31))

        #expect(await program.keyturn("run").status == 0)

        #expect(!stray.isAlive)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(try await program.entries("delivery.closed") == 1)
    }

    @Test func `a destination that is owed a newer version does not get the current one`()
        async throws
    {
        let program = try await TestProgram()
        _ = try await program.dueKey(held: true)
        let hook = try program.failingHook()
        let key = try #require(program.emulator.liveKeys.first)
        try await program.apply(program.policy("search", key: key, more: hook.yaml))
        #expect(await program.keyturn("run").status == 1)
        try hook.mend()

        #expect(await program.keyturn("deliver", "search").status == 1)

        #expect(program.received == [])
        program.advance(.hours(1))
        #expect(await program.keyturn("run").status == 0)
        let status = await program.keyturn("status", "--json")
        #expect(try status.objects().first?.debts == 0)
        #expect(program.received == [program.directory.text("out/search")])
    }

    @Test
    func `what an interrupted delivery left is cleared away by the version that overtakes it`()
        async throws
    {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let hook = try program.failingHook()
        try await program.setUp(program.policy("ci", account: account, more: hook.yaml))
        program.follow(StopPlan(at: 7))  // before the outcome of its first delivery
        await program.keyturn("run")
        program.journal.withLock { $0 = { $0 } }
        let stray = try OtherProcess("exec setsid sleep 600")
        try program.write("out/.ci.env.left.tmp", "half a sec")
        try program.execute(
            """
            UPDATE delivery SET next_try_at_ms = NULL,
              process = CASE WHEN destination LIKE 'command:%' THEN '\(try stray.identity)' END,
              temporary = CASE WHEN destination LIKE 'file:%' THEN '.ci.env.left.tmp' END
            """)

        try hook.mend()

        #expect(await program.rotate("ci", "--compromised").status == 0)
        #expect(!stray.isAlive)
        #expect(program.leftovers == [])
        #expect(program.received.last == program.deliveredSecret("ci"))
    }

    @Test func `a file that cannot be written now is found out before anything is minted`()
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount()
        try program.directory.makeDirectory("out/ci.env")

        #expect(await program.keyturn("run").status == 1)
        #expect(program.emulator.rotations(of: account.id) == 0)
    }

    @Test func `a directory that is missing is what is told, with what to do`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(
            program.policy("ci", account: account)
                .replacing("/out/", with: "/nowhere/"))
        let run = await program.keyturn("run")
        #expect(run.status == 1)
        let missing = program.directory.file("nowhere")
        #expect(run.conversation.contains("the directory \(missing) does not exist"))
        #expect(run.conversation.contains("keyturn: hint: make it"))
        #expect(program.emulator.rotations(of: account.id) == 0)
    }

    @Test func `a template is delivered, found drifted and mended like any other file`()
        async throws
    {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let path = program.directory.file("out/app.xml")
        try await program.setUp(
            """
              - name: ci
                service-account: { connection: pinecone, id: \(account.id) }
                every: 30d
                deliver:
                  - file:
                      path: \(path)
                      format: template
                      template: |
                        <pinecone id="{{client_id|xml}}">{{client_secret|xml}}</pinecone>

            """)

        try await program.require(program.keyturn("run"))

        let secret = program.emulator.clientSecret(of: account.id) ?? ""
        let expected = "<pinecone id=\"\(account.clientID)\">\(secret)</pinecone>\n"
        #expect(program.directory.text("out/app.xml") == expected)
        #expect(await program.keyturn("check", "--drift").status == 0)
        try program.write("out/app.xml", "<pinecone/>\n")
        #expect(await program.keyturn("check", "--drift").status == 7)
        try await program.require(program.keyturn("deliver", "ci"))
        #expect(program.directory.text("out/app.xml") == expected)
    }

    @Test func `a destination that came after the version is told, and gets it by hand`()
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount()
        try await program.require(program.keyturn("run"))
        let path = program.directory.file("out/new.env")
        try program.write(
            "keyturn.yaml",
            program.configuration(
                program.policy("ci", account: account)
                    .replacing("out/ci.env", with: "out/new.env")))
        let applied = await program.keyturn(
            "policy", "apply", program.directory.file("keyturn.yaml"))
        #expect(applied.output.contains("keyturn deliver ci"))
        let check = await program.keyturn("check")
        #expect(check.status == 7)
        #expect(check.output.contains("file:\(path) has never got the current version"))
        try await program.require(program.keyturn("deliver", "ci"))
        #expect(program.directory.text("out/new.env")?.contains("PINECONE_CLIENT_SECRET") == true)
        #expect(await program.keyturn("check").status == 0)
    }

    @Test(arguments: [true, false])
    func `a rotation that did not get beyond prepare takes destinations that were mended`(
        _ isParked: Bool
    ) async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let attempts = "    attempts: \(isParked ? 1 : 5)"
        let wrong = program.policy("ci", account: account, more: attempts)
            .replacing("/out/", with: "/missing/")
        try await program.setUp(wrong)
        #expect(await program.keyturn("run").status == 1)
        #expect(program.emulator.rotations(of: account.id) == 0)
        try await program.apply(program.policy("ci", account: account, more: attempts))
        program.advance(.hours(1))
        if isParked {
            try await program.require(
                program.keyturn("rotation", "resume", "ci", "--reason", "mended"))
        } else {
            try await program.require(program.keyturn("run"))
        }
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }
}
