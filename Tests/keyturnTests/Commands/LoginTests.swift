import PineconeEmulator
import Testing

@testable import keyturn

/// Sealing an admin's credential once it has proved itself.
@Suite struct LoginTests {
    @Test func `a right secret is proved, sealed and said to be`() async throws {
        let program = try await TestProgram()
        try await program.require(program.keyturn("init"))
        try await program.apply("")

        let outcome = await program.keyturn(
            "login", "pinecone", "--as", "ops-a", "--client-id", program.admin.clientID,
            input: program.admin.clientSecret)

        #expect(outcome.status == 0)
        #expect(
            outcome.output
                == "pinecone/ops-a: the account ops-a (\(program.admin.id)) is proved and sealed\n")
        #expect(await program.keyturn("secret", "list").output.contains("pinecone/ops-a"))
        #expect(
            !(program.directory.text("state/keyturn.db") ?? "").contains(
                program.admin.clientSecret))
    }

    @Test func `a wrong secret is not sealed`() async throws {
        let program = try await TestProgram()
        try await program.require(program.keyturn("init"))
        try await program.apply("")
        let outcome = await program.keyturn(
            "login", "pinecone", "--as", "ops-a", "--client-id", program.admin.clientID,
            input: "not-the-secret")
        #expect(outcome.status == 1)
        #expect(outcome.conversation.contains("\(program.emulator.tokenURL) refuses"))
        #expect(!(outcome.output + outcome.conversation).contains("not-the-secret"))
        #expect(await program.keyturn("secret", "list").output == "")
    }

    @Test(arguments: [
        ("pincone", "ops-a", "did you mean pinecone?"),
        ("pinecone", "ops-b", "its admins are ops-a"),
    ])
    func `an admin that nobody declared is refused`(
        _ connection: String, _ admin: String, _ said: String
    ) async throws {
        let program = try await TestProgram()
        try await program.require(program.keyturn("init"))
        try await program.apply("")
        let outcome = await program.keyturn(
            "login", connection, "--as", admin, "--client-id", "x", input: "y")
        #expect(outcome.status == 78)
        #expect(outcome.conversation.contains(said))
    }

    @Test func `without an admin a run says who has to log in`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.require(program.keyturn("init"))
        try await program.apply(program.policy("ci", account: account))
        let outcome = await program.keyturn("run")
        #expect(outcome.status == 78)
        #expect(outcome.output.contains("keyturn login"))
        let check = await program.keyturn("check")
        #expect(check.status == 78)
        #expect(check.output.contains("keyturn login pinecone --as ops-a --client-id ID"))
    }
}
