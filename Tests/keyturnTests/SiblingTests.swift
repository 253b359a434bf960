import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// Service accounts that are replaced by a sibling: the old one lives until consumers have moved.
@Suite struct SiblingTests {
    @Test func `a sibling with the same bindings is delivered, and the old one lives for a while`()
        async throws
    {
        let program = try await TestProgram()
        let others = [
            program.emulator.addServiceAccount(name: "deploys"),
            program.emulator.addServiceAccount(name: "deploys~01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ]
        let log = program.directory.file("log")
        try program.write("hook", "#!/bin/sh\ncat >> \(log)\n", mode: 0o700)
        let old = try await program.dueSibling(
            more: "      - command: { run: [\(program.directory.file("hook"))], input: json }")
        let grants = program.emulator.grants(of: old.id)

        #expect(await program.keyturn("run").status == 0)

        let new = try #require(program.deliveredAccount("ci"))
        #expect(new.id != old.id && new.clientID != old.clientID)
        #expect(new.name.hasPrefix("deploys~"))
        #expect(grants.count == 2)
        #expect(program.emulator.grants(of: new.id) == grants)
        #expect(program.directory.text("log")?.contains(new.clientID) == true)
        #expect(program.isAccepted(old))
        program.advance(.hours(23))
        #expect(await program.keyturn("run").output == "")
        #expect(program.isAccepted(old))

        program.advance(.hours(2))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.liveAccountIDs == Set(others.map(\.id) + [new.id]))
        #expect(!program.isAccepted(old))
        #expect(program.isAccepted(new))
        #expect(program.emulator.grants(of: new.id) == grants)
        #expect(program.emulator.received(.rotateSecret) == 0)
        #expect(program.emulator.committed(.createRoleBinding) == 0)
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }

    @Test func `the next rotation replaces the sibling, and proves it dead`() async throws {
        let program = try await TestProgram()
        let second = try await program.dueSibling(held: true)

        try await program.require(program.keyturn("run"))
        let third = try #require(program.deliveredAccount("ci"))
        program.advance(.hours(25))
        try await program.require(program.keyturn("run"))

        #expect(program.liveAccountIDs == [third.id])
        #expect(third.name.count == second.name.count)
        #expect(await program.newestEntry("version.retired").contains(#""verdict":"refused""#))
    }

    @Test func `without an overlap the old one is deleted in the same run`() async throws {
        let program = try await TestProgram()
        let old = try await program.dueSibling(overlap: "0s")

        #expect(await program.keyturn("run").status == 0)
        let new = try #require(program.deliveredAccount("ci"))
        #expect(program.liveAccountIDs == [new.id])
        #expect(!program.isAccepted(old))
    }

    @Test func `what a person looks at names the sibling`() async throws {
        let program = try await TestProgram()
        _ = try await program.dueSibling()
        try await program.require(program.keyturn("run"))
        let new = try #require(program.deliveredAccount("ci"))

        let revealed = await program.keyturn(
            "secret", "reveal", "ci", "--reason", "test", "--format", "env")
        #expect(revealed.output == program.directory.text("out/ci.env"))
        #expect(await program.keyturn("status", "--json").output.contains(new.id))
        #expect(
            await program.keyturn("secret", "show", "ci", "--json").output.contains(new.clientID))
        #expect(await program.keyturn("check").status == 0)
        #expect(await program.keyturn("rotate", "ci", "--reason", "x", "--dry-run").status == 0)

        try program.directory.remove("out/ci.env")
        #expect(await program.keyturn("deliver", "ci").status == 0)
        #expect(program.deliveredAccount("ci")?.id == new.id)
        let again = await program.keyturn(
            "policy", "apply", program.directory.file("keyturn.yaml"))
        #expect(again.output.contains("unchanged policy ci"))
        #expect(try await program.entries("policy.added") == 1)
    }

    @Test func `a rollback brings the old account back, and deletes the sibling`() async throws {
        let program = try await TestProgram()
        let old = try await program.dueSibling(held: true)
        try await program.require(program.keyturn("run"))
        #expect(program.deliveredAccount("ci")?.id != old.id)

        let back = await program.keyturn(
            "rotation", "rollback", "ci", "--reason", "test", "--confirm", "ci")
        #expect(back.status == 0)
        #expect(program.deliveredAccount("ci")?.id == old.id)
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.liveAccountIDs == [old.id])
        #expect(await program.isTrailIntact())
    }

    // MARK: Issue

    @Test(arguments: Trouble.after, [false, true])
    func `a sibling whose secret was lost is found by its name, deleted and replaced`(
        _ trouble: Trouble, held: Bool
    ) async throws {
        let program = try await TestProgram()
        let other = program.emulator.addServiceAccount(name: "deploys")
        let old = try await program.dueSibling(held: held)
        let before = program.emulator.committed(.createServiceAccount)
        program.inject(.createServiceAccount, trouble)

        #expect(await program.keyturn("run").status == 0)

        let new = try #require(program.deliveredAccount("ci"))
        #expect(program.emulator.committed(.createServiceAccount) == before + 2)
        #expect(program.liveAccountIDs == [other.id, old.id, new.id])
        #expect(program.isAccepted(old))
        #expect(await program.hasRow("ci", forEvery: [old.id, new.id]))
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.liveAccountIDs == [other.id, new.id])
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: Trouble.before + Trouble.refusals)
    func `a sibling that was not made is made by the next run`(_ trouble: Trouble) async throws {
        let program = try await TestProgram()
        let old = try await program.dueSibling()
        program.inject(.createServiceAccount, trouble)

        #expect(await program.keyturn("run").status == 1)
        #expect(program.liveAccountIDs == [old.id])
        #expect(program.directory.text("out/ci.env") == nil)
        program.advance(.hours(2))
        #expect(await program.keyturn("run").status == 0)
        let new = try #require(program.deliveredAccount("ci"))
        #expect(program.liveAccountIDs == [old.id, new.id])
        #expect(program.isAccepted(old))
        #expect(await program.isTrailIntact())
    }

    @Test func `answers that are always lost leave the old account alone and no other`()
        async throws
    {
        let program = try await TestProgram()
        let old = try await program.dueSibling()
        program.inject(.createServiceAccount, .lostAfter(.closeInBody), times: nil)

        for _ in 0..<6 {
            await program.keyturn("run")
            program.advance(.hours(13))
        }

        #expect(program.emulator.committed(.createServiceAccount) == 3)
        #expect(program.liveAccountIDs == [old.id])
        #expect(try await program.entries("rotation.parked") == 1)
        #expect(await program.isTrailIntact())
    }

    @Test func `a sibling that is refused for ever is deleted, and the old one goes on`()
        async throws
    {
        let program = try await TestProgram()
        let old = try await program.dueSibling(held: true)
        program.emulator.settings.newSecretDelayMs = 365 * 86_400_000

        #expect(await program.keyturn("run").status == 1)
        #expect(program.liveAccountIDs == [old.id])
        #expect(program.deliveredAccount("ci")?.id == old.id)
        program.emulator.settings.newSecretDelayMs = 0
        #expect(await program.keyturn("run").status == 0)
        #expect(program.isAccepted(old))
        #expect(program.deliveredAccount("ci").map { $0.id != old.id } == true)
    }

    @Test func `an account is found and made on whatever page of the list it is`() async throws {
        var settings = Settings()
        settings.pageSizeCap = 2
        settings.lastPage = .absent
        let program = try await TestProgram(settings: settings)
        let others = (0..<7).map { program.emulator.addServiceAccount(name: "other-\($0)").id }
        let old = try await program.dueSibling(overlap: "0s")
        program.inject(.createServiceAccount, .lostAfter(.status(500)))

        #expect(await program.keyturn("run").status == 0)
        let new = try #require(program.deliveredAccount("ci"))
        #expect(!program.isAccepted(old))
        #expect(program.liveAccountIDs == Set(others + [new.id]))
    }

    @Test func `a plan without service accounts, and an admin who may not, are explained`()
        async throws
    {
        let program = try await TestProgram()
        let old = try await program.dueSibling()
        program.emulator.settings.serviceAccountsForbidden = true
        let first = await program.keyturn("run")
        #expect(first.status == 1)
        #expect(first.output.contains("the admin may not do this, or the plan does not include it"))

        program.emulator.settings.serviceAccountsForbidden = false
        program.inject(.createServiceAccount, .refused(.status(403)))
        let second = await program.keyturn("run", "--json")
        #expect(second.status == 1)
        #expect(try program.rotation(second, "ci").cause == "forbidden")
        #expect(program.liveAccountIDs == [old.id])
    }

    // MARK: Rights

    @Test func `bindings beyond those of the first call are granted afterwards`() async throws {
        var settings = Settings()
        settings.pageSizeCap = 30
        let program = try await TestProgram(settings: settings)
        let grants: [Grant] =
            (0..<130).map { number in
                .project(program.emulator.addProject(name: "p\(number)"), .projectViewer)
            } + [.organization(.orgMember)]
        _ = try await program.dueSibling(grants: grants)

        #expect(await program.keyturn("run").status == 0)

        let new = try #require(program.deliveredAccount("ci"))
        #expect(program.emulator.grants(of: new.id) == Set(grants))
        #expect(program.emulator.committed(.createRoleBinding) == 31)
        #expect(program.emulator.committed(.createServiceAccount) == 1)
        #expect(await program.newestEntry("effect.settled").contains(#""step":"prove""#))
    }

    /// A program that died when the sibling was stored, and not yet compared.
    private func stored() async throws -> (TestProgram, old: ServiceAccount, new: ServiceAccount) {
        let program = try await TestProgram()
        let old = try await program.dueSibling(held: true)
        let plan = StopPlan(at: 3, .afterCommit)
        program.follow(plan)
        #expect(await program.keyturn("run").status == 4)
        #expect(plan.writes.last == "store")
        program.journal.withLock { $0 = { $0 } }
        let new = program.emulator.liveAccounts.first {
            $0.name.hasPrefix("deploys~") && $0.id != old.id
        }
        return (program, old, try #require(new))
    }

    @Test func `a right that the old account got meanwhile is granted`() async throws {
        let (program, old, new) = try await stored()
        program.emulator.grantElsewhere(
            .project(program.project, .dataPlaneViewer), account: old.id)

        #expect(await program.keyturn("run").status == 0)
        #expect(program.deliveredAccount("ci")?.id == new.id)
        #expect(program.emulator.grants(of: new.id) == program.emulator.grants(of: old.id))
        #expect(program.emulator.committed(.createRoleBinding) == 1)
    }

    @Test func `a right that the old account lost meanwhile keeps the sibling from being used`()
        async throws
    {
        let (program, old, new) = try await stored()
        let before = program.directory.text("out/ci.env")
        program.emulator.revokeElsewhere(.organization(.orgMember), account: old.id)

        let run = await program.keyturn("run", "--json")
        #expect(run.status == 1)
        #expect(try program.rotation(run, "ci").cause == "rights-differ")
        #expect(run.conversation.contains("has besides OrgMember of organization"))
        #expect(program.directory.text("out/ci.env") == before)
        #expect(program.isAccepted(old))

        program.emulator.revokeElsewhere(.organization(.orgMember), account: new.id)
        #expect(await program.keyturn("run").status == 0)
        #expect(program.deliveredAccount("ci")?.id == new.id)
        #expect(await program.isTrailIntact())
    }

    @Test func `a grant that is refused delivers nothing, and is parked after its attempts`()
        async throws
    {
        let (program, old, new) = try await stored()
        let before = program.directory.text("out/ci.env")
        program.emulator.grantElsewhere(
            .project(program.project, .dataPlaneViewer), account: old.id)
        program.inject(.createRoleBinding, .refused(.status(403)), times: nil)

        let first = await program.keyturn("run", "--json")
        #expect(first.status == 1)
        #expect(try program.rotation(first, "ci").cause == "forbidden")
        for _ in 0..<6 {
            program.advance(.hours(13))
            await program.keyturn("run")
        }
        #expect(try await program.entries("rotation.parked") >= 1)
        #expect(program.directory.text("out/ci.env") == before)
        #expect(program.liveAccountIDs == [old.id, new.id])
        #expect(program.isAccepted(old))

        program.emulator.removeFaults()
        let resumed = await program.keyturn("rotation", "resume", "ci", "--reason", "mended")
        #expect(resumed.status == 0)
        #expect(program.deliveredAccount("ci")?.id == new.id)
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [
        Trouble.lostBefore(.status(500)), .lostBefore(.close), .lostAfter(.status(500)),
        .lostAfter(.closeBeforeHeaders),
    ])
    func `a grant whose answer is lost is settled by the next comparison`(_ trouble: Trouble)
        async throws
    {
        let (program, old, new) = try await stored()
        program.emulator.grantElsewhere(
            .project(program.project, .dataPlaneViewer), account: old.id)
        // What was carried out is found to be there already by the second try.
        program.inject(.createRoleBinding, trouble, times: 3)

        let first = await program.keyturn("run").status
        #expect(first == 0 || first == 4)
        #expect(await program.keyturn("run").status == 0)
        #expect(program.deliveredAccount("ci")?.id == new.id)
        #expect(program.emulator.grants(of: new.id) == program.emulator.grants(of: old.id))
        #expect(program.emulator.committed(.createRoleBinding) == 1)
        #expect(await program.isTrailIntact())
    }

    @Test func `rights that cannot be read hold a delivery up, and no emergency`() async throws {
        let (program, old, _) = try await stored()
        program.emulator.inject(
            Fault(operation: .listRoleBindings, effect: .before(.status(503)), times: nil))
        let run = await program.keyturn("run", "--json")
        #expect(run.status == 1)
        #expect(try program.rotation(run, "ci").cause == "no-answer")
        program.emulator.removeFaults()
        // The emergency's own sibling is made; then nobody may read.
        program.emulator.inject(
            Fault(
                operation: .listRoleBindings, effect: .before(.status(503)), times: 3, skip: 1))

        #expect(await program.rotate("ci", "--compromised").status == 0)

        let new = try #require(program.deliveredAccount("ci"))
        #expect(!program.isAccepted(old))
        #expect(program.liveAccountIDs == [new.id])
        #expect(await program.newestEntry("gate.overridden").contains(#""cause":"no-answer""#))
        #expect(await program.isTrailIntact())
    }

    @Test func `an old account that somebody deleted meanwhile does not keep the sibling back`()
        async throws
    {
        let (program, old, new) = try await stored()
        program.emulator.deleteElsewhere(account: old.id)

        #expect(await program.keyturn("run").status == 0)
        #expect(program.deliveredAccount("ci")?.id == new.id)
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.liveAccountIDs == [new.id])
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [false, true])
    func `an API key is given the roles that the old one got meanwhile, if that lives`(
        _ isGone: Bool
    ) async throws {
        let program = try await TestProgram()
        let old = try await program.dueKey(held: true)
        let plan = StopPlan(at: 3, .afterCommit)
        program.follow(plan)
        #expect(await program.keyturn("run").status == 4)
        program.journal.withLock { $0 = { $0 } }
        program.emulator.setRolesElsewhere([.projectEditor, .dataPlaneViewer], apiKey: old.id)
        if isGone { program.emulator.deleteElsewhere(apiKey: old.id) }

        #expect(await program.keyturn("run").status == 0)
        let new = program.emulator.liveKeys.first {
            $0.value == program.directory.text("out/search")
        }
        #expect(new?.roles.contains(.dataPlaneViewer) == !isGone)
        #expect(program.emulator.committed(.changeAPIKey) == (isGone ? 0 : 1))
    }

    // MARK: Retire

    @Test(arguments: [false, true])
    func `an account that is gone already is retired, for others are in the list`(_ isSeen: Bool)
        async throws
    {
        let program = try await TestProgram()
        let old = try await program.dueSibling()
        try await program.require(program.keyturn("run"))
        if isSeen { program.emulator.settings.deletedVisibleMs = 30_000 }
        program.advance(.hours(25))
        program.emulator.deleteElsewhere(account: old.id)

        #expect(await program.keyturn("run").status == (isSeen ? 4 : 0))
        program.advance(.minutes(1))
        #expect(await program.keyturn("run").status == 0)
        #expect(try await program.entries("version.retired") == 1)
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [
        Fault.Effect.before(.status(500)), .before(.close), .after(.status(500)),
        .after(.closeBeforeHeaders),
    ])
    func `a delete whose answer is lost is sent again until it is settled`(_ effect: Fault.Effect)
        async throws
    {
        let program = try await TestProgram()
        let other = program.emulator.addServiceAccount(name: "deploys")
        _ = try await program.dueSibling()
        try await program.require(program.keyturn("run"))
        program.advance(.hours(25))
        program.emulator.inject(
            Fault(operation: .deleteServiceAccount, effect: effect, times: 3))

        let first = await program.keyturn("run").status
        #expect(first == 0 || first == 4)
        #expect(await program.keyturn("run").status == 0)
        let new = try #require(program.deliveredAccount("ci"))
        #expect(program.liveAccountIDs == [other.id, new.id])
        #expect(await program.isTrailIntact())
    }

    @Test func `in an emergency every account that was ever delivered dies at once`() async throws {
        let program = try await TestProgram()
        let first = try await program.dueSibling()
        try await program.require(program.keyturn("run"))
        let second = try #require(program.deliveredAccount("ci"))

        #expect(await program.rotate("ci", "--compromised").status == 0)
        let third = try #require(program.deliveredAccount("ci"))
        #expect(program.liveAccountIDs == [third.id])
        #expect(!program.isAccepted(first) && !program.isAccepted(second))
    }

    // MARK: Another strategy

    @Test func `an edited strategy acts once nothing of the old one is left`() async throws {
        let program = try await TestProgram()
        let first = try await program.dueSibling(held: true)
        try await program.require(program.keyturn("run"))
        let edited = program.policy("ci", account: first).replacing(
            "format: env", with: "format: raw")
        try await program.apply(edited)
        // The old account lives: what a person asks for now is a sibling once more, and it is
        // delivered as before.
        #expect(await program.rotate("ci").status == 0)
        let third = try #require(program.deliveredAccount("ci"))
        #expect(program.emulator.received(.rotateSecret) == 0)
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.liveAccountIDs == [third.id])

        #expect(await program.rotate("ci").status == 0)
        #expect(program.emulator.rotations(of: third.id) == 1)
        #expect(
            program.directory.text("out/ci.env") == program.emulator.clientSecret(of: third.id))
        program.advance(.days(31))

        try await program.apply(
            program.policy("ci", account: first, more: TestProgram.overlap()))
        #expect(await program.keyturn("run").status == 0)
        let fourth = try #require(program.deliveredAccount("ci"))
        #expect(program.liveAccountIDs == [third.id, fourth.id])
        #expect(
            program.emulator.accepts(
                clientID: third.clientID,
                clientSecret: try #require(program.emulator.clientSecret(of: third.id))))
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.liveAccountIDs == [fourth.id])
        #expect(await program.isTrailIntact())
    }

    @Test func `what was minted in place and lost deletes no account`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount()
        program.inject(.rotateSecret, .lostAfter(.status(500)), times: nil)
        #expect(await program.keyturn("run").status == 1)
        program.emulator.removeFaults()
        try await program.apply(
            program.policy("ci", account: account, more: TestProgram.overlap()))

        #expect(await program.rotate("ci").status == 0)
        #expect(program.liveAccountIDs == [account.id])
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.keyturn("run").output == "")
    }

    @Test func `a call in place that comes late harms no sibling, and is watched no longer`()
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        program.inject(.rotateSecret, .lostBefore(.close))
        #expect(await program.keyturn("run").status == 1)
        try await program.apply(
            program.policy("ci", account: account, more: TestProgram.overlap("0s")))
        _ = program.emulator.rotateElsewhere(account: account.id)

        // Nothing is left of the rotation that failed, so a person's takes its place with a sibling.
        #expect(await program.rotate("ci").status == 0)
        let new = try #require(program.deliveredAccount("ci"))
        #expect(program.liveAccountIDs == [new.id] && new.id != account.id)

        _ = program.emulator.rotateElsewhere(account: new.id)
        #expect(await program.keyturn("run").output == "")
        #expect(program.emulator.rotations(of: new.id) == 0)
        #expect(await program.isTrailIntact())
    }

    @Test func `a sibling that comes late is found although the strategy was edited`()
        async throws
    {
        let program = try await TestProgram()
        let first = try await program.dueSibling()
        program.inject(.createServiceAccount, .lostBefore(.close))
        #expect(await program.keyturn("run").status == 1)
        let name = try program.database().first(
            "SELECT name FROM effect WHERE name IS NOT NULL"
        ) { $0.text(0) }
        try await program.require(program.keyturn("run"))
        let second = try #require(program.deliveredAccount("ci"))
        program.advance(.hours(25))
        try await program.require(program.keyturn("run"))
        try await program.apply(program.policy("ci", account: first))
        #expect(await program.rotate("ci").status == 0)
        #expect(program.emulator.rotations(of: second.id) == 1)
        let late = program.emulator.addServiceAccount(name: try #require(name))

        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.account(late.id)?.shownUntil != nil)
        #expect(program.liveAccountIDs == [second.id])
        #expect(program.deliveredAccount("ci")?.id == second.id)
        #expect(await program.isTrailIntact())
    }
}

/// Admins that are replaced by siblings (P30).
@Suite struct AdminSiblingTests {
    /// Two admins; the first has a policy that replaces it by siblings. An ordinary account besides.
    private func program() async throws
        -> (TestProgram, second: ServiceAccount, ci: ServiceAccount)
    {
        let program = try await TestProgram()
        let second = program.emulator.addOwner(name: "ops-b")
        let ci = program.emulator.addServiceAccount(name: "deploys")
        try await program.require(program.keyturn("init"))
        try await program.apply(
            program.policy("ops", account: program.admin, more: TestProgram.overlap())
                + program.policy("ci", account: ci, every: "31d"),
            admins: ["ops-a", "ops-b"])
        try await program.logIn("ops-a", program.admin)
        try await program.logIn("ops-b", second)
        return (program, second, ci)
    }

    @Test func `the connection uses the sibling, and the old admin is deleted afterwards`()
        async throws
    {
        let (program, second, ci) = try await program()
        #expect(await program.keyturn("run").status == 0)
        let sibling = try #require(program.deliveredAccount("ops"))
        #expect(sibling.id != program.admin.id)
        #expect(program.emulator.grants(of: sibling.id) == [.organization(.orgOwner)])
        #expect(program.isAccepted(program.admin))

        // From here on the sibling is the only admin that works.
        _ = program.emulator.rotateElsewhere(account: second.id)
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(!program.isAccepted(program.admin))
        #expect(program.isAccepted(sibling))
        #expect(Set(program.emulator.liveAccounts.map(\.id)) == [sibling.id, second.id, ci.id])

        #expect(await program.rotate("ci").status == 0)
        #expect(program.emulator.rotations(of: ci.id) == 2)
        #expect(program.isDeliveredAccepted("ci", ci))
        #expect(await program.isTrailIntact())
    }

    @Test func `the old admin is not deleted while nobody else may rotate`() async throws {
        let (program, _, _) = try await program()
        try await program.require(program.keyturn("run"))
        program.advance(.hours(25))
        // What the old account may do is read; what another admin may, not.
        program.emulator.inject(
            Fault(operation: .listRoleBindings, effect: .before(.status(403)), times: 1, skip: 1))

        let run = await program.keyturn("run", "--json")
        #expect(try program.rotation(run, "ops").cause == "lock-out")
        #expect(program.isAccepted(program.admin))
        #expect(program.emulator.received(.deleteServiceAccount) == 0)
        #expect(await program.keyturn("run").status == 0)
        #expect(!program.isAccepted(program.admin))
    }

    @Test func `the only admin makes no sibling of itself`() async throws {
        let program = try await TestProgram()
        try await program.setUp(
            program.policy("ops", account: program.admin, more: TestProgram.overlap()))

        let run = await program.keyturn("run", "--json")
        #expect(run.status == 1)
        #expect(try program.rotation(run, "ops").cause == "lock-out")
        #expect(program.emulator.received(.createServiceAccount) == 0)
        #expect(program.isAccepted(program.admin))
    }
}
