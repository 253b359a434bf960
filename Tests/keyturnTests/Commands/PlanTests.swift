import Audit
import Foundation
import struct PineconeEmulator.ServiceAccount
import Rotations
import Testing

@testable import keyturn

/// What will happen, when, and why then; and what cannot happen in time.
@Suite struct PlanTests {
    private func program(_ more: String, held: Bool = true) async throws -> (
        TestProgram, ServiceAccount
    ) {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account, more: more))
        if held { try await program.require(program.keyturn("run")) }
        return (program, account)
    }

    private func plan(_ program: TestProgram, _ words: String...) async throws -> [[String: Audit
        .JSON]]
    {
        let outcome = await program.keyturn(["plan", "--json"] + words)
        try program.require(outcome)
        return try outcome.output.split(separator: "\n").map {
            try #require(try Audit.JSON(canonical: Array($0.utf8)).members)
        }
    }

    private func times(_ items: [[String: Audit.JSON]]) -> [Rotations.Timestamp] {
        items.compactMap { $0["at"]?.text.flatMap { Rotations.Timestamp(rfc3339: $0) } }
    }

    @Test func `every time up to the horizon is told, and a run then rotates, and not before`()
        async throws
    {
        let (program, account) = try await program(
            """
                spread: 6h
                window: { days: Mon-Fri, from: "02:00", to: "05:00", zone: America/New_York }
            """, held: false)
        let items = try await plan(program, "--until", "150d")
        let times = times(items)
        #expect(times.count >= 5)
        for item in items {
            #expect(item["zone"]?.text == "America/New_York")
            let hour = try #require(item["local"]?.text?.suffix(5).prefix(2))
            #expect(["02", "03", "04"].contains(hour))
        }
        for (index, time) in times.enumerated() {
            program.clock.advance(ms: time.milliseconds - 1 - program.clock.now)
            #expect(await program.keyturn("run").status == 0)
            #expect(program.emulator.rotations(of: account.id) == index)
            program.clock.advance(ms: 1)
            #expect(await program.keyturn("run").status == 0)
            #expect(program.emulator.rotations(of: account.id) == index + 1)
        }
    }

    @Test func `a spread is told, and the text names the zone`() async throws {
        let (program, _) = try await program(
            """
                spread: 6h
                window: { days: Mon-Fri, from: "02:00", to: "05:00", zone: America/New_York }
            """)
        let outcome = await program.keyturn("plan", "--until", "90d")
        #expect(outcome.output.contains(", spread by "))
        #expect(outcome.output.contains(" America/New_York)"))
    }

    @Test func `many times of a policy are cut, and it is said`() async throws {
        let program = try await TestProgram()
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        try await program.setUp(program.policy("search", key: key, every: "1m"))
        let items = try await plan(program, "--until", "2d")
        #expect(items.count == 1_001)
        #expect(items.last?["what"]?.text == "and so on")
    }

    @Test func `only what is named is told`() async throws {
        let (program, _) = try await program("    labels: { env: prod }")
        #expect(try await plan(program, "ci", "--until", "40d").count == 1)
        #expect(try await plan(program, "--label", "env=prod", "--until", "40d").count == 1)
        #expect(try await plan(program, "--label", "env=test", "--until", "40d").isEmpty)
        #expect(await program.keyturn("plan", "cj").status == 64)
        #expect(await program.keyturn("plan", "--until", "soon").status == 64)
    }

    @Test func `what cannot happen by itself is told first`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.require(program.keyturn("init"))
        try await program.apply(program.policy("ci", account: account))
        let items = try await plan(program)
        #expect(items.first?["what"]?.text == "blocked")
        #expect(items.first?["why"]?.text == "no admin of pinecone is logged in")
        #expect(items.first?["at"] == nil)
        #expect(items.count == 3)
    }

    // MARK: Max-age

    @Test func `max-age beats a window, with an entry`() async throws {
        let (program, account) = try await program(
            """
                max-age: 31d
                window: { days: Sun, from: "02:00", to: "02:30", zone: UTC }
            """, held: false)
        // In its first window.
        let first = try #require(times(try await plan(program)).first)
        program.clock.advance(ms: max(0, first.milliseconds - program.clock.now))
        try await program.require(program.keyturn("run"))

        let next = try await plan(program, "--until", "32d")
        #expect(next.first?["late"] == .boolean(true))
        #expect(next.first?["why"]?.text?.contains("max-age") == true)
        #expect(next.first?["at"] == next.first?["max_age_at"])
        let check = await program.keyturn("check", "--json")
        #expect(check.output.contains("max-age comes before its next window"))

        program.advance(.days(31))
        try await program.require(program.keyturn("run"))
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(try await program.entries("schedule.overridden") == 1)
        #expect(await program.isTrailIntact())
    }

    @Test func `max-age beats a pause, and the pause says so`() async throws {
        let (program, account) = try await program("    max-age: 40d")
        let pause = await program.keyturn(
            "policy", "pause", "ci", "--until", "60d", "--reason", "freeze")
        #expect(pause.status == 0)
        #expect(pause.conversation.contains("its max-age comes before"))
        program.advance(.days(39))
        try await program.require(program.keyturn("run"))
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(times(try await plan(program)).count == 1)
        program.advance(.days(1))
        try await program.require(program.keyturn("run"))
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(try await program.entries("schedule.overridden") == 1)
    }

    // MARK: A calendar

    @Test func `a calendar has an event for each time, in lines that any reader takes`()
        async throws
    {
        let (program, _) = try await program(
            """
                window: { days: Mon-Fri, from: "02:00", to: "05:00", zone: America/New_York }
            """)
        let outcome = await program.keyturn("plan", "--until", "150d", "--calendar")
        #expect(outcome.status == 0)
        let lines = outcome.output.components(separatedBy: "\r\n")
        #expect(lines.first == "BEGIN:VCALENDAR")
        #expect(lines.suffix(2) == ["END:VCALENDAR", ""])
        #expect(lines.allSatisfy { $0.utf8.count <= 75 && !$0.contains("\n") })
        let count = try await plan(program, "--until", "150d").count
        #expect(lines.count { $0 == "BEGIN:VEVENT" } == count)
        #expect(Set(lines.filter { $0.hasPrefix("UID:") }).count == count)
        #expect(await program.keyturn("plan", "--calendar", "--json").status == 64)
    }
}
