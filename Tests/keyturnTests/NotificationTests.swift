import Audit
import Foundation
import PineconeEmulator
import TestSupport
import Testing

@testable import keyturn

import struct Rotations.Interval

/// Programs that are told of what a run came to.
@Suite struct NotificationTests {
    /// A program that keeps what it is told, a line each.
    private func program(
        _ body: String = "", more: String = "", options: String = ""
    ) async throws -> (TestProgram, ServiceAccount) {
        let program = try await TestProgram()
        let path = program.directory.file("notify")
        try program.write(
            "notify", "#!/bin/sh\ncat >>\(program.directory.file("told"))\n\(body)\n", mode: 0o700)
        program.anchors.withLock { $0 = "notify: [{ run: [\(path)]\(options) }]\n" }
        return (program, try await program.dueAccount(more: more))
    }

    private func told(_ program: TestProgram) throws -> [[String: Audit.JSON]] {
        let lines = program.directory.text("told")?.split(separator: "\n") ?? []
        return try lines.map { try #require(try Audit.JSON(canonical: Array($0.utf8)).members) }
    }

    private func types(_ program: TestProgram) throws -> [String] {
        try told(program).compactMap { $0["type"]?.text }
    }

    @Test func `a failure is told once a day, and then that it is well again`() async throws {
        let (program, account) = try await program()
        program.emulator.settings.serviceAccountsForbidden = true
        #expect(await program.keyturn("run").status == 1)
        program.advance(.minutes(10))
        #expect(await program.keyturn("run").status == 1)
        var told = try told(program)
        #expect(told.count == 1)
        let event = try #require(told.first)
        #expect(event["specversion"]?.text == "1.0")
        #expect(event["type"]?.text == "keyturn.failed")
        #expect(event["subject"]?.text == "ci")
        #expect(event["data"]?.members?["cause"]?.text == "forbidden")
        #expect(event["id"]?.text?.isEmpty == false)

        program.emulator.settings.serviceAccountsForbidden = false
        program.advance(.hours(1))
        try await program.require(program.keyturn("run"))
        told = try self.told(program)
        #expect(told.map { $0["type"]?.text } == ["keyturn.failed", "keyturn.recovered"])
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test func `nobody is told that all is well as ever`() async throws {
        let (program, _) = try await program()
        try await program.require(program.keyturn("run"))
        try await program.require(program.keyturn("run"))
        #expect(try types(program).isEmpty)
    }

    @Test func `a secret past its max-age is told, although nothing could be tried`() async throws {
        let (program, _) = try await program(more: "    max-age: 40d\n")
        try await program.require(program.keyturn("run"))
        program.advance(.days(41))
        program.emulator.settings.serviceAccountsForbidden = true
        _ = await program.keyturn("run")
        #expect(try Set(types(program)) == ["keyturn.failed", "keyturn.overdue"])
    }

    @Test func `an emergency that is over is told`() async throws {
        let (program, _) = try await program(options: ", on: [emergency-finished]")
        try await program.require(
            program.keyturn(
                "rotate", "ci", "--compromised", "--reason", "x", "--confirm", "ci"))
        #expect(try types(program) == ["keyturn.emergency-finished"])
    }

    @Test func `a secret is never told`() async throws {
        let (program, _) = try await program(
            "cat /proc/$$/environ /proc/$$/cmdline >>\"${0%/*}/told\"")
        try await program.require(
            program.keyturn(
                "rotate", "ci", "--compromised", "--reason", "x", "--confirm", "ci"))
        let secret = try #require(program.deliveredSecret("ci"))
        #expect(program.directory.text("told")?.contains(secret) == false)
    }

    @Test(arguments: ["exit 3", "kill -9 $$"])
    func `what becomes of it is no verdict on the run`(_ body: String) async throws {
        let (program, account) = try await program(
            body, options: ", on: [emergency-finished]")
        let outcome = await program.keyturn(
            "rotate", "ci", "--compromised", "--reason", "x", "--confirm", "ci")
        #expect(outcome.status == 0)
        #expect(outcome.conversation.contains("was to tell of emergency-finished"))
        #expect(program.isDeliveredAccepted("ci", account))
    }

    @Test func `a program that somebody put into the database is not started`() async throws {
        let (program, _) = try await program()
        let evil = program.directory.file("evil")
        try program.write("evil", "#!/bin/sh\ntouch \(evil).ran\n", mode: 0o700)
        try program.sql(
            "UPDATE setting SET value = replace(value, '/notify\"', '/evil\"') WHERE name = 'notify'"
        )
        program.emulator.settings.serviceAccountsForbidden = true
        _ = await program.keyturn("run")
        #expect(program.directory.text("evil.ran") == nil)
        #expect(await program.keyturn("audit", "verify").status == 6)
    }

    @Test func `many are told in few words`() async throws {
        let program = try await TestProgram()
        let path = program.directory.file("notify")
        try program.write(
            "notify", "#!/bin/sh\ncat >>\(program.directory.file("told"))\n", mode: 0o700)
        program.anchors.withLock { $0 = "notify: [{ run: [\(path)] }]\n" }
        var policies = ""
        for number in 0..<15 {
            let account = program.emulator.addServiceAccount(name: "deploys-\(number)")
            policies += program.policy("ci-\(number)", account: account)
        }
        try await program.setUp(policies)
        program.emulator.settings.serviceAccountsForbidden = true
        _ = await program.keyturn("run")
        let told = try told(program)
        #expect(told.count == 10)
        #expect(told.last?["data"]?.members?["more"] == .integer(5))
    }
}
