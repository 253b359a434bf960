import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// "It did not happen" may turn out to be wrong (P16, P17).
@Suite struct WatchTests {
    /// An account whose rotation was lost before it was carried out, by all that can be asked.
    private func unsettledAccount() async throws -> (TestProgram, ServiceAccount) {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        program.emulator.inject(Fault(operation: .rotateSecret, effect: .before(.status(503))))
        #expect(await program.keyturn("run").status == 1)
        return (program, account)
    }

    /// A key whose creation was lost before it was carried out, and the name of the attempt.
    private func unsettledKey() async throws -> (TestProgram, APIKey, name: String) {
        let program = try await TestProgram()
        let key = try await program.dueKey(held: true)
        program.emulator.inject(Fault(operation: .createAPIKey, effect: .before(.status(503))))
        #expect(await program.keyturn("run").status == 1)
        let name = try program.database().first(
            "SELECT name FROM effect WHERE step = 'issue' ORDER BY intended_at_ms DESC"
        ) { $0.text(0) }
        return (program, key, try #require(name))
    }

    @Test func `a late rotation is found by the retry, and is no foreign one`() async throws {
        let (program, account) = try await unsettledAccount()
        _ = program.emulator.rotateElsewhere(account: account.id)  // the call, carried out late

        #expect(await program.keyturn("run").status == 0)

        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.newestEntry("version.lost") != "")
        #expect(await program.isTrailIntact())
        #expect(await program.keyturn("run").output == "")
    }

    @Test func `a rotation that comes after the retry is found by the next run`() async throws {
        let (program, account) = try await unsettledAccount()
        try await program.require(program.keyturn("run"))
        let quiet = await program.keyturn("run")
        #expect(quiet.status == 0 && quiet.output == "")
        _ = program.emulator.rotateElsewhere(account: account.id)
        try #require(!program.isDeliveredAccepted("ci", account))
        program.advance(.hours(3))

        let run = await program.keyturn("run", "--json")

        #expect(run.status == 0)
        #expect(run.output.contains(#""trigger":"recovery""#))
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }

    @Test func `a call that was taken for the reason may come still, and is watched on`()
        async throws
    {
        let (program, account) = try await unsettledAccount()
        _ = program.emulator.rotateElsewhere(account: account.id)  // somebody else, after all
        try await program.require(program.keyturn("run"))
        let quiet = await program.keyturn("run")
        #expect(quiet.status == 0 && quiet.output == "")
        _ = program.emulator.rotateElsewhere(account: account.id)  // the call
        program.advance(.minutes(6))

        #expect(await program.keyturn("run").status == 0)

        #expect(program.isDeliveredAccepted("ci", account))
        let settled = try program.database().first(
            """
            SELECT count(*) FROM audit_entry
            WHERE type = 'effect.settled' AND json_extract(leaf, '$.cause') = 'late-commit'
            """
        ) { $0.int(0) }
        #expect(settled == 1)
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }

    @Test func `a lost call that seems carried out may come still, and is watched`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        program.emulator.inject(
            Fault(operation: .rotateSecret, effect: .after(.closeBeforeHeaders)))
        try await program.require(program.keyturn("run"))
        #expect(program.isDeliveredAccepted("ci", account))
        _ = program.emulator.rotateElsewhere(account: account.id)  // the call, carried out late
        program.advance(.minutes(6))

        #expect(await program.keyturn("run").status == 0)

        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }

    @Test func `a call without evidence is watched, since it may come late over its recovery`()
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount()  // adopted: its value proves nothing
        program.emulator.inject(Fault(operation: .rotateSecret, effect: .before(.status(503))))
        try await program.require(program.keyturn("run"))
        #expect(program.isDeliveredAccepted("ci", account))
        _ = program.emulator.rotateElsewhere(account: account.id)
        program.advance(.hours(3))

        #expect(await program.keyturn("run").status == 0)

        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }

    @Test func `a watch does not shorten the hour between two recoveries`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        program.emulator.inject(
            Fault(operation: .rotateSecret, effect: .after(.closeBeforeHeaders), times: 3))
        await program.keyturn("run")
        #expect(program.emulator.rotations(of: account.id) == 4)
        program.advance(.minutes(10))

        await program.keyturn("run")
        #expect(program.emulator.rotations(of: account.id) == 4)
        program.advance(.minutes(51))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 5)
        #expect(program.isDeliveredAccepted("ci", account))
    }

    @Test func `of two lost calls each is watched`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        // The first is carried out, the second seems not to be, the third is refused.
        for fault in [
            Fault(operation: .rotateSecret, effect: .after(.closeBeforeHeaders)),
            Fault(operation: .rotateSecret, effect: .before(.status(503)), skip: 1),
            Fault(operation: .rotateSecret, effect: .before(.status(429)), skip: 1),
        ] {
            program.emulator.inject(fault)
        }
        #expect(await program.keyturn("run").status == 1)
        program.advance(.minutes(10))
        try await program.require(program.keyturn("run"))
        #expect(program.isDeliveredAccepted("ci", account))
        _ = program.emulator.rotateElsewhere(account: account.id)  // the second, carried out late
        program.advance(.hours(3))

        #expect(await program.keyturn("run").status == 0)

        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test func `a call that an emergency abandons is watched`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        program.emulator.inject(
            Fault(operation: .rotateSecret, effect: .before(.status(503))))
        program.emulator.inject(
            Fault(
                operation: .token, target: account.clientID, effect: .before(.status(503)),
                times: nil, skip: 1))
        #expect(await program.keyturn("run").status == 4)
        await program.rotate("ci", "--compromised")
        program.emulator.removeFaults()
        for _ in 1...2 {
            program.advance(.hours(1))
            await program.keyturn("run")
        }
        try #require(program.isDeliveredAccepted("ci", account))
        _ = program.emulator.rotateElsewhere(account: account.id)
        program.advance(.hours(3))

        #expect(await program.keyturn("run").status == 0)

        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [false, true])
    func `a late rotation ends the wait of an open one, and of a parked one`(_ isParked: Bool)
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        program.emulator.inject(
            Fault(operation: .rotateSecret, effect: .before(.status(503)), times: nil))
        for _ in 0..<(isParked ? 8 : 3) {
            await program.keyturn("run")
            program.advance(.minutes(isParked ? 61 : 2))
        }
        #expect(try await program.entries("rotation.parked") == (isParked ? 1 : 0))
        program.emulator.removeFaults()
        _ = program.emulator.rotateElsewhere(account: account.id)

        #expect(await program.keyturn("run").status == 0)

        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }

    @Test
    func `a day after without a run it may be somebody else's: nothing is minted, a person told`()
        async throws
    {
        let (program, account) = try await unsettledAccount()
        try await program.require(program.keyturn("run"))
        program.advance(.hours(25))
        _ = program.emulator.rotateElsewhere(account: account.id)
        let before = program.emulator.rotations(of: account.id)
        for _ in 1...2 { #expect(await program.keyturn("run").status == 7) }
        program.advance(.days(31))
        #expect(await program.keyturn("run").status == 7)
        #expect(program.emulator.rotations(of: account.id) == before)
        #expect(await program.isTrailIntact())
    }

    @Test func `a look after the day ends the watch`() async throws {
        let (program, account) = try await unsettledAccount()
        try await program.require(program.keyturn("run"))
        program.advance(.hours(25))
        #expect(await program.keyturn("run").output == "")
        _ = program.emulator.rotateElsewhere(account: account.id)
        #expect(await program.keyturn("run").output == "")
        program.advance(.days(31))
        #expect(await program.keyturn("run").status == 7)
    }

    @Test func `without a policy nothing is watched and nothing minted`() async throws {
        let (program, account) = try await unsettledAccount()
        try await program.require(program.keyturn("run"))
        let refused = await program.keyturn("policy", "remove", "ci", "--confirm", "ci")
        #expect(refused.status == 1)
        #expect(refused.conversation.contains("a watch until"))
        try await program.require(
            program.keyturn("policy", "remove", "ci", "--abandon", "--confirm", "ci"))
        _ = program.emulator.rotateElsewhere(account: account.id)
        let before = program.emulator.rotations(of: account.id)
        #expect(await program.keyturn("run").output == "")
        #expect(program.emulator.rotations(of: account.id) == before)
    }

    @Test func `a late key is found by the retry, and deleted`() async throws {
        let (program, old, name) = try await unsettledKey()
        let late = program.emulator.addAPIKey(project: program.project, name: name)

        #expect(await program.keyturn("run").status == 0)

        #expect(!program.emulator.accepts(apiKey: late.value))
        #expect(program.emulator.accepts(apiKey: old.value))
        #expect(program.isDeliveredKeyAccepted("search"))
        #expect(await program.hasRowForEveryKey("search"))
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [Int64(1), 6, 29])
    func `a late key is found days after, and deleted`(_ days: Int64) async throws {
        let (program, _, name) = try await unsettledKey()
        try await program.require(program.keyturn("run"))
        program.advance(.hours(25))
        try await program.require(program.keyturn("run"))
        #expect(program.liveKeyValues.count == 1)
        program.advance(.days(days - 1))
        let late = program.emulator.addAPIKey(project: program.project, name: name)
        // Somebody else's key, whose name only looks like ours.
        let foreign = program.emulator.addAPIKey(
            project: program.project, name: "search~01JZZZZZZZZZZZZZZZZZZZZZZZ")

        let run = await program.keyturn("run")

        #expect(run.status == 0)
        #expect(!program.emulator.accepts(apiKey: late.value))
        #expect(program.emulator.accepts(apiKey: foreign.value))
        #expect(program.isDeliveredKeyAccepted("search"))
        #expect(try await program.entries("version.lost") == 1)
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }

    @Test func `a name is looked for once after its time, and no longer`() async throws {
        let (program, _, _) = try await unsettledKey()
        try await program.require(program.keyturn("run"))
        program.advance(.hours(25))
        try await program.require(program.keyturn("run"))
        program.advance(.days(8))
        #expect(await program.keyturn("run").output == "")
        let asked = program.emulator.received(.listAPIKeys)

        #expect(await program.keyturn("run").output == "")

        #expect(program.emulator.received(.listAPIKeys) == asked)
        #expect(try await program.entries("effect.watched") == 2)
        #expect(await program.isTrailIntact())
    }

    @Test func `a key that was there before is never an orphan, whatever its name`() async throws {
        let program = try await TestProgram()
        let key = try await program.dueKey(held: true)
        let foreign = program.emulator.addAPIKey(
            project: program.project, name: "search~01JZZZZZZZZZZZZZZZZZZZZZZZ")
        program.emulator.inject(
            Fault(operation: .createAPIKey, effect: .after(.closeBeforeHeaders)))

        #expect(await program.keyturn("run").status == 0)

        #expect(program.emulator.accepts(apiKey: foreign.value))
        #expect(program.emulator.accepts(apiKey: key.value))
        #expect(program.liveKeyValues.count == 3)
    }

    @Test func `check names the keys that look like ours and are not`() async throws {
        let program = try await TestProgram()
        _ = try await program.dueKey(held: true)
        let foreign = program.emulator.addAPIKey(
            project: program.project, name: "search~01JZZZZZZZZZZZZZZZZZZZZZZZ")
        _ = program.emulator.addAPIKey(project: program.project, name: "theirs")

        let check = await program.keyturn("check")

        #expect((check.output + check.conversation).contains(foreign.id))
        #expect(!(check.output + check.conversation).contains("theirs"))
    }
}
