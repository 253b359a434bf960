import Foundation
import PineconeEmulator
import Rotations
import TestSupport
import Testing

@testable import keyturn

/// The way of a rotation, walked without one.
@Suite struct RehearseTests {
    /// A secret with a file and a hook that keeps what it was told.
    private func program() async throws -> (TestProgram, ServiceAccount, told: String) {
        let program = try await TestProgram()
        let told = program.directory.file("told")
        let hook = try program.hook(
            "echo \"rehearsal=$KEYTURN_REHEARSAL version=$KEYTURN_VERSION\" >>\(told); cat >>\(told)"
        )
        let account = try await program.dueAccount(more: hook.yaml)
        return (program, account, told)
    }

    private func names(_ program: TestProgram) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: program.directory.file("out")).sorted()
    }

    @Test func `files are written beside their place and removed, and no command is run`()
        async throws
    {
        let (program, account, told) = try await program()
        try await program.require(program.keyturn("run"))
        let before = try #require(program.directory.text("out/ci.env"))
        let heard = TemporaryDirectory.text(at: told)
        let names = try names(program)

        let outcome = await program.keyturn("rehearse", "ci")

        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.output.contains("out/ci.env: would be delivered"))
        #expect(outcome.output.contains("not run without --commands"))
        #expect(program.directory.text("out/ci.env") == before)
        #expect(TemporaryDirectory.text(at: told) == heard)
        #expect(try self.names(program) == names)
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(try await program.entries("rehearsal.settled") == 1)
        #expect(await program.isTrailIntact())
    }

    @Test func `a command is told that it is a rehearsal, and gets no secret`() async throws {
        let (program, account, told) = try await program()
        try await program.require(program.keyturn("run"))
        let secret = try #require(program.deliveredSecret("ci"))
        try? FileManager.default.removeItem(atPath: told)

        let outcome = await program.keyturn("rehearse", "--all", "--commands")

        #expect(outcome.status == 0, "\(outcome)")
        let heard = try #require(TemporaryDirectory.text(at: told))
        #expect(heard.contains("rehearsal=1 version=0"))
        #expect(heard.contains(Rehearse.value))
        #expect(!heard.contains(secret))
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test func `what would fail on the night is told, with its remedy`() async throws {
        let (program, _, _) = try await program()
        try FileManager.default.removeItem(atPath: program.directory.file("out"))

        let outcome = await program.keyturn("rehearse", "ci")

        #expect(outcome.status == 1)
        #expect(outcome.output.contains("would fail: "))
        #expect(outcome.output.contains("does not exist"))
        #expect(outcome.conversation.contains("hint: make it"))
        let json = await program.keyturn("rehearse", "ci", "--json")
        #expect(json.output.contains(#""outcome":"failed""#))
        #expect(try await program.entries("rehearsal.begun") == 2)
    }

    @Test func `a hook that fails is told`() async throws {
        let program = try await TestProgram()
        let hook = try program.failingHook()
        let account = try await program.dueAccount(more: hook.yaml)
        let outcome = await program.keyturn("rehearse", "ci", "--commands")
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("ended with status"))
        #expect(program.emulator.rotations(of: account.id) == 0)
    }

    @Test func `a leftover of a rehearsal is removed by the next`() async throws {
        let (program, _, _) = try await program()
        try program.directory.make("out/.ci.env.rehearsal.tmp", "half", mode: 0o600)
        #expect(await program.keyturn("rehearse", "ci").status == 0)
        #expect(program.directory.text("out/.ci.env.rehearsal.tmp") == nil)
    }

    @Test func `a dry rehearsal writes nothing at all`() async throws {
        let (program, _, _) = try await program()
        let before = try program.entryCount()
        #expect(await program.keyturn("rehearse", "ci", "--dry-run").status == 0)
        #expect(try program.entryCount() == before)
        #expect(await program.keyturn("rehearse").status == 64)
        #expect(await program.keyturn("rehearse", "cj").status == 64)
    }
}
