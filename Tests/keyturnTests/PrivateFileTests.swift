import FoundationEssentials
import Handoff
import Linux
import PineconeEmulator
import Rotations
import TestSupport
import Testing

@testable import keyturn

/// A secret in a file for a program that wants a path (`via: file`).
@Suite struct PrivateFileTests {
    /// A due account whose hook writes down what it sees of its file, and the directory in memory for
    /// such files.
    private func world(
        _ ending: String = ""
    ) async throws -> (TestProgram, base: TemporaryDirectory) {
        let program = try await TestProgram()
        let base = try TemporaryDirectory(in: "/dev/shm")
        let path = base.path
        program.handoff.withLock { $0 = { _ in Destinations(privateBase: path) } }
        let seen = program.directory.file("seen")
        try program.directory.make(
            "hook",
            """
            #!/bin/sh
            stat -c '%a %u' "$KEYTURN_FILE" "${KEYTURN_FILE%/*}" >\(seen)
            wc -c >>\(seen)
            cat "$KEYTURN_FILE" >>\(seen)
            \(ending)
            """, mode: 0o755)
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(
            """
              - name: ci
                service-account: { connection: pinecone, id: \(account.id) }
                every: 30d
                deliver:
                  - command: { run: [\(program.directory.file("hook"))], input: env, via: file }

            """)
        return (program, base)
    }

    @Test func `it is there for the program alone, and gone when that has ended`() async throws {
        let (program, base) = try await world()
        try await program.require(program.keyturn("run"))
        let lines = (program.directory.text("seen") ?? "").split(separator: "\n").map(String.init)
        #expect(lines.prefix(3) == ["400 \(Caller.userID)", "700 \(Caller.userID)", "0"])
        let account = try #require(program.emulator.liveAccounts.first { $0.name == "deploys" })
        #expect(lines.contains("PINECONE_CLIENT_SECRET=\(account.clientSecret)"))
        #expect(TemporaryDirectory.names(in: base.path).isEmpty)
        #expect(await program.isTrailIntact())
    }

    @Test func `a program that fails leaves nothing behind either`() async throws {
        let (program, base) = try await world("exit 3")
        #expect(await program.keyturn("run").status == 1)
        #expect(TemporaryDirectory.names(in: base.path).isEmpty)
    }

    @Test func `what a killed delivery left is removed by the next`() async throws {
        let (program, base) = try await world("exit 3")
        #expect(await program.keyturn("run").status == 1)
        let left = base.file("hook-01J0000000000000000000RVN9")
        try base.makeDirectory("hook-01J0000000000000000000RVN9")
        try base.make("hook-01J0000000000000000000RVN9/secret", "old", mode: 0o400)
        try program.sql("UPDATE delivery SET temporary = '\(left)'")
        #expect(await program.keyturn("deliver", "ci").status == 1)
        #expect(TemporaryDirectory.names(in: base.path).isEmpty)
    }

    @Test func `what a row names besides is not removed`() async throws {
        let (program, base) = try await world("exit 3")
        #expect(await program.keyturn("run").status == 1)
        try base.make("mine", "keep", mode: 0o600)
        try program.sql("UPDATE delivery SET temporary = '\(base.path)/hook-x/../mine'")
        #expect(await program.keyturn("deliver", "ci").status == 1)
        #expect(base.text("mine") == "keep")
    }

    @Test func `a directory on a disk, or one that others may write, gets no secret`()
        async throws
    {
        let (program, _) = try await world()
        let disk = program.directory.file("out")
        program.handoff.withLock { $0 = { _ in Destinations(privateBase: disk) } }
        let outcome = await program.keyturn("run")
        #expect(outcome.status == 1)
        #expect(outcome.conversation.contains("is on a disk"))
        #expect(TemporaryDirectory.names(in: disk).isEmpty)

        program.handoff.withLock { $0 = { _ in Destinations(privateBase: "/dev/shm") } }
        let loose = await program.keyturn("check")
        #expect(loose.status == 77)
        #expect(loose.output.contains("may be written by others"))
    }

    @Test func `a way that is none is refused`() async throws {
        let text = Reading.policy(
            "deliver:", "  - command: { run: [/bin/push], via: fil }")
        #expect(
            Reading.problems(text) == [
                "9:43: `via` is expected to be one of stdin, file, and this is `fil` (did you mean `file`?)"
            ])
    }
}
