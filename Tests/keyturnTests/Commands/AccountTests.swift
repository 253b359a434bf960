import Foundation
import PineconeEmulator
import Rotations
import Secrets
@testable import Storage
import TestSupport
import Testing

@testable import keyturn

/// The whole life of a service account from the command line, as the provider and the trail see it.
@Suite struct AccountTests {
    /// A managed account `deploys` under the policy `ci`, and one `batch` that nobody keeps fresh.
    private func world() async throws -> (
        TestProgram, deploys: ServiceAccount, batch: ServiceAccount
    ) {
        let program = try await TestProgram()
        let deploys = program.emulator.addServiceAccount(
            name: "deploys", grants: [.project(program.project, .projectEditor)])
        let batch = program.emulator.addServiceAccount(name: "batch")
        try await program.setUp(
            program.policy("ci", account: deploys, more: "    first: after-interval"))
        return (program, deploys, batch)
    }

    // MARK: Looking

    @Test func `the list says who keeps which account fresh`() async throws {
        let (program, deploys, batch) = try await world()
        let list = await program.keyturn("account", "list")
        #expect(list.status == 0)
        let rows = list.output.split(separator: "\n").map {
            $0.split(separator: " ").map(String.init)
        }
        #expect(rows.first == ["NAME", "POLICY", "AGE", "ROTATED", "ROLES"])
        #expect(rows.contains { $0.starts(with: ["deploys", "ci"]) })
        #expect(rows.contains { $0.starts(with: ["batch", "-"]) })
        #expect(rows.contains { $0.starts(with: ["ops-a", "(pinecone/ops-a)"]) })

        let unmanaged = await program.keyturn("account", "list", "--unmanaged", "--json")
        #expect(unmanaged.output.contains(batch.id))
        #expect(!unmanaged.output.contains(deploys.id))
        #expect(!unmanaged.output.contains(program.admin.id))
    }

    @Test func `all pages are listed`() async throws {
        var settings = Settings()
        settings.pageSizeCap = 3
        let program = try await TestProgram(settings: settings)
        for number in 0..<10 { _ = program.emulator.addServiceAccount(name: "a\(number)") }
        try await program.setUp("")
        let list = await program.keyturn("account", "list", "--json")
        #expect(list.output.split(separator: "\n").count == 11)
    }

    @Test func `an account is shown by its id, our name and its own name`() async throws {
        let (program, deploys, _) = try await world()
        for name in [deploys.id, "ci", "deploys"] {
            let shown = await program.keyturn("account", "show", name)
            #expect(shown.status == 0)
            #expect(shown.output.contains("id:         \(deploys.id)"))
            #expect(shown.output.contains("ProjectEditor of search"))
        }
        let unknown = await program.keyturn("account", "show", "deplois")
        #expect(unknown.status == 64)
        #expect(unknown.conversation.contains("did you mean `deploys`?"))
        let twin = program.emulator.addServiceAccount(name: "deploys")
        let ambiguous = await program.keyturn("account", "show", "deploys")
        #expect(ambiguous.status == 64)
        #expect(ambiguous.conversation.contains(twin.id))
        #expect(ambiguous.conversation.contains(deploys.id))
    }

    @Test func `our name for one account that is another's name there is ambiguous`() async throws {
        let (program, deploys, _) = try await world()
        let other = program.emulator.addServiceAccount(name: "ci")
        let outcome = await program.keyturn(
            "account", "delete", "ci", "--reason", "r", "--confirm", "ci")
        #expect(outcome.status == 64)
        #expect(outcome.conversation.contains(deploys.id))
        #expect(outcome.conversation.contains(other.id))
        #expect(program.emulator.received(.deleteServiceAccount) == 0)
    }

    @Test func `two organizations lie side by side, and one has to be named`() async throws {
        let (program, _, batch) = try await world()
        let second = Emulator(settings: Settings(), clock: { [clock = program.clock] in clock.now })
        try await second.start()
        defer { second.stop() }
        let owner = second.addOwner(name: "ops")
        let account = second.addServiceAccount(name: "batch")
        try program.write(
            "second.yaml",
            """
            version: 1
            connections:
              other: { api: "\(second.url)", login: "\(second.tokenURL)", admins: [ops] }

            """)
        try await program.require(
            program.keyturn("policy", "apply", program.directory.file("second.yaml")))
        try await program.require(
            program.keyturn(
                "login", "other", "--as", "ops", "--client-id", owner.clientID,
                input: owner.clientSecret))
        let unnamed = await program.keyturn("account", "show", "batch")
        #expect(unnamed.status == 64)
        #expect(unnamed.conversation.contains("--connection"))
        let named = await program.keyturn("account", "show", "batch", "--connection", "other")
        #expect(named.output.contains(account.id))
        try await program.require(
            program.keyturn(
                "account", "rename", "batch", "nightly", "--connection", "pinecone"))
        #expect(program.emulator.account(batch.id)?.name == "nightly")
        #expect(second.account(account.id)?.name == "batch")
        let coverage = await program.keyturn("status", "--coverage")
        #expect(coverage.output.contains("other: 1 known, 1 unmanaged"))
        #expect(await program.isTrailIntact())
    }

    // MARK: Creating

    @Test func `a created account is sealed before anything is said, and works`() async throws {
        let (program, _, _) = try await world()
        let created = await program.keyturn(
            "account", "create", "nightly", "--role", "ProjectViewer@search", "--role", "OrgMember")
        #expect(created.status == 0, "\(created.conversation)")
        let account = try #require(
            program.emulator.liveAccounts.first { $0.name == "nightly" })
        #expect(
            program.emulator.grants(of: account.id)
                == [.project(program.project, .projectViewer), .organization(.orgMember)])
        #expect(created.output.contains(account.id))
        #expect(!(created.output + created.conversation).contains(account.clientSecret))
        let revealed = await program.keyturn("secret", "reveal", "nightly", "--reason", "test")
        #expect(revealed.output == account.clientSecret)
        #expect(await program.isTrailIntact())
        #expect(try await program.entries("administration.intended") == 1)
        #expect(try await program.entries("answer.sealed") == 1)
        #expect(try program.count("administration") == 0)
    }

    @Test func `the secret is printed only when told so, with an entry`() async throws {
        let (program, _, _) = try await world()
        #expect(await program.keyturn("account", "create", "x", "--reveal").status == 64)
        let created = await program.keyturn(
            "account", "create", "nightly", "--reveal", "--reason", "hand-over", "--format", "env")
        let account = try #require(
            program.emulator.liveAccounts.first { $0.name == "nightly" })
        #expect(
            created.output
                == "PINECONE_CLIENT_ID=\(account.clientID)\nPINECONE_CLIENT_SECRET=\(account.clientSecret)\n"
        )
        #expect(try await program.entries("secret.revealed") == 1)
    }

    @Test func `the policy that create prints can be applied, and rotates nothing`() async throws {
        let (program, _, _) = try await world()
        let created = await program.keyturn("account", "create", "nightly", "--policy")
        let policy = try #require(created.output.range(of: "version: 1"))
        try program.write("more.yaml", String(created.output[policy.lowerBound...]))
        try await program.require(
            program.keyturn("policy", "apply", program.directory.file("more.yaml")))
        try await program.require(program.keyturn("run"))
        let account = try #require(
            program.emulator.liveAccounts.first { $0.name == "nightly" })
        #expect(program.emulator.rotations(of: account.id) == 0)
        #expect(await program.keyturn("policy", "show", "nightly").status == 0)
        program.advance(.days(91))
        try await program.require(program.keyturn("run", "nightly"))
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [
        Fault.Loss.status(500), .closeBeforeHeaders, .closeInBody,
    ])
    func `a creation whose answer is lost is found, told, and touched by nobody`(
        _ loss: Fault.Loss
    ) async throws {
        let (program, _, _) = try await world()
        program.emulator.inject(Fault(operation: .createServiceAccount, effect: .after(loss)))
        let created = await program.keyturn("account", "create", "nightly")
        let account = try #require(
            program.emulator.liveAccounts.first { $0.name == "nightly" })
        #expect(created.status == 1)
        #expect(created.conversation.contains(account.id))
        #expect(created.conversation.contains("its secret is lost"))
        #expect(program.emulator.committed(.createServiceAccount) == 1)
        // The next run has nothing to do with it; the row is for an answer that comes back.
        #expect(await program.keyturn("run").status == 0)
        // Half an answer was sealed, and is no secret.
        #expect(
            await program.keyturn("check").output.contains("its secret is lost")
                == (loss != .closeInBody))
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [Fault.Loss.truncatedBody, .emptyBody])
    func `an answer that cannot be read stays sealed`(_ loss: Fault.Loss) async throws {
        let (program, _, _) = try await world()
        program.emulator.inject(Fault(operation: .createServiceAccount, effect: .after(loss)))
        let created = await program.keyturn("account", "create", "nightly")
        #expect(created.status == 1)
        #expect(created.conversation.contains("its secret is lost"))
        #expect(try await program.entries("answer.sealed") == 1)
        // It can be looked at, by the command that the hint has.
        let words = created.conversation.replacing("\n", with: " ").split(separator: " ")
        let effect = try #require(
            words.firstIndex(of: "--answer").map { String(words[$0 + 1]) })
        let revealed = await program.keyturn(
            "secret", "reveal", "nightly", "--answer", effect, "--reason", "look")
        #expect(revealed.status == 0, "\(revealed.conversation)")
        let account = try #require(program.emulator.liveAccounts.first { $0.name == "nightly" })
        #expect(loss == .emptyBody || revealed.output.contains(account.id))
        #expect(try await program.entries("answer.revealed") == 1)
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [Fault.Prevention.status(500), .close])
    func `a creation that never came about is settled a minute later`(
        _ prevention: Fault.Prevention
    ) async throws {
        let (program, _, _) = try await world()
        program.emulator.inject(
            Fault(operation: .createServiceAccount, effect: .before(prevention)))
        let created = await program.keyturn("account", "create", "nightly")
        #expect(created.status == 4)
        #expect(created.conversation.contains("nobody knows whether it happened"))
        #expect(await program.keyturn("run").status == 4)
        program.advance(.minutes(2))
        let run = await program.keyturn("run")
        #expect(run.status == 1)
        #expect(run.conversation.contains("nightly was not created"))
        #expect(await program.keyturn("run").status == 0)
        // It was sent once.
        #expect(program.emulator.received(.createServiceAccount) == 1)
        #expect(await program.keyturn("account", "create", "nightly").status == 0)
    }

    @Test func `a creation that is made again does not take the second for the lost first`()
        async throws
    {
        let (program, _, _) = try await world()
        program.emulator.inject(
            Fault(operation: .createServiceAccount, effect: .before(.status(500))))
        #expect(await program.keyturn("account", "create", "nightly").status == 4)
        #expect(await program.keyturn("account", "create", "nightly").status == 0)
        program.advance(.minutes(2))
        let run = await program.keyturn("run")
        #expect(run.conversation.contains("nightly was not created"))
        #expect(!run.conversation.contains("its secret is lost"))
        #expect(await program.isTrailIntact())
    }

    @Test func `a refused creation leaves nothing behind`() async throws {
        let (program, _, _) = try await world()
        program.emulator.inject(
            Fault(operation: .createServiceAccount, effect: .before(.status(403))))
        let created = await program.keyturn("account", "create", "nightly")
        #expect(created.status == 1)
        #expect(created.conversation.contains("OrgOwner"))
        #expect(try program.count("administration") == 0)
        #expect(try await program.entries("administration.settled") == 1)
        #expect(await program.isTrailIntact())
    }

    // MARK: Creations that were interrupted

    /// A creation of `nightly` that was sent, and what the provider answered.
    private func begun(
        _ program: TestProgram
    ) async throws -> (Store, Administration, ServiceAccount, answer: String) {
        let store = try await program.unlockedStore()
        let administration = Administration(
            id: try store.newIdentifier(), .create, of: .serviceAccount, on: "pinecone",
            name: "nightly", secretName: "nightly",
            at: Timestamp(milliseconds: program.clock.now))
        try await store.intend(administration, by: "ops-a")
        let account = program.emulator.addServiceAccount(name: "nightly")
        return (
            store, administration, account,
            #"{"service_account":{"id":"\#(account.id)","name":"nightly","client_id":"\#(account.clientID)"},"client_secret":"\#(account.clientSecret)"}"#
        )
    }

    @Test func `killed with its answer sealed it is finished by the next run`() async throws {
        let (program, _, _) = try await world()
        let (store, administration, account, answer) = try await begun(program)
        try await store.keep(try SecretBytes(copying: Array(answer.utf8).span), of: administration)

        let run = await program.keyturn("run")

        #expect(run.status == 0, "\(run.conversation)")
        #expect(run.conversation.contains("nightly, whose creation was interrupted, is sealed"))
        let revealed = await program.keyturn("secret", "reveal", "nightly", "--reason", "test")
        #expect(revealed.output == account.clientSecret)
        #expect(await program.isTrailIntact())
    }

    @Test func `an answer in the spool is taken in by whoever administers next`() async throws {
        let (program, _, _) = try await world()
        let (store, administration, account, answer) = try await begun(program)
        let record = try await store.sealed(
            try SecretBytes(copying: Array(answer.utf8).span), ofEffect: administration.id)
        let place = StateDirectory(path: program.directory.file("state"))
        Spool(place).keep(record, orPrint: { _ in })

        let granted = await program.keyturn("account", "grant", "batch", "OrgMember")

        #expect(granted.status == 0, "\(granted.conversation)")
        #expect(granted.conversation.contains("is sealed"))
        let revealed = await program.keyturn("secret", "reveal", "nightly", "--reason", "test")
        #expect(revealed.output == account.clientSecret)
        #expect(await program.isTrailIntact())
    }

    @Test func `an answer that was printed is still taken in after it was given up`() async throws {
        let (program, _, _) = try await world()
        let (store, administration, account, answer) = try await begun(program)
        let record = try await store.sealed(
            try SecretBytes(copying: Array(answer.utf8).span), ofEffect: administration.id)
        #expect(await program.keyturn("run").status == 1)

        let recovered = await program.keyturn(
            ["recover"], input: Spool.armour(record))

        #expect(recovered.status == 0, "\(recovered.conversation)")
        #expect(await program.keyturn("run").status == 0)
        let revealed = await program.keyturn("secret", "reveal", "nightly", "--reason", "test")
        #expect(revealed.output == account.clientSecret)
        #expect(await program.isTrailIntact())
    }

    @Test func `a policy that somebody put over it meanwhile gets its value`() async throws {
        let (program, _, _) = try await world()
        let (store, administration, account, answer) = try await begun(program)
        try await store.keep(try SecretBytes(copying: Array(answer.utf8).span), of: administration)
        try await program.apply(
            program.policy("taken", account: account, more: "    first: after-interval"))
        let run = await program.keyturn("run")
        #expect(run.status == 0, "\(run.conversation)")
        let revealed = await program.keyturn("secret", "reveal", "taken", "--reason", "test")
        #expect(revealed.output == account.clientSecret)
        #expect(try program.count("administration") == 0)
        #expect(await program.isTrailIntact())
    }

    @Test func `an admin whose rotation was killed keeps another from being stripped`()
        async throws
    {
        let program = try await TestProgram()
        let second = program.emulator.addOwner(name: "ops-b")
        try await program.require(program.keyturn("init"))
        try await program.apply(
            program.policy("a", account: program.admin, more: "    first: after-interval"),
            admins: ["ops-a", "ops-b"])
        try await program.logIn("ops-a", program.admin)
        try await program.logIn("ops-b", second)
        let plan = StopPlan(at: 1, .afterCommit)
        program.follow(plan)
        #expect(
            await program.keyturn("rotate", "a", "--reason", "r", "--confirm", "a").status == 4)
        plan.revive()
        program.journal.withLock { $0 = { $0 } }
        let revoked = await program.keyturn("account", "revoke", "ops-b", "OrgOwner")
        #expect(revoked.status != 0)
        #expect(program.emulator.grants(of: second.id) == [.organization(.orgOwner)])
        #expect(await program.isTrailIntact())
    }

    @Test func `a name that somebody took meanwhile does not cost the secret`() async throws {
        let (program, _, batch) = try await world()
        let (store, administration, account, answer) = try await begun(program)
        try await store.keep(try SecretBytes(copying: Array(answer.utf8).span), of: administration)
        try await program.apply(
            program.policy("nightly", account: batch, more: "    first: after-interval"))
        #expect(await program.keyturn("run").status == 0)
        let revealed = await program.keyturn(
            "secret", "reveal", "created-\(account.id)", "--reason", "test")
        #expect(revealed.output == account.clientSecret)
        #expect(await program.isTrailIntact())
    }

    @Test func `names and roles that Pinecone would refuse are refused before`() async throws {
        let (program, _, _) = try await world()
        let before = program.emulator.tally.received
        func refusal(_ arguments: String...) async -> String {
            let outcome = await program.keyturn(arguments)
            #expect(outcome.status == 64, "\(arguments)")
            return outcome.conversation
        }
        #expect(
            await refusal("account", "create", String(repeating: "é", count: 41))
                .contains("82 bytes in UTF-8"))
        #expect(
            await refusal("account", "create", "n", "--role", "ProjectEditr@search")
                .contains("did you mean ProjectEditor?"))
        #expect(
            await refusal("account", "create", "n", "--role", "ProjectEditor")
                .contains("say which: ProjectEditor@PROJECT"))
        #expect(
            await refusal("account", "create", "n", "--role", "OrgMember@search")
                .contains("not in a project"))
        #expect(
            await refusal("account", "create", "n", "--role", "ProjectEditor@serch")
                .contains("did you mean `search`?"))
        #expect(await refusal("account", "create", "Not A Name").contains("--as"))
        #expect(await refusal("account", "create", "batch").contains("already"))
        #expect(
            await refusal("api-key", "create", "search", "k", "--role", "OrgOwner")
                .contains("no role of an API key"))
        #expect(program.emulator.committed(.createServiceAccount) == 0)
        let after = program.emulator.tally.received
        #expect(before[.createServiceAccount] == after[.createServiceAccount])
    }

    // MARK: Changing

    @Test func `a renamed account is still rotated`() async throws {
        let (program, deploys, _) = try await world()
        let renamed = await program.keyturn("account", "rename", "ci", "deploys-eu")
        #expect(renamed.status == 0, "\(renamed.conversation)")
        #expect(program.emulator.account(deploys.id)?.name == "deploys-eu")
        #expect(
            await program.keyturn(
                "rotate", "ci", "--reason", "test", "--confirm", "ci"
            ).status == 0)
        #expect(program.emulator.rotations(of: deploys.id) == 1)
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [true, false])
    func `a change whose answer is lost is settled by looking`(_ isCarriedOut: Bool) async throws {
        let (program, _, batch) = try await world()
        // Three tries, and none has an answer.
        program.emulator.inject(
            Fault(
                operation: .renameServiceAccount,
                effect: isCarriedOut ? .after(.status(502)) : .before(.status(502)), times: 3))
        let renamed = await program.keyturn("account", "rename", "batch", "nightly")
        #expect(renamed.status == (isCarriedOut ? 0 : 4))
        program.advance(.minutes(2))
        let run = await program.keyturn("run")
        #expect(run.status == (isCarriedOut ? 0 : 1))
        #expect(run.conversation.contains("it was not carried out") == !isCarriedOut)
        #expect(
            program.emulator.account(batch.id)?.name == (isCarriedOut ? "nightly" : "batch"))
        #expect(try program.count("administration") == 0)
        #expect(
            try await program.entries("administration.settled") == 2)
    }

    @Test func `roles are given and taken, and the last owner keeps its own`() async throws {
        let (program, _, batch) = try await world()
        try await program.require(
            program.keyturn("account", "grant", "batch", "ProjectViewer@search", "OrgMember"))
        #expect(program.emulator.grants(of: batch.id).count == 2)
        try await program.require(program.keyturn("account", "grant", "batch", "OrgMember"))
        try await program.require(
            program.keyturn("account", "revoke", "batch", "OrgMember", "--reason", "left"))
        #expect(
            program.emulator.grants(of: batch.id) == [.project(program.project, .projectViewer)])
        let absent = await program.keyturn("account", "revoke", "batch", "OrgMember")
        #expect(absent.status == 64)
        #expect(absent.conversation.contains("does not have OrgMember"))
        let last = await program.keyturn("account", "revoke", "ops-a", "OrgOwner")
        #expect(last.status == 1)
        #expect(last.conversation.contains("the last owner"))
        #expect(program.emulator.grants(of: program.admin.id) == [.organization(.orgOwner)])
        #expect(await program.isTrailIntact())
    }

    @Test func `a dry run changes nothing`() async throws {
        let (program, deploys, batch) = try await world()
        let before = program.directory.text("state/keyturn.db")
        for arguments in [
            ["account", "create", "n", "--dry-run"],
            ["account", "rename", "batch", "n", "--dry-run"],
            ["account", "grant", "batch", "OrgMember", "--dry-run"],
            ["account", "delete", "batch", "--reason", "r", "--dry-run"],
            ["account", "token", "pinecone/ops-a", "--reason", "r", "--dry-run"],
        ] {
            let outcome = await program.keyturn(arguments)
            #expect(outcome.status == 0, "\(arguments): \(outcome.conversation)")
        }
        #expect(program.directory.text("state/keyturn.db") == before)
        #expect(program.emulator.liveAccounts.count == 3)
        #expect(program.emulator.account(batch.id)?.name == "batch")
        #expect(program.emulator.grants(of: deploys.id).count == 1)
    }

    @Test func `of two roles the trail says which was given`() async throws {
        let (program, _, batch) = try await world()
        program.emulator.inject(
            Fault(operation: .createRoleBinding, effect: .before(.status(403)), skip: 1))
        let outcome = await program.keyturn(
            "account", "grant", "batch", "OrgMember", "ProjectViewer@search")
        #expect(outcome.status == 1)
        #expect(program.emulator.grants(of: batch.id) == [.organization(.orgMember)])
        let entries = await program.keyturn(
            "audit", "list", "--type", "administration.settled", "--json")
        let lines = entries.output.split(separator: "\n")
        #expect(lines.filter { $0.contains("OrgMember") && $0.contains(#""done""#) }.count == 1)
        #expect(
            lines.filter { $0.contains("ProjectViewer") && $0.contains(#""refused""#) }.count == 1)
        #expect(
            await program.keyturn("audit", "list").output
                .contains("grant batch, ProjectViewer of project \(program.project), refused"))
    }

    // MARK: Deleting

    @Test func `what something here depends on is not deleted`() async throws {
        let (program, _, _) = try await world()
        let managed = await program.keyturn(
            "account", "delete", "deploys", "--reason", "r", "--confirm", "deploys")
        #expect(managed.status == 1)
        #expect(managed.conversation.contains("keyturn policy remove ci"))
        let admin = await program.keyturn(
            "account", "delete", "ops-a", "--reason", "r", "--confirm", "ops-a")
        #expect(admin.status == 1)
        #expect(admin.conversation.contains("it is the admin pinecone/ops-a"))
        #expect(program.emulator.received(.deleteServiceAccount) == 0)
    }

    @Test func `an account is deleted after its name was typed`() async throws {
        let (program, _, batch) = try await world()
        #expect(
            await program.keyturn("account", "delete", "batch", "--reason", "r").status == 64)
        #expect(program.emulator.received(.deleteServiceAccount) == 0)
        let deleted = await program.keyturn(
            ["account", "delete", "batch", "--reason", "unused"], answer: "batch")
        #expect(deleted.status == 0)
        #expect(deleted.conversation.contains("nobody here knows who uses it"))
        #expect(!program.emulator.liveAccounts.contains { $0.id == batch.id })
        #expect(await program.isTrailIntact())
    }

    @Test func `a deletion at a date is done by a run after it, and can be taken back before`()
        async throws
    {
        let (program, _, batch) = try await world()
        func delete(_ more: String...) async -> TestProgram.Outcome {
            await program.keyturn(
                ["account", "delete", "batch", "--reason", "unused", "--confirm", "batch"] + more)
        }
        #expect(await delete("--retire-after", "7d").status == 0)
        program.advance(.days(6))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.received(.deleteServiceAccount) == 0)
        #expect(await delete("--take-back").status == 0)
        program.advance(.days(2))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.received(.deleteServiceAccount) == 0)
        #expect(try await program.entries("administration.cancelled") == 1)

        #expect(await delete("--retire-after", "7d").status == 0)
        program.advance(.days(8))
        let run = await program.keyturn("run")
        #expect(run.status == 0, "\(run.conversation)")
        #expect(!program.emulator.liveAccounts.contains { $0.id == batch.id })
        #expect(await program.isTrailIntact())
    }

    @Test func `a deletion whose time meets a bad night is tried again`() async throws {
        let (program, _, batch) = try await world()
        try await program.require(
            program.keyturn(
                "account", "delete", "batch", "--reason", "r", "--confirm", "batch",
                "--retire-after", "1d"))
        program.advance(.days(2))
        program.emulator.inject(
            Fault(operation: .deleteServiceAccount, effect: .before(.status(403))))
        #expect(await program.keyturn("run").status == 1)
        #expect(program.emulator.liveAccounts.contains { $0.id == batch.id })
        #expect(await program.keyturn("run").status == 0)
        program.advance(.hours(2))
        #expect(
            await program.keyturn("run", "--dry-run").output.contains("batch: would delete"))
        #expect(await program.keyturn("run").status == 0)
        #expect(!program.emulator.liveAccounts.contains { $0.id == batch.id })
        #expect(await program.isTrailIntact())
    }

    @Test func `the last key of a project is known to be gone, where its deletion had no answer`()
        async throws
    {
        let (program, _, _) = try await world()
        let key = program.emulator.addAPIKey(project: program.project, name: "only")
        program.emulator.inject(
            Fault(operation: .deleteAPIKey, effect: .after(.status(500)), times: 3))
        let outcome = await program.keyturn(
            "api-key", "delete", "only", "--reason", "r", "--confirm", "only")
        #expect(outcome.status == 0, "\(outcome.conversation)")
        #expect(!program.emulator.liveKeys.contains { $0.id == key.id })
        #expect(try program.count("administration") == 0)
    }

    @Test func `a deletion before its date ends the date, also one that fails`() async throws {
        let (program, _, batch) = try await world()
        func delete(_ more: String...) async -> TestProgram.Outcome {
            await program.keyturn(
                ["account", "delete", "batch", "--reason", "r", "--confirm", "batch"] + more)
        }
        try program.require(await delete("--retire-after", "7d"))
        program.emulator.inject(
            Fault(operation: .deleteServiceAccount, effect: .before(.status(403))))
        #expect(await delete().status == 1)
        program.advance(.days(1))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.liveAccounts.contains { $0.id == batch.id })
        try program.require(await delete())
        #expect(!program.emulator.liveAccounts.contains { $0.id == batch.id })
        #expect(try program.count("administration") == 0)
        #expect(await program.isTrailIntact())
    }

    @Test func `what was taken back is not done by whoever read it before`() async throws {
        let (program, _, batch) = try await world()
        let store = try await program.unlockedStore()
        let deletion = Administration(
            id: try store.newIdentifier(), .delete, of: .serviceAccount, on: "pinecone",
            providerID: batch.id, name: "batch", at: Timestamp(milliseconds: program.clock.now),
            dueAt: Timestamp(milliseconds: program.clock.now))
        try await store.schedule(deletion)
        try await store.cancel(deletion, reason: "test")
        await #expect(throws: StorageError.stale) { try await store.intend(deletion, by: nil) }
    }

    @Test(arguments: [
        "DELETE FROM policy_label; DELETE FROM policy",
        "DELETE FROM identity WHERE kind = 'service-account'",
    ])
    func `who edits away what protects an account does not get it deleted`(
        _ edit: String
    ) async throws {
        let (program, deploys, _) = try await world()
        try program.sql(edit)
        let outcome = await program.keyturn(
            "account", "delete", deploys.id, "--reason", "r", "--confirm", "deploys")
        #expect(outcome.status == 6)
        #expect(program.emulator.received(.deleteServiceAccount) == 0)
    }

    @Test func `a state that was moved deletes nothing by a date of before`() async throws {
        let (program, _, batch) = try await world()
        try await program.require(
            program.keyturn(
                "account", "delete", "batch", "--reason", "r", "--confirm", "batch",
                "--retire-after", "1d"))
        program.machine.withLock { $0 = "00000000000000000000000000000002" }
        program.advance(.days(2))
        #expect(await program.keyturn("run").status == 7)
        #expect(program.emulator.liveAccounts.contains { $0.id == batch.id })
        #expect(try program.count("administration") == 0)
        #expect(await program.isTrailIntact())
    }

    @Test func `the versions of a deleted account are over`() async throws {
        let (program, _, _) = try await world()
        try await program.require(program.keyturn("account", "create", "nightly"))
        try await program.require(
            program.keyturn(
                "account", "delete", "nightly", "--reason", "r", "--confirm", "nightly"))
        let shown = await program.keyturn("secret", "show", "nightly")
        #expect(shown.output.contains("retired"))
        #expect(await program.isTrailIntact())
        #expect(await program.keyturn("check").conversation.contains("nightly") == false)
    }

    @Test func `two processes do not administer at once`() async throws {
        let (program, _, batch) = try await world()
        try await program.require(
            program.keyturn(
                "account", "delete", "batch", "--reason", "r", "--confirm", "batch",
                "--retire-after", "1d"))
        program.advance(.days(2))
        let lock = try HeldLock.take(program.directory.file("state/lock/administration"))
        let changed = await program.keyturn("account", "grant", "deploys", "OrgMember")
        #expect(changed.status == 5)
        #expect(changed.conversation.contains("another process is administering"))
        // A run leaves it to the other.
        #expect(await program.keyturn("run").status == 0)
        withExtendedLifetime(lock) {}
        #expect(program.emulator.received(.createRoleBinding) == 0)
        #expect(program.emulator.liveAccounts.contains { $0.id == batch.id })
    }

    // MARK: Tokens

    @Test func `a token works, is audited, and stands nowhere`() async throws {
        let (program, _, _) = try await world()
        #expect(
            await program.keyturn("account", "token", "ops-a", "--reason", "r").status == 64)
        let printed = await program.keyturn(
            "account", "token", "ops-a", "--reason", "nightly export", "--print")
        #expect(printed.status == 0, "\(printed.conversation)")
        #expect(program.emulator.accepts(token: printed.output))
        #expect(program.directory.text("state/keyturn.db")?.contains(printed.output) == false)
        let unheld = await program.keyturn(
            "account", "token", "deploys", "--reason", "r", "--print")
        #expect(unheld.status == 1)
        #expect(unheld.output == "")
        #expect(unheld.conversation.contains("the vault does not hold"))
        #expect(try await program.entries("administration.intended") == 1)
        #expect(await program.isTrailIntact())
    }

    @Test func `a token goes to a descriptor that the shell opened`() async throws {
        let (program, _, _) = try await world()
        let path = program.directory.file("token")
        let descriptor = open(path, O_CREAT | O_WRONLY, 0o600)
        defer { close(descriptor) }
        let outcome = await program.keyturn(
            "account", "token", "ops-a", "--reason", "r", "--fd", "\(descriptor)")
        #expect(outcome.status == 0)
        let token = program.directory.text("token") ?? ""
        #expect(program.emulator.accepts(token: token))
        #expect(!outcome.output.contains(token))
        #expect(
            await program.keyturn("account", "token", "ops-a", "--reason", "r", "--fd", "999")
                .status
                == 64)
    }
}
