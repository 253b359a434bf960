import Audit
import PineconeEmulator
import Testing

@testable import keyturn

/// What is shown: tables for people, objects for programs, and no effect.
@Suite struct ReadingCommandsTests {
    /// An account and a key, both rotated, with ordinary names.
    private func world() async throws -> TestProgram {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        let window =
            #"    window: { days: Mon-Fri, from: "02:00", to: "05:00", zone: Europe/Berlin }"#
        try await program.setUp(
            program.policy("ci-deployer", account: account, more: window)
                + program.policy("search-key", key: key))
        try await program.require(
            program.keyturn(
                "rotate", "--all", "--reason", "first", "--confirm", "2"))
        return program
    }

    static let commands: [[String]] = [
        ["status"], ["plan"], ["policy", "list"], ["policy", "show", "ci-deployer"],
        ["secret", "list"], ["secret", "show", "search-key"], ["audit", "list"],
        ["audit", "verify"], ["audit", "show", "3"], ["audit", "sample", "--seed", "7c1f"],
        ["check"],
    ]

    @Test(arguments: commands)
    func `a table fits eighty columns, and reading changes nothing`(
        _ command: [String]
    ) async throws {
        let program = try await world()
        let before = program.directory.text("state/keyturn.db")

        let outcome = await program.keyturn(command, isTerminal: true)

        #expect(outcome.status == 0, "\(outcome.conversation)")
        #expect(outcome.output != "")
        let shown = outcome.output.replacing(#/\u{1b}\[[0-9]+m/#, with: "")
        for line in shown.split(separator: "\n")
        where !line.contains(program.directory.path) {
            #expect(line.count <= 80, "\(line)")
            #expect(!line.hasSuffix(" "))
        }
        #expect(program.directory.text("state/keyturn.db") == before)
    }

    @Test(arguments: commands)
    func `json is one object a line, its keys in order, its times in UTC`(
        _ command: [String]
    ) async throws {
        let program = try await world()

        let outcome = await program.keyturn(command + ["--json"])

        #expect(outcome.status == 0)
        let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.last == "")
        #expect(lines.count > 1)
        for line in lines.dropLast() {
            let bytes = Array(line.utf8)
            let members = try #require(try JSON(canonical: bytes).members, "\(line)")
            #expect(members["kind"]?.text?.isEmpty == false)
            for (key, value) in members where key.hasSuffix("_at") {
                #expect(value.text?.hasSuffix("Z") == true)
            }
        }
    }

    @Test func `nothing is said of nothing`() async throws {
        let program = try await TestProgram()
        try await program.require(program.keyturn("init"))
        for command in [["status"], ["plan"], ["policy", "list"], ["secret", "list"]] {
            let outcome = await program.keyturn(command)
            #expect(outcome.status == 0)
            #expect(outcome.output + outcome.conversation == "")
        }
    }

    @Test func `status tells the urgent first`() async throws {
        let program = try await TestProgram()
        let a = program.emulator.addServiceAccount(name: "a")
        let b = program.emulator.addServiceAccount(name: "b")
        try await program.setUp(
            program.policy("a", account: a) + program.policy("b", account: b))
        try await program.require(program.keyturn("run", "a"))

        let objects = try await program.keyturn("status", "--json").objects()

        #expect(objects.map(\.name) == ["b", "a"])
        #expect(objects.map(\.state) == ["due", "fresh"])
    }

    @Test func `a table that is piped on is whole, and cut on a terminal`() async throws {
        let program = try await world()
        let piped = await program.keyturn("audit", "list", "--type", "delivery.settled")
        let shown = await program.keyturn(
            ["audit", "list", "--type", "delivery.settled"], isTerminal: true)
        #expect(piped.output.contains("/out/search-key"))
        #expect(shown.output.contains("…"))
    }

    @Test func `audit list filters, and its times say that they are UTC`() async throws {
        let program = try await world()
        let promoted = await program.keyturn("audit", "list", "--type", "version.promoted")
        let lines = promoted.output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.dropFirst().allSatisfy { $0.contains("Z  version.promoted  ") })
        let wrong = await program.keyturn("audit", "list", "--type", "version.promote")
        #expect(wrong.status == 64)
        #expect(wrong.conversation.contains("did you mean version.promoted?"))
    }

    @Test(arguments: [
        ["policy", "show", "ci-deploer"], ["deliver", "ci-deploer"], ["run", "ci-deploer"],
        ["rotate", "ci-deploer", "--reason", "x"], ["secret", "show", "ci-deploer"],
        ["secret", "reveal", "ci-deploer", "--reason", "x"],
        ["policy", "pause", "ci-deploer", "--until", "3d", "--reason", "x"],
        ["audit", "list", "--secret", "ci-deploer"],
    ])
    func `a name that nobody has is answered with the nearest`(
        _ command: [String]
    ) async throws {
        let program = try await world()
        let outcome = await program.keyturn(command)
        #expect(outcome.status == 64)
        #expect(outcome.conversation.contains("did you mean ci-deployer?"))
    }
}
