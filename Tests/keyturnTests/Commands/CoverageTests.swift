import Foundation
import LoopbackServer
import PineconeEmulator
import Rotations
import TestSupport
import Testing

@testable import keyturn

/// What is at the provider against what is here, adoption, and connections.
@Suite struct CoverageTests {
    private func world() async throws -> TestProgram {
        let program = try await TestProgram()
        let deploys = program.emulator.addServiceAccount(name: "deploys")
        _ = program.emulator.addServiceAccount(name: "batch \"nightly\"")
        _ = program.emulator.addAPIKey(project: program.project, name: "reader")
        let gone = program.emulator.addServiceAccount(name: "gone")
        try await program.setUp(
            program.policy("ci", account: deploys, more: "    first: after-interval")
                + program.policy("gone", account: gone, more: "    first: after-interval"))
        program.emulator.deleteElsewhere(account: gone.id)
        return program
    }

    @Test func `coverage names each credential and where it stands`() async throws {
        let program = try await world()
        let foreign = "copy~01J0000000000000000000RVN9"
        _ = program.emulator.addServiceAccount(name: foreign)
        let status = await program.keyturn("status", "--coverage", "--json")
        #expect(status.status == 0, "\(status.conversation)")
        func standing(_ name: String) -> String? {
            status.output.split(separator: "\n").first { $0.contains(name) }
                .flatMap { line in
                    line.firstRange(of: #""standing":""#).map {
                        String(line[$0.upperBound...].prefix { $0 != "\"" })
                    }
                }
        }
        #expect(standing(#""name":"deploys""#) == "managed")
        #expect(standing(#""name":"ops-a""#) == "known")
        #expect(standing("nightly") == "unmanaged")
        #expect(standing(#""name":"reader""#) == "unmanaged")
        #expect(standing(#""name":"gone""#) == "orphaned")
        #expect(standing(foreign) == "foreign")
        let table = await program.keyturn("status", "--coverage")
        #expect(
            table.output.contains(
                "pinecone: 1 managed, 1 known, 2 unmanaged, 1 foreign, 1 orphaned"))
    }

    @Test func `what is adopted can be applied as it is, and nothing is rotated`() async throws {
        let program = try await world()
        let path = program.directory.file("adopted.yaml")
        let adopted = await program.keyturn(
            "policy", "adopt", "--all", "--label", "env=prod", "--output", path)
        #expect(adopted.status == 0, "\(adopted.conversation)")
        let text = program.directory.text("adopted.yaml") ?? ""
        #expect(text.contains("first: after-interval"))
        #expect(!text.contains("deploys"))
        try await program.require(program.keyturn("policy", "apply", path))
        #expect(await program.keyturn("policy", "show", "batch--nightly-").status == 0)
        try await program.require(program.keyturn("run", "batch--nightly-", "reader"))
        #expect(program.emulator.committed(.rotateSecret) == 0)
        #expect(program.emulator.committed(.createAPIKey) == 0)
        let again = await program.keyturn("policy", "adopt", "--all")
        #expect(again.output == "")
        #expect(again.conversation.contains("everything is rotated by a policy"))
        // A file that is there is not overwritten.
        _ = program.emulator.addServiceAccount(name: "new")
        #expect(
            await program.keyturn("policy", "adopt", "--all", "--output", path).status != 0)
        #expect(program.directory.text("adopted.yaml") == text)
    }

    @Test func `what is much like a policy is shown as such, and what is managed refused`()
        async throws
    {
        let program = try await world()
        _ = program.emulator.addServiceAccount(name: "cii")
        let adopted = await program.keyturn("policy", "adopt", "cii")
        #expect(adopted.output.contains("# The policy `ci` is much like this one"))
        let managed = await program.keyturn("policy", "adopt", "deploys")
        #expect(managed.status == 64)
        #expect(managed.conversation.contains("managed already, as ci"))
        let unknown = await program.keyturn("policy", "adopt", "ciii")
        #expect(unknown.status == 64)
        #expect(unknown.conversation.contains("did you mean `cii`?"))
    }

    @Test func `a credential that appears unmanaged is an event, once`() async throws {
        let program = try await world()
        try await program.require(program.keyturn("run", "ci"))
        program.advance(.days(31))
        _ = await program.keyturn("run")
        let first = try await program.entries("credential.found")
        #expect(first == 2)
        _ = program.emulator.addServiceAccount(name: "new")
        program.advance(.days(2))
        let run = await program.keyturn("run")
        #expect(run.conversation.contains("new"))
        #expect(try await program.entries("credential.found") == 3)
        #expect(await program.isTrailIntact())
    }

    @Test func `an entry of a person's in the morning does not keep a run from its daily look`()
        async throws
    {
        let program = try await world()
        try await program.require(program.keyturn("run", "ci"))
        program.advance(.days(31))
        _ = await program.keyturn("run")
        _ = program.emulator.addServiceAccount(name: "new")
        program.advance(.days(1))
        try await program.require(
            program.keyturn("account", "token", "ops-a", "--reason", "nightly", "--print"))
        program.advance(.days(30))
        try await program.require(
            program.keyturn("account", "token", "ops-a", "--reason", "nightly", "--print"))
        _ = await program.keyturn("run")
        #expect(try await program.entries("credential.found") == 3)
    }

    // MARK: Connections

    @Test func `connections are listed, shown and tested, and each admin's lack is said`()
        async throws
    {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.require(program.keyturn("init"))
        try await program.apply(
            program.policy("ci", account: account, more: "    first: after-interval"),
            admins: ["ops-a", "ops-b"])
        #expect(await program.keyturn("connection", "test").status == 1)
        try await program.logIn("ops-a", program.admin)
        #expect(await program.keyturn("connection", "list").output.contains("1 of 2"))
        let shown = await program.keyturn("connection", "show", "pinecone")
        #expect(shown.output.contains("ops-b, not logged in"))
        let tested = await program.keyturn("connection", "test", "pinecone")
        #expect(tested.status == 7)
        #expect(tested.output.contains("pinecone/ops-a: works"))
        #expect(tested.output.contains("pinecone/ops-b: nobody is logged in"))
        program.emulator.revokeElsewhere(.organization(.orgOwner), account: program.admin.id)
        program.emulator.grantElsewhere(.organization(.orgMember), account: program.admin.id)
        #expect(await program.keyturn("connection", "test").status == 1)
    }

    @Test func `an account that may not rotate is not kept as an admin`() async throws {
        let program = try await TestProgram()
        let weak = program.emulator.addServiceAccount(
            name: "weak", grants: [.organization(.orgManager)])
        try await program.require(program.keyturn("init"))
        try await program.apply("")
        let login = await program.keyturn(
            ["login", "pinecone", "--as", "ops-a", "--client-id", weak.clientID],
            input: weak.clientSecret)
        #expect(login.status == 1)
        #expect(try program.count("secret") == 0)
    }

    @Test func `admins are tried in order, and the entry names the one that was used`() async throws
    {
        let program = try await TestProgram()
        let second = program.emulator.addOwner(name: "ops-b")
        _ = program.emulator.addServiceAccount(name: "batch")
        try await program.require(program.keyturn("init"))
        try await program.apply("", admins: ["ops-a", "ops-b"])
        try await program.logIn("ops-a", program.admin)
        try await program.logIn("ops-b", second)
        _ = program.emulator.rotateElsewhere(account: program.admin.id)
        try await program.require(program.keyturn("account", "grant", "batch", "OrgMember"))
        let entries = await program.keyturn(
            "audit", "list", "--type", "administration.intended", "--json")
        #expect(entries.output.contains(#""admin":"ops-b""#))
    }

    // MARK: What the provider says

    @Test func `an answer in plain text, or a page of a proxy, is told without its words`()
        async throws
    {
        let program = try await TestProgram()
        try await program.setUp("")
        program.emulator.settings.unauthenticatedBody = .text
        program.emulator.inject(
            Fault(operation: .listServiceAccounts, effect: .before(.status(401)), times: nil))
        let plain = await program.keyturn("account", "list")
        #expect(plain.status == 1)
        #expect(plain.conversation.contains("Pinecone refuses all admins of pinecone: ops-a"))
        #expect(!plain.conversation.contains("Invalid API key"))

        let page = "<html><body>Squid says MARKER-5d1c</body></html>"
        let proxy = try LoopbackServer { request in
            .answer("HTTP/1.1 502 Bad Gateway\r\nContent-Length: \(page.utf8.count)\r\n\r\n\(page)")
        }
        defer { proxy.stop() }
        try program.write(
            "proxy.yaml",
            """
            version: 1
            connections:
              pinecone:
                api: http://127.0.0.1:\(proxy.port)
                login: \(program.emulator.tokenURL)
                admins: [ops-a]

            """)
        program.emulator.removeFaults()
        try await program.require(
            program.keyturn("policy", "apply", program.directory.file("proxy.yaml")))
        let html = await program.keyturn("account", "list")
        #expect(html.status == 1)
        #expect(html.conversation.contains("gave no usable answer (status 502)"))
        #expect(html.conversation.contains("HTTPS_PROXY"))
        #expect(!html.conversation.contains("MARKER"))
    }

    /// Each call that a command makes, and each documented error.
    @Test(
        arguments: [
            Operation.listServiceAccounts, .listRoleBindings, .createServiceAccount,
            .renameServiceAccount, .createRoleBinding, .deleteRoleBinding, .listProjects,
            .listAPIKeys,
            .createAPIKey, .changeAPIKey, .deleteAPIKey, .deleteServiceAccount, .token,
        ], [400, 401, 402, 403, 404, 409, 422, 429, 500, 503])
    func `every documented error ends in a sentence with a remedy, and none of its body`(
        _ operation: PineconeEmulator.Operation, _ status: Int
    ) async throws {
        let program = try await TestProgram()
        _ = program.emulator.addServiceAccount(
            name: "batch", grants: [.organization(.orgMember)])
        _ = program.emulator.addAPIKey(project: program.project, name: "reader")
        try await program.setUp("")
        program.emulator.inject(
            Fault(operation: operation, effect: .before(.status(status)), times: nil))
        let command: [String] =
            switch operation {
            case .createServiceAccount: ["account", "create", "nightly"]
            case .renameServiceAccount: ["account", "rename", "batch", "nightly"]
            case .createRoleBinding: ["account", "grant", "batch", "OrgBillingAdmin"]
            case .deleteRoleBinding: ["account", "revoke", "batch", "OrgMember"]
            case .listProjects: ["project", "list"]
            case .listAPIKeys: ["api-key", "list", "search"]
            case .createAPIKey: ["api-key", "create", "search", "writer"]
            case .changeAPIKey: ["api-key", "rename", "reader", "writer"]
            case .deleteAPIKey:
                ["api-key", "delete", "reader", "--reason", "r", "--confirm", "reader"]
            case .deleteServiceAccount:
                ["account", "delete", "batch", "--reason", "r", "--confirm", "batch"]
            default: ["account", "list"]
            }
        let outcome = await program.keyturn(command)
        // Gone already, with a list that says so, is as good as deleted; what it has already, given.
        let isHarmless =
            operation == .deleteRoleBinding && status == 404
            || operation == .createRoleBinding && status == 409
        if !isHarmless {
            #expect(outcome.status != 0, "\(outcome.conversation)")
            #expect(outcome.conversation.contains("keyturn: error: "))
            #expect(outcome.conversation.contains("keyturn: hint: "))
        }
        for word in ["injected", "\"error\"", "INTERNAL", "{"] {
            #expect(!outcome.conversation.contains(word), "\(outcome.conversation)")
        }
        #expect(await program.isTrailIntact())
    }
}
