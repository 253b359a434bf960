import PineconeEmulator
import Testing

@testable import keyturn

/// Rotations by hand: who is asked, and what nobody confirmed does not begin.
@Suite struct RotateTests {
    private func world() async throws -> (TestProgram, [ServiceAccount]) {
        let program = try await TestProgram()
        let accounts = ["a", "b"].map { program.emulator.addServiceAccount(name: $0) }
        try await program.setUp(
            program.policy("a", account: accounts[0], more: "    labels: { env: prod }")
                + program.policy("b", account: accounts[1]))
        return (program, accounts)
    }

    struct Wish: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let answer: String?
        /// How many are rotated; 0 for a refusal with 64.
        let rotated: Int

        init(_ arguments: [String], answer: String? = nil, _ rotated: Int) {
            self.arguments = arguments
            self.answer = answer
            self.rotated = rotated
        }

        var testDescription: String { "\(arguments) \(answer ?? "nobody")" }
    }

    static let wishes = [
        Wish(["a"], 0), Wish(["a"], answer: "a", 1), Wish(["a"], answer: "yes", 0),
        Wish(["a"], answer: "1", 0), Wish(["a", "--confirm", "a"], 1),
        Wish(["a", "--confirm", "1"], 1), Wish(["a", "--confirm", "b"], 0),
        Wish(["a", "a", "--confirm", "a"], 1), Wish(["a", "--confirm", "a", "--confirm", "b"], 0),
        Wish(["--all"], answer: "2", 2), Wish(["--all"], answer: "all", 0),
        Wish(["--all", "--confirm", "2"], 2), Wish(["--all", "--confirm", "3"], 0),
        Wish(["--all", "--confirm", "a"], 0),
        Wish(["--all", "--confirm", "b", "--confirm", "a"], 2),
        Wish(["--all", "--confirm", "a", "--confirm", "a"], 0),
        Wish(["--label", "env=prod", "--confirm", "a"], 1),
        Wish(["--label", "env=test", "--confirm", "a"], 0),
    ]

    @Test(arguments: wishes)
    func `only what was confirmed begins`(_ wish: Wish) async throws {
        let (program, accounts) = try await world()
        let before = program.directory.text("state/keyturn.db")

        let outcome = await program.keyturn(
            ["rotate", "--reason", "drill"] + wish.arguments, answer: wish.answer)

        #expect(outcome.status == (wish.rotated == 0 ? 64 : 0), "\(outcome.conversation)")
        let rotated = accounts.filter { program.emulator.rotations(of: $0.id) == 1 }.count
        #expect(rotated == wish.rotated)
        if wish.rotated == 0 {
            #expect(program.directory.text("state/keyturn.db") == before)
            #expect(outcome.conversation.hasPrefix("keyturn: error: "))
        }
    }

    @Test func `without a terminal it is said what a script adds`() async throws {
        let (program, _) = try await world()
        let outcome = await program.keyturn("rotate", "--all", "--reason", "drill")
        #expect(
            outcome.conversation == """
                keyturn: error: this would rotate a, b, and there is nobody to ask
                keyturn: hint: in scripts add --confirm 2

                """)
    }

    @Test func `json has a rotation each and a summary last`() async throws {
        let (program, _) = try await world()
        let outcome = await program.keyturn(
            "rotate", "--all", "--reason", "drill", "--confirm", "2", "--json")
        let objects = try outcome.objects()
        #expect(objects.map(\.kind) == ["rotation", "rotation", "summary"])
        #expect(Set(objects.dropLast().map(\.name)) == ["a", "b"])
        #expect(objects.last?.rotated == 2)
        #expect(objects.last?.exit == 0)
        #expect(outcome.output.contains(#""trigger":"manual""#))
        #expect(outcome.output.contains(#""reason":"drill""#))
    }

    @Test func `a dry run asks nobody and does nothing`() async throws {
        let (program, accounts) = try await world()
        let before = program.directory.text("state/keyturn.db")
        let outcome = await program.keyturn("rotate", "--all", "--reason", "x", "--dry-run")
        #expect(outcome.status == 0, "\(outcome.conversation)")
        #expect(outcome.output == "a: would rotate\nb: would rotate\n")
        #expect(program.directory.text("state/keyturn.db") == before)
        #expect(accounts.allSatisfy { program.emulator.rotations(of: $0.id) == 0 })
    }

    @Test func `a dry run tells of a name that is not the account's`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(
            program.policy("ci", account: account).replacing("name: deploys", with: "name: builds"))
        let wanted = "is named deploys at the provider, not builds"

        let dry = await program.keyturn("run", "--dry-run")
        #expect(dry.status == 1)
        #expect(dry.output.contains(wanted))
        let check = await program.keyturn("check")
        #expect(check.status == 7)
        #expect(check.output.contains(wanted))
        let run = await program.keyturn("run")
        #expect(run.status == 1)
        #expect(program.emulator.rotations(of: account.id) == 0)
    }
}
