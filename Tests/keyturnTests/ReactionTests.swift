import Foundation
import PineconeEmulator
import Rotations
import TestSupport
import Testing

@testable import Storage
@testable import keyturn

/// What is done after deliveries, so that who uses a secret takes the new value.
@Suite struct ReactionTests {
    /// A program that writes a word down, and ends as it is told.
    private func program(_ name: String, _ program: TestProgram, _ end: String = "") throws
        -> String
    {
        try program.write(
            name, "#!/bin/sh\necho \(name) >>\(program.directory.file("done"))\n\(end)\n",
            mode: 0o700)
        return program.directory.file(name)
    }

    private func done(_ program: TestProgram) -> [String] {
        program.directory.text("done")?.split(separator: "\n").map(String.init) ?? []
    }

    /// Two secrets that want the same done, one of them something else before.
    private func two(_ end: String = "") async throws -> TestProgram {
        let program = try await TestProgram()
        let reload = try self.program("reload", program, end)
        let first = try self.program("zeroth", program)
        let a = program.emulator.addServiceAccount(name: "a")
        let b = program.emulator.addServiceAccount(name: "b")
        try await program.setUp(
            program.policy(
                "a", account: a,
                more: """
                        after:
                          - command: { run: [\(first)] }
                          - command: { run: [\(reload)] }
                    """)
                + program.policy(
                    "b", account: b,
                    more: "    after: [{ command: { run: [\(reload)] } }]\n"))
        return program
    }

    @Test func `what secrets share is done once, after all of their deliveries, in order`()
        async throws
    {
        let program = try await two()
        let run = await program.keyturn("run")
        #expect(run.status == 0, "\(run)")
        #expect(done(program) == ["zeroth", "reload"])
        #expect(try await program.entries("reaction.settled") == 3)
        // A quiet second run.
        #expect(await program.keyturn("run").output == "")
        #expect(done(program).count == 2)
        // Again by hand.
        try await program.require(program.keyturn("deliver", "b"))
        #expect(done(program).suffix(1) == ["reload"])
        #expect(done(program).count == 3)
        #expect(await program.isTrailIntact())
    }

    @Test func `what failed is owed, tried again, and never rotates`() async throws {
        let program = try await two("exit 3")
        let run = await program.keyturn("run")
        #expect(run.status == 3, "\(run)")
        #expect(run.output.contains("reload: failed: "))
        #expect(program.emulator.received(.rotateSecret) == 2)
        let check = await program.keyturn("check")
        #expect(check.status == 7)
        #expect(check.output.contains("owed to a, b: the command ended with a failure"))
        program.advance(.minutes(1))
        let again = await program.keyturn("run")
        #expect(again.status == 1, "\(again)")
        _ = try self.program("reload", program)
        program.advance(.hours(1))

        try await program.require(program.keyturn("run"))

        #expect(done(program).filter { $0 == "zeroth" }.count == 1)
        #expect(await program.keyturn("check").status == 0)
        #expect(program.emulator.received(.rotateSecret) == 2)
        #expect(await program.isTrailIntact())
    }

    @Test func `what is delivered while it is done owes it anew`() async throws {
        let program = try await two("exit 3")
        _ = await program.keyturn("run")
        let store = try await program.unlockedStore()
        let now = Rotations.Timestamp(milliseconds: program.clock.now)
        let owed = try #require(try await store.owedReactions(at: now, isByHand: true).first)
        // Another process delivers while the command runs.
        program.advance(.minutes(1))
        let secret = try #require(owed.secrets.first)
        try await store.commit { try $0.oweReactions(of: secret) }

        try await store.settle(owed, nil, hook: nil)

        let left = try await store.owedReactions(at: now, isByHand: true)
        #expect(left.contains { $0.reaction == owed.reaction && $0.secrets == [secret] })
        #expect(await program.isTrailIntact())
    }

    @Test func `what a crash kept from being done is done by the next run`() async throws {
        let program = try await two()
        try await program.require(program.keyturn("run"))
        // As it is found when nobody was left to do it.
        program.signal.withLock { $0 = 15 }
        _ = await program.keyturn("deliver", "a")
        program.signal.withLock { $0 = nil }
        let before = done(program).count

        let run = await program.keyturn("run")

        #expect(run.status == 0)
        #expect(done(program).count >= before)
        #expect(await program.keyturn("check").status == 0)
        #expect(await program.isTrailIntact())
    }

    @Test func `what somebody put into the database is not done`() async throws {
        let program = try await two("exit 3")
        _ = await program.keyturn("run")
        let evil = try self.program("evil", program)
        try program.sql(
            "UPDATE reaction SET terms = replace(terms, '/reload', '/evil') WHERE state = 'owed'")
        program.advance(.hours(1))
        let run = await program.keyturn("run")
        #expect(run.status == 6)
        #expect(!done(program).contains("evil"), "\(evil)")
        #expect(await program.keyturn("audit", "verify").status == 6)
    }

    @Test func `a process is signalled by the number in its file`() async throws {
        let program = try await TestProgram()
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sleep")
        process.arguments = ["600"]
        try process.run()
        let file = program.directory.file("app.pid")
        try program.write("app.pid", "\(process.processIdentifier)\n", mode: 0o644)
        let account = program.emulator.addServiceAccount(name: "a")
        try await program.setUp(
            program.policy(
                "a", account: account,
                more: "    after: [{ signal: { name: USR1, pid-file: \(file) } }]\n"))

        try await program.require(program.keyturn("run"))

        // A child of a test has all signals blocked: it came, and waits.
        let status = try String(
            contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("ShdPnd:") })
        let pending = try #require(UInt64(line.dropFirst(8), radix: 16))
        #expect(pending & 1 << UInt64(SIGUSR1 - 1) != 0)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        // The process is gone: that is told, and owed.
        let again = await program.keyturn("deliver", "a")
        #expect(again.status == 1)
        #expect(again.output.contains("after:USR1 \(file): failed: "))
    }

    @Test func `a file of a number that others may write signals nobody`() async throws {
        let program = try await TestProgram()
        let file = program.directory.file("app.pid")
        try program.write("app.pid", "\(getpid())\n", mode: 0o644)
        try #require(chmod(file, 0o666) == 0)
        let account = program.emulator.addServiceAccount(name: "a")
        try await program.setUp(
            program.policy(
                "a", account: account,
                more: "    after: [{ signal: { name: USR1, pid-file: \(file) } }]\n"))
        let run = await program.keyturn("run")
        #expect(run.status == 3 || run.status == 1)
        #expect(run.output.contains("no process is named there"))
    }

    @Test func `a removed policy owes nothing any longer`() async throws {
        let program = try await two("exit 3")
        _ = await program.keyturn("run")
        try await program.require(
            program.keyturn("policy", "remove", "a", "--confirm", "a", "--abandon"))
        try await program.require(
            program.keyturn("policy", "remove", "b", "--confirm", "b", "--abandon"))
        program.advance(.hours(1))
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }
}
