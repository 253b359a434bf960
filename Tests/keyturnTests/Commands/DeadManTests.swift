import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// `check` notices what nobody does any longer, and `status` shows how much time is left.
@Suite struct DeadManTests {
    private func program(_ more: String = "") async throws -> TestProgram {
        let program = try await TestProgram()
        _ = try await program.dueAccount(more: more)
        try await program.require(program.keyturn("run"))
        return program
    }

    private func attention(_ program: TestProgram) async -> (status: Int32, text: String) {
        let check = await program.keyturn("check")
        let lines = check.output.split(separator: "\n").filter { $0.hasPrefix("ATTENTION") }
        return (check.status, lines.joined(separator: "\n"))
    }

    @Test func `it is noticed that no run came`() async throws {
        let program = try await program()
        #expect(await attention(program).status == 0)
        program.advance(.hours(25))
        #expect(await attention(program).status == 0)
        program.advance(.hours(2))
        let (status, text) = await attention(program)
        #expect(status == 7)
        #expect(text.contains("runs: no run came for 27h"))
        try await program.require(program.keyturn("run"))
        #expect(await attention(program).status == 0)
    }

    @Test func `it is noticed that what is due is taken up by no run`() async throws {
        let program = try await program()
        program.advance(.days(30))
        try await program.require(
            program.keyturn("policy", "pause", "ci", "--until", "1h", "--reason", "x"))
        program.advance(.hours(2))
        #expect(await attention(program).status == 0)
        program.advance(.hours(2))
        let (status, text) = await attention(program)
        #expect(status == 7)
        #expect(text.contains("runs: ci is due since "))
        #expect(text.contains(", and no run took it up"))
    }

    @Test func `it is noticed that a freeze has ended`() async throws {
        let program = try await TestProgram()
        program.anchors.withLock {
            $0 = """
                freezes:
                  - { from: 2026-05-01, until: 2026-05-06, owner: ann, reason: release }

                """
        }
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))
        #expect(await attention(program).status == 0)
        program.advance(.days(3))
        try await program.require(program.keyturn("run"))
        let (status, text) = await attention(program)
        #expect(status == 7)
        #expect(text.contains("freeze: the freeze of ann (release) ended 2026-05-06 00:00Z"))
    }

    @Test func `status shows age against limit, and why the next time`() async throws {
        let program = try await program("    max-age: 40d\n")
        program.advance(.days(21))
        try await program.require(program.keyturn("run"))
        let status = await program.keyturn("status").output
        #expect(status.contains("[###...] 21d/40d"))
        #expect(status.contains("  interval  "))
    }

    @Test func `status is coloured on a terminal alone`() async throws {
        let program = try await program()
        #expect(await program.keyturn("status").output.contains("\u{1b}") == false)
        let shown = await program.keyturn(["status"], isTerminal: true)
        #expect(shown.output.contains("\u{1b}[32mfresh\u{1b}[0m"))
    }

    @Test func `status goes on until a signal`() async throws {
        let program = try await program()
        program.checksBeforeSignal.withLock { $0 = 5 }
        let outcome = await program.keyturn("status", "--watch", "--json")
        #expect(outcome.status == 143)
        #expect(try outcome.objects().count == 3)
    }
}
