import PineconeEmulator
import Testing

@testable import keyturn

/// What applying a file changes, and what it never does.
@Suite struct ApplyPlanTests {
    private func lines(_ outcome: TestProgram.Outcome) -> [String] {
        outcome.output.split(separator: "\n").map(String.init)
    }

    private func apply(
        _ program: TestProgram, _ policies: String, _ options: String...,
        admins: [String] = ["ops-a"]
    ) async throws -> TestProgram.Outcome {
        try program.write("keyturn.yaml", program.configuration(policies, admins: admins))
        return await program.keyturn(
            ["policy", "apply", program.directory.file("keyturn.yaml")] + options)
    }

    @Test func `what is new is added, and it is said when it will be due`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.require(program.keyturn("init"))

        let outcome = try await apply(program, program.policy("ci", account: account))

        #expect(outcome.status == 0)
        #expect(
            lines(outcome) == [
                "added connection pinecone",
                "added policy ci (never rotated here: due at once, in its first window)",
            ])
    }

    @Test func `applying twice changes nothing and rotates nothing`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))
        try await program.require(program.keyturn("run"))
        let before = program.directory.text("state/keyturn.db")

        let outcome = try await apply(program, program.policy("ci", account: account))

        #expect(lines(outcome) == ["unchanged connection pinecone", "unchanged policy ci"])
        #expect(program.directory.text("state/keyturn.db") == before)
        #expect(program.emulator.rotations(of: account.id) == 1)
    }

    @Test func `a changed interval is a change, and rotates nothing by itself`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))
        try await program.require(program.keyturn("run"))

        let outcome = try await apply(program, program.policy("ci", account: account, every: "7d"))

        #expect(lines(outcome) == ["unchanged connection pinecone", "changed policy ci"])
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(await program.keyturn("policy", "list").output.contains("every 1w"))
    }

    @Test func `an edit that makes a secret due at once says so before`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))
        try await program.require(program.keyturn("run"))
        program.advance(.days(10))

        let outcome = try await apply(program, program.policy("ci", account: account, every: "7d"))

        #expect(
            lines(outcome).last
                == "changed policy ci (due at once by its new schedule, in its first window)")
        #expect(program.emulator.rotations(of: account.id) == 1)
    }

    @Test func `a new name over a known id is a rename and keeps the history`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))
        try await program.require(program.keyturn("run"))

        let outcome = try await apply(program, program.policy("build", account: account))

        #expect(lines(outcome).last == "renamed policy build (from ci)")
        let versions = try await program.keyturn("secret", "show", "build", "--json").objects()
        #expect(versions.map(\.version) == [2, 1])
        #expect(await program.keyturn("run").output == "")
        #expect(program.emulator.rotations(of: account.id) == 1)
    }

    @Test func `a policy that the file no longer has is named and kept`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))

        let outcome = try await apply(program, "")

        #expect(lines(outcome).last == "kept policy ci (not in the file)")
        #expect(outcome.conversation.contains("--prune removes"))
        #expect(await program.keyturn("policy", "list").output.contains("ci "))
    }

    @Test func `prune removes it, and leaves the credential alive`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))

        let outcome = try await apply(program, "", "--prune")

        #expect(
            lines(outcome).last
                == "removed policy ci (its credential stays alive at the provider)")
        #expect(await program.keyturn("policy", "list").output == "")
        #expect(program.emulator.account(account.id)?.shownUntil == nil)
        #expect(
            program.emulator.accepts(
                clientID: account.clientID, clientSecret: account.clientSecret))
    }

    @Test func `what still owes is not pruned unless it is abandoned`() async throws {
        let program = try await TestProgram()
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        try await program.setUp(program.policy("search", key: key))
        try await program.require(program.keyturn("run"))

        let refused = try await apply(program, "", "--prune")
        #expect(refused.status == 78)
        #expect(refused.conversation.contains("`search` still owes: the retirement of version 1"))
        #expect(await program.keyturn("policy", "list").output.contains("search"))

        let abandoned = try await apply(program, "", "--prune", "--abandon")
        #expect(abandoned.status == 0)
        #expect(await program.keyturn("policy", "list").output == "")
        #expect(program.emulator.accepts(apiKey: key.value))
    }

    @Test func `another credential under a known name is refused where its id stands`()
        async throws
    {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let other = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))

        let outcome = try await apply(program, program.policy("ci", account: other))

        #expect(outcome.status == 78)
        #expect(
            outcome.conversation.contains(
                ":9:50: `ci` is the policy of another credential, \(account.id)"))
    }

    @Test func `the name of a removed policy's secret is not given to another credential`()
        async throws
    {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let other = program.emulator.addServiceAccount(name: "builds")
        try await program.setUp(program.policy("ci", account: account))
        try await program.require(program.keyturn("policy", "remove", "ci", "--confirm", "ci"))

        let outcome = try await apply(program, program.policy("ci", account: other))
        #expect(outcome.status == 78)
        #expect(outcome.conversation.contains("`ci` is the name of another secret"))

        let back = try await apply(program, program.policy("ci", account: account))
        #expect(lines(back).last == "added policy ci (over the credential ci)")
    }

    @Test func `an admin's account gets a policy without becoming a second secret`()
        async throws
    {
        let program = try await TestProgram()
        try await program.setUp("")

        let outcome = try await apply(program, program.policy("ops", account: program.admin))

        #expect(lines(outcome).last == "added policy ops (over the credential pinecone/ops-a)")
        let secrets = try await program.keyturn("secret", "list", "--json").objects()
        #expect(secrets.map(\.name) == ["ops"])
    }

    @Test func `a file that one kept policy writes is not given to another`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let other = program.emulator.addServiceAccount(name: "builds")
        try await program.setUp(program.policy("ci", account: account))
        let clashing = program.policy("build", account: other).replacing(
            "out/build.env", with: "out/ci.env")

        let outcome = try await apply(program, clashing)
        #expect(outcome.status == 78)
        #expect(outcome.conversation.contains("`ci`, which is not in this file, and `build`"))

        let pruned = try await apply(program, clashing, "--prune")
        #expect(pruned.status == 0)
    }

    @Test func `a wrong file changes nothing, names every place, and exits 78`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.require(program.keyturn("init"))
        let before = program.directory.text("state/keyturn.db")
        let text = program.policy("ci", account: account, every: "5s", more: "    kep: 2")
        try program.write("keyturn.yaml", program.configuration(text))

        let outcome = await program.keyturn("policy", "apply", "keyturn.yaml")

        #expect(outcome.status == 78)
        #expect(outcome.output == "")
        #expect(
            outcome.conversation == """
                keyturn: error: keyturn.yaml:10:12: an interval of 5s is under a minute
                keyturn: error: keyturn.yaml:13:5: a policy has no key `kep`
                keyturn: hint: did you mean `keep`?

                """)
        #expect(program.directory.text("state/keyturn.db") == before)
    }

    @Test func `a dry run tells the same and changes nothing`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.require(program.keyturn("init"))
        let before = program.directory.text("state/keyturn.db")

        let outcome = try await apply(
            program, program.policy("ci", account: account), "--dry-run", "--json")

        #expect(try outcome.objects().map(\.change) == ["added", "added"])
        #expect(program.directory.text("state/keyturn.db") == before)
    }
}
