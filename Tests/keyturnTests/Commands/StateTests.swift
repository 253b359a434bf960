import Glibc
import PineconeEmulator
import Storage
import TestSupport
import Testing

@testable import keyturn

/// The state, its key and its files: what is missing, loose or not the right one.
@Suite struct StateTests {
    @Test func `init makes a state and says where everything is`() async throws {
        let program = try await TestProgram()
        let outcome = await program.keyturn("init")
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("root key:  file:\(program.directory.file("state.key"))\n"))
        #expect(outcome.conversation.contains("keep a copy of the root key apart"))
        #expect(program.directory.names == ["out", "state", "state-anchor", "state.key"])
        #expect(await program.isTrailIntact())
    }

    @Test func `a database that others may write is refused, with the command that mends it`()
        async throws
    {
        let program = try await TestProgram()
        try await program.require(program.keyturn("init"))
        let path = program.directory.file("state/keyturn.db")
        chmod(path, 0o666)
        let outcome = await program.keyturn("status")
        #expect(outcome.status == 77)
        #expect(outcome.conversation.contains("keyturn: hint: chmod go-w \(path)\n"))
    }

    @Test func `init twice changes nothing`() async throws {
        let program = try await TestProgram()
        try await program.require(program.keyturn("init"))
        let key = program.directory.text("state.key")
        let outcome = await program.keyturn("init")
        #expect(outcome.status == 78)
        #expect(outcome.conversation.contains("already"))
        #expect(program.directory.text("state.key") == key)
    }

    @Test func `a dry init makes nothing`() async throws {
        let program = try await TestProgram()
        let outcome = await program.keyturn("init", "--dry-run")
        #expect(outcome.status == 0)
        #expect(outcome.output.hasPrefix("would make the state "))
        #expect(program.directory.names == ["out"])
    }

    @Test func `a root key inside the state is refused`() async throws {
        let program = try await TestProgram()
        let path = program.directory.file("state/root.key")
        let outcome = await program.keyturn("init", "--key", "file:\(path)")
        #expect(outcome.status == 64)
        #expect(program.directory.names == ["out"])
    }

    @Test(arguments: [
        ["status"], ["run"], ["policy", "list"], ["check"], ["audit", "verify"],
        ["rotate", "--all", "--reason", "x"],
    ])
    func `without a state it is said how to make one`(_ command: [String]) async throws {
        let program = try await TestProgram()
        let outcome = await program.keyturn(command)
        #expect(outcome.status == 78)
        #expect(
            outcome.conversation == """
                keyturn: error: there is no keyturn state at \(program.directory.file("state"))
                keyturn: hint: make one with `keyturn init`, or name another with --state

                """)
    }

    @Test func `another root key is said to be one, and nothing is called damaged`()
        async throws
    {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))
        try program.write("other.key", String(repeating: "ab", count: 32) + "\n", mode: 0o400)

        let outcome = await program.keyturn(
            "run", "--key", "file:\(program.directory.file("other.key"))")

        #expect(outcome.status == 78)
        #expect(outcome.conversation.contains("this is not the root key of this state"))
        #expect(outcome.conversation.contains("nothing is damaged"))
        #expect(program.emulator.rotations(of: account.id) == 0)
    }

    @Test func `a damaged value is told apart from a wrong key`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))
        try await program.require(program.keyturn("run"))
        try program.sql(
            "UPDATE sealed SET ciphertext = zeroblob(length(ciphertext)) WHERE purpose = 'value'")

        let outcome = await program.keyturn("secret", "reveal", "ci", "--reason", "x")

        #expect(outcome.status == 6)
        #expect(outcome.output == "")
        #expect(outcome.conversation.contains("does not open under its own key"))
        #expect(outcome.conversation.contains("keyturn audit verify"))
    }

    @Test func `a root key that is gone is said to be gone`() async throws {
        let program = try await TestProgram()
        try await program.setUp("")
        try program.directory.remove("state.key")
        let outcome = await program.keyturn("secret", "reveal", "pinecone/ops-a", "--reason", "x")
        #expect(outcome.status == 78)
        #expect(outcome.conversation.contains("restore it from its backup"))
    }

    // MARK: The schema

    @Test func `a newer database is refused by every command`() async throws {
        let program = try await TestProgram()
        try await program.require(program.keyturn("init"))
        try program.sql("PRAGMA user_version = 99")
        for command in [["status"], ["run"], ["check"], ["audit", "verify"]] {
            let outcome = await program.keyturn(command)
            #expect(outcome.status == 78)
            #expect(outcome.conversation.contains("use the newer keyturn that made it"))
        }
    }

    @Test func `a migration that fails leaves the state, and says where its copy is`()
        async throws
    {
        let program = try await TestProgram()
        try await program.require(program.keyturn("init"))
        let known = Migrations.shipped.steps.count
        try program.sql("PRAGMA user_version = 0")

        let reading = await program.keyturn("status")
        #expect(reading.status == 78)
        #expect(reading.conversation.contains("any command that writes brings it up to date"))
        let dry = await program.keyturn("run", "--dry-run")
        #expect(dry.status == 78)
        let writing = await program.keyturn("run")
        #expect(writing.status == 1)
        let copy = try #require(
            TemporaryDirectory.names(in: program.directory.file("state"))
                .first { $0.hasPrefix("keyturn.db.v0-") })
        #expect(writing.conversation.contains(copy))

        try program.sql("PRAGMA user_version = \(known)")
        #expect(await program.isTrailIntact())
    }

    @Test func `what is no database is called damaged, and nothing is written over it`()
        async throws
    {
        let program = try await TestProgram()
        try await program.require(program.keyturn("init"))
        let junk = String(repeating: "no database ", count: 1000)
        try program.write("state/keyturn.db", junk)
        for command in [["status"], ["run"], ["audit", "verify"]] {
            let outcome = await program.keyturn(command)
            #expect(outcome.status == 6)
            #expect(outcome.conversation.contains("keyturn: hint: change nothing; "))
        }
        #expect(program.directory.text("state/keyturn.db") == junk)
    }

    // MARK: Loose permissions

    @Test func `a state that others may write is refused with the command that mends it`()
        async throws
    {
        let program = try await TestProgram()
        try await program.require(program.keyturn("init"))
        let path = program.directory.file("state")
        chmod(path, 0o770)
        for command in [["status"], ["run"], ["check"]] {
            let outcome = await program.keyturn(command)
            #expect(outcome.status == 77)
            #expect(outcome.conversation.contains("keyturn: hint: chmod go-w \(path)\n"))
        }
    }

    @Test(arguments: [(0o440, "chmod 0400"), (0o404, "chmod 0400"), (0o620, "chmod go-w")])
    func `a key that others may read or write is refused`(
        _ mode: UInt32, _ command: String
    ) async throws {
        let program = try await TestProgram()
        try await program.setUp("")
        let path = program.directory.file("state.key")
        chmod(path, mode)
        let outcome = await program.keyturn("secret", "reveal", "pinecone/ops-a", "--reason", "x")
        #expect(outcome.status == 77)
        #expect(outcome.conversation.contains("keyturn: hint: \(command) \(path)\n"))
    }

    @Test func `a configuration that others may write is refused`() async throws {
        let program = try await TestProgram()
        try await program.require(program.keyturn("init"))
        try program.write("keyturn.yaml", program.configuration(""), mode: 0o666)
        let path = program.directory.file("keyturn.yaml")
        let outcome = await program.keyturn("policy", "apply", path)
        #expect(outcome.status == 77)
        #expect(outcome.conversation.contains("keyturn: hint: chmod go-w \(path)\n"))
        #expect(await program.keyturn("policy", "list").output == "")
    }

    @Test func `a hook that others may write is refused before anything is minted`()
        async throws
    {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let hook = try program.directory.make("hook", "#!/bin/sh\ncat > /dev/null\n", mode: 0o777)
        try await program.setUp(
            program.policy("ci", account: account).replacing(
                "deliver:", with: "deliver:\n      - command: { run: [\(hook)] }"))

        let check = await program.keyturn("check")
        #expect(check.status == 77)
        #expect(check.output.contains("chmod go-w \(hook)"))
        let run = await program.keyturn("run")
        #expect(run.status == 1)
        #expect(run.conversation.contains("chmod go-w \(hook)"))
        #expect(program.emulator.rotations(of: account.id) == 0)
    }

    // MARK: Unreachable

    @Test func `an API that cannot be reached is named, and nothing is changed`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))
        let url = program.emulator.url
        program.emulator.stop()

        for command in [["run"], ["check"], ["run", "--dry-run"]] {
            let outcome = await program.keyturn(command)
            #expect(outcome.status == 1, "\(command) \(outcome.output)")
            #expect((outcome.output + outcome.conversation).contains(url), "\(command)")
        }
        #expect(program.directory.text("out/ci.env") == nil)
        #expect(program.emulator.rotations(of: account.id) == 0)
        #expect(await program.isTrailIntact())
    }
}
