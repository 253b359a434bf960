import PineconeEmulator
import Testing

@testable import keyturn

/// The one command that shows a secret (P35).
@Suite struct RevealTests {
    private func rotated() async throws -> (TestProgram, ServiceAccount) {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(
            program.policy("ci", account: account, more: "    env-names: { client-id: ID }"))
        try await program.require(program.keyturn("run"))
        return (program, account)
    }

    @Test func `it prints the value alone, and an entry says who asked and why`() async throws {
        let (program, account) = try await rotated()

        let outcome = await program.keyturn("secret", "reveal", "ci", "--reason", " a  drill ")

        #expect(outcome.status == 0)
        #expect(outcome.output == program.emulator.clientSecret(of: account.id))
        #expect(outcome.conversation == "")
        let entry = await program.keyturn("audit", "list", "--limit", "1", "--json")
        #expect(entry.output.contains(#""reason":"a drill""#))
        #expect(entry.output.contains(#""type":"secret.revealed""#))
        #expect(!entry.output.contains(outcome.output))
    }

    @Test func `env has the policy's names, json a kind`() async throws {
        let (program, account) = try await rotated()
        let secret = try #require(program.emulator.clientSecret(of: account.id))

        let env = await program.keyturn(
            "secret", "reveal", "ci", "--format", "env", "--reason", "x")
        #expect(env.output == "ID=\(account.clientID)\nPINECONE_CLIENT_SECRET=\(secret)\n")

        let json = await program.keyturn("secret", "reveal", "ci", "--json", "--reason", "x")
        #expect(
            json.output == #"{"client_id":"\#(account.clientID)","client_secret":"\#(secret)","#
                + #""kind":"reveal","name":"ci","version":2}"# + "\n")
    }

    @Test func `what cannot be audited is not shown`() async throws {
        let (program, _) = try await rotated()
        try program.sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit_entry "
                + "BEGIN SELECT RAISE(ABORT, 'no more'); END")

        let outcome = await program.keyturn("secret", "reveal", "ci", "--reason", "x")

        #expect(outcome.status == 6)
        #expect(outcome.output == "")
        #expect(outcome.conversation.contains("the database refused"))
    }

    @Test func `a dry run shows nothing and records nothing`() async throws {
        let (program, _) = try await rotated()
        let before = program.directory.text("state/keyturn.db")
        let outcome = await program.keyturn(
            "secret", "reveal", "ci", "--reason", "x", "--dry-run")
        #expect(outcome.output == "ci: would show version 2\n")
        #expect(program.directory.text("state/keyturn.db") == before)
    }

    @Test func `a value that the vault does not hold is said not to be held`() async throws {
        let (program, _) = try await rotated()
        let outcome = await program.keyturn(
            "secret", "reveal", "ci", "--version", "1", "--reason", "x")
        #expect(outcome.status == 64)
        #expect(outcome.conversation.contains("the vault does not hold version 1 of ci"))
        #expect(outcome.conversation.contains("keyturn secret show ci"))
    }

    @Test(arguments: ["", "   ", String(repeating: "x", count: 501)])
    func `a reason is one`(_ reason: String) async throws {
        let (program, _) = try await rotated()
        let outcome = await program.keyturn("secret", "reveal", "ci", "--reason", reason)
        #expect(outcome.status == 64)
        #expect(outcome.output == "")
        #expect(outcome.conversation.contains("the reason is"))
    }
}
