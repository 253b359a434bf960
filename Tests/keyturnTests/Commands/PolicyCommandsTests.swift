import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// Pausing, resuming and removing policies, delivering again, checking.
@Suite struct PolicyCommandsTests {
    private func world(_ more: String = "") async throws -> (TestProgram, ServiceAccount) {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account, more: more))
        return (program, account)
    }

    // MARK: Pause and resume

    @Test func `a pause holds the schedule until its end`() async throws {
        let (program, account) = try await world()
        let paused = await program.keyturn(
            "policy", "pause", "ci", "--until", "3d", "--reason", "release freeze")
        #expect(paused.status == 0)
        #expect(paused.output.hasPrefix("ci: paused until "))
        #expect(paused.output.hasSuffix("Z\n"))

        try await program.require(program.keyturn("run"))
        #expect(program.emulator.rotations(of: account.id) == 0)
        #expect(await program.keyturn("plan").output.contains("paused: release freeze"))
        #expect(await program.keyturn("status").output.contains("due, paused"))

        program.advance(.days(4))
        try await program.require(program.keyturn("run"))
        #expect(program.emulator.rotations(of: account.id) == 1)
    }

    @Test func `a person may rotate what is paused`() async throws {
        let (program, account) = try await world()
        try await program.require(
            program.keyturn("policy", "pause", "ci", "--until", "3d", "--reason", "x"))
        try await program.require(
            program.keyturn("rotate", "ci", "--reason", "x", "--confirm", "ci"))
        #expect(program.emulator.rotations(of: account.id) == 1)
    }

    @Test func `resume lets it go on, and says so when it was not paused`() async throws {
        let (program, account) = try await world()
        #expect(await program.keyturn("policy", "resume", "ci").output == "ci: it is not paused\n")
        try await program.require(
            program.keyturn("policy", "pause", "ci", "--until", "3d", "--reason", "x"))
        #expect(
            await program.keyturn("policy", "resume", "ci").output == "ci: its schedule goes on\n")
        try await program.require(program.keyturn("run"))
        #expect(program.emulator.rotations(of: account.id) == 1)
    }

    @Test(arguments: ["0s", "2020-01-01", "tomorrow"])
    func `an end that is none is refused`(_ until: String) async throws {
        let (program, _) = try await world()
        let outcome = await program.keyturn(
            "policy", "pause", "ci", "--until", until, "--reason", "x")
        #expect(outcome.status == 64)
        #expect(!(await program.keyturn("policy", "list").output.contains("paused")))
    }

    // MARK: Remove

    @Test func `remove asks, and leaves the credential alive`() async throws {
        let (program, account) = try await world()
        #expect(await program.keyturn("policy", "remove", "ci").status == 64)
        let removed = await program.keyturn(["policy", "remove", "ci"], answer: "ci")
        #expect(removed.status == 0)
        #expect(removed.output.contains("\(account.id) stays alive at the provider"))
        #expect(await program.keyturn("policy", "list").output == "")
        #expect(await program.keyturn("secret", "list").output.contains("ci"))
    }

    // MARK: Dry runs

    @Test(arguments: [
        ["policy", "pause", "ci", "--until", "3d", "--reason", "x"],
        ["policy", "resume", "ci"], ["policy", "remove", "ci"], ["deliver", "ci"], ["run"],
        ["login", "pinecone", "--as", "ops-a", "--client-id", "ID"],
    ])
    func `a dry run leaves the state and the world as they were`(
        _ command: [String]
    ) async throws {
        let (program, account) = try await world()
        try await program.require(
            program.keyturn("policy", "pause", "ci", "--until", "3d", "--reason", "x"))
        let before = program.directory.text("state/keyturn.db")
        let arguments = command.map { $0 == "ID" ? program.admin.clientID : $0 } + ["--dry-run"]

        let outcome = await program.keyturn(arguments, input: program.admin.clientSecret)

        #expect(outcome.status == 0, "\(outcome.conversation)")
        #expect(program.directory.text("state/keyturn.db") == before)
        #expect(program.directory.text("out/ci.env") == nil)
        #expect(program.emulator.rotations(of: account.id) == 0)
        #expect(!outcome.output.contains("ci: paused"))
        #expect(!outcome.output.contains("goes on"))
    }

    // MARK: Deliver

    @Test func `deliver writes the current version again, without rotating`() async throws {
        let (program, account) = try await world()
        try await program.require(program.keyturn("run"))
        try program.directory.remove("out/ci.env")

        let outcome = await program.keyturn("deliver", "ci")

        #expect(outcome.status == 0)
        #expect(outcome.output.hasSuffix("/out/ci.env: has version 2\n"))
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(program.emulator.rotations(of: account.id) == 1)
    }

    @Test func `a value that is not held is not delivered`() async throws {
        let (program, _) = try await world()
        let outcome = await program.keyturn("deliver", "ci")
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("does not hold the current value; rotate first"))
    }

    @Test func `a value that is refused at the provider is written nowhere`() async throws {
        let (program, account) = try await world()
        try await program.require(program.keyturn("run"))
        _ = program.emulator.rotateElsewhere(account: account.id)
        program.advance(.minutes(10))
        try program.directory.remove("out/ci.env")

        let outcome = await program.keyturn("deliver", "ci")

        #expect(outcome.status == 7)
        #expect(outcome.output.contains("somebody else rotated it"))
        #expect(program.directory.text("out/ci.env") == nil)
    }

    @Test func `a destination that the policy does not have is refused`() async throws {
        let (program, _) = try await world()
        let outcome = await program.keyturn("deliver", "ci", "--to", "file:/run/x")
        #expect(outcome.status == 64)
        #expect(outcome.conversation.contains("its destinations are file:"))
    }

    // MARK: Check

    @Test func `check prints the drop-in that the destinations need`() async throws {
        let (program, _) = try await world()
        let out = program.directory.file("out")
        let text = await program.keyturn("check")
        #expect(text.status == 0, "\(text.output)")
        #expect(text.output.contains("\n[Service]\nReadWritePaths=\(out)\n"))
        let json = await program.keyturn("check", "--json")
        #expect(
            json.output.contains(
                #""kind":"drop-in","lines":["[Service]","ReadWritePaths=\#(out)"]"#))
    }

    @Test func `check offline asks nothing of the provider`() async throws {
        let (program, _) = try await world()
        let before = program.emulator.tally.received
        #expect(await program.keyturn("check", "--offline").status == 0)
        #expect(program.emulator.tally.received == before)
    }

    @Test func `a destination that is the root key is refused, and the key stays`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.require(program.keyturn("init"))
        let key = program.directory.text("state.key")
        try program.write(
            "keyturn.yaml",
            program.configuration(
                program.policy("ci", account: account)
                    .replacing("out/ci.env", with: "state.key")))
        let outcome = await program.keyturn(
            "policy", "apply", program.directory.file("keyturn.yaml"))
        #expect(outcome.status == 78)
        #expect(outcome.conversation.contains("would overwrite the root key"))
        #expect(program.directory.text("state.key") == key)
    }
}
