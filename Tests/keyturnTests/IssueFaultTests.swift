import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// What may become of a minting call, before and after it is carried out.
enum Trouble: Sendable, CustomTestStringConvertible {
    /// Not carried out, and the other side says so.
    case refused(Fault.Prevention)
    /// Not carried out, and nobody says so.
    case lostBefore(Fault.Prevention)
    /// Carried out, and the answer is lost, or of no use.
    case lostAfter(Fault.Loss)

    static let refusals: [Trouble] = [
        .refused(.status(429, retryAfterSeconds: 7200)), .refused(.status(403)),
        .refused(.status(400)),
    ]
    static let before: [Trouble] = [
        .lostBefore(.status(500)), .lostBefore(.status(503)), .lostBefore(.status(408)),
        .lostBefore(.close),
    ]
    static let after: [Trouble] = [
        .lostAfter(.status(500)), .lostAfter(.status(502)), .lostAfter(.status(504)),
        .lostAfter(.closeBeforeHeaders), .lostAfter(.closeInBody), .lostAfter(.truncatedBody),
        .lostAfter(.emptyBody),
    ]

    var effect: Fault.Effect {
        switch self {
        case .refused(let prevention), .lostBefore(let prevention): .before(prevention)
        case .lostAfter(let loss): .after(loss)
        }
    }

    var testDescription: String { "\(self)" }
}

extension TestProgram {
    /// What goes wrong with the next minting calls; nil is all of them.
    func inject(
        _ operation: PineconeEmulator.Operation, _ trouble: Trouble, times: Int? = 1
    ) {
        emulator.inject(Fault(operation: operation, effect: trouble.effect, times: times))
    }
}

/// Faults of rotate-secret.
@Suite struct IssueFaultTests {
    @Test(arguments: Trouble.after, [false, true])
    func `an answer lost after the rotation is made good by a recovery mint`(
        _ trouble: Trouble, held: Bool
    ) async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: held)
        let before = program.emulator.rotations(of: account.id)
        program.inject(.rotateSecret, trouble)

        let run = await program.keyturn("run", "--json")

        #expect(run.status == 0)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(program.emulator.rotations(of: account.id) == before + 2)
        #expect(try await program.entries("version.lost") == 1)
        #expect(await program.isTrailIntact())
        let again = await program.keyturn("run")
        #expect(again.status == 0 && again.output == "")
    }

    @Test(arguments: Trouble.before)
    func `a held old secret shows that it did not happen, and the next run rotates`(
        _ trouble: Trouble
    ) async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        program.inject(.rotateSecret, trouble)

        let first = await program.keyturn("run", "--json")

        #expect(first.status == 1)
        #expect(try program.rotation(first, "ci").cause == "not-carried-out")
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(try await program.entries("version.lost") == 0)
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: Trouble.before)
    func `without evidence a recovery mint follows in the same run`(_ trouble: Trouble)
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount()
        program.inject(.rotateSecret, trouble)

        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: Trouble.refusals, [false, true])
    func `what is refused is not counted, and is tried again after its time`(
        _ trouble: Trouble, held: Bool
    ) async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: held)
        let before = program.emulator.rotations(of: account.id)
        program.inject(.rotateSecret, trouble)

        let first = await program.keyturn("run", "--json")
        #expect(first.status == 1)
        #expect(try program.rotation(first, "ci").step == "prepare")
        let asked = program.emulator.received(.rotateSecret)
        if case .refused(.status(429, _)) = trouble {
            #expect(await program.keyturn("run").output == "")
            #expect(program.emulator.received(.rotateSecret) == asked)
            program.advance(.hours(2))
        }
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: account.id) == before + 1)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test func `a refused token is replaced, and the call sent once more`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount()
        program.inject(.rotateSecret, .refused(.status(401)))

        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.received(.rotateSecret) == 2)
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(program.isDeliveredAccepted("ci", account))
    }

    @Test func `a provider that never carries it out is not asked more than five times`()
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        let asked = program.emulator.received(.rotateSecret)
        program.inject(.rotateSecret, .lostBefore(.status(500)), times: nil)

        for _ in 0..<10 {
            await program.keyturn("run")
            program.advance(.hours(3))
        }

        #expect(program.emulator.received(.rotateSecret) - asked == 5)
        #expect(try await program.entries("rotation.parked") == 1)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [Trouble.lostAfter(.status(500)), .lostAfter(.truncatedBody)])
    func
        `a dead old secret is recovered once an hour after three mintings, and never parked`(
            _ trouble: Trouble
        ) async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        program.inject(.rotateSecret, trouble, times: nil)

        #expect(await program.keyturn("run").status == 1)
        #expect(program.emulator.rotations(of: account.id) == 1 + 3)
        #expect(await program.keyturn("run").output == "")
        #expect(program.emulator.rotations(of: account.id) == 1 + 3)
        for hour in 1...7 {
            program.advance(.hours(1))
            #expect(await program.keyturn("run").status == 1)
            #expect(program.emulator.rotations(of: account.id) == 1 + 3 + hour)
        }
        #expect(try await program.entries("rotation.parked") == 0)

        program.emulator.removeFaults()
        program.advance(.hours(1))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test func `without evidence three mintings are the last, and a person takes it up`()
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount()
        program.inject(.rotateSecret, .lostAfter(.status(500)), times: nil)

        let run = await program.keyturn("run", "--json")
        #expect(run.status == 1)
        #expect(try program.rotation(run, "ci").outcome == "parked")
        #expect(program.emulator.rotations(of: account.id) == 3)
        program.advance(.days(1))
        await program.keyturn("run")
        #expect(program.emulator.rotations(of: account.id) == 3)

        program.emulator.removeFaults()
        #expect(await program.rotate("ci").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 4)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }
}

/// Faults of creating an API key.
@Suite struct KeyIssueFaultTests {
    @Test(arguments: Trouble.after, [false, true])
    func `a key whose value was lost is found, deleted and replaced`(
        _ trouble: Trouble, held: Bool
    ) async throws {
        let program = try await TestProgram()
        let old = try await program.dueKey(held: held)
        let before = program.emulator.committed(.createAPIKey)
        program.inject(.createAPIKey, trouble)

        let run = await program.keyturn("run")

        #expect(run.status == 0)
        #expect(program.emulator.committed(.createAPIKey) == before + 2)
        #expect(program.emulator.accepts(apiKey: old.value))
        #expect(program.isDeliveredKeyAccepted("search"))
        #expect(program.liveKeyValues.count == 2)
        #expect(await program.hasRowForEveryKey("search"))
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.liveKeyValues == [program.directory.text("out/search")])
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: Trouble.before + Trouble.refusals)
    func `a key that was not made is not looked for twice, and the next run makes it`(
        _ trouble: Trouble
    ) async throws {
        let program = try await TestProgram()
        let old = try await program.dueKey()
        program.inject(.createAPIKey, trouble)

        #expect(await program.keyturn("run").status == 1)
        #expect(program.liveKeyValues == [old.value])
        program.advance(.hours(2))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.accepts(apiKey: old.value))
        #expect(program.isDeliveredKeyAccepted("search"))
        #expect(program.liveKeyValues.count == 2)
        #expect(await program.hasRowForEveryKey("search"))
        #expect(await program.isTrailIntact())
    }

    @Test func `an orphan that cannot be deleted now is deleted with the old key`() async throws {
        let program = try await TestProgram()
        let old = try await program.dueKey()
        program.inject(.createAPIKey, .lostAfter(.status(500)))
        program.inject(.deleteAPIKey, .lostBefore(.status(503)), times: 6)

        #expect(await program.keyturn("run").status == 4)
        #expect(program.liveKeyValues.count == 3)
        #expect(await program.hasRowForEveryKey("search"))
        #expect(program.emulator.accepts(apiKey: old.value))
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.liveKeyValues == [program.directory.text("out/search")])
        #expect(await program.isTrailIntact())
    }

    @Test func `answers that are always lost leave the old key alone and no other`() async throws {
        let program = try await TestProgram()
        let old = try await program.dueKey()
        program.inject(.createAPIKey, .lostAfter(.closeInBody), times: nil)

        for _ in 0..<6 {
            await program.keyturn("run")
            program.advance(.hours(13))
        }

        #expect(program.emulator.committed(.createAPIKey) == 3)
        #expect(program.liveKeyValues == [old.value])
        #expect(try await program.entries("rotation.parked") == 1)
        #expect(await program.isTrailIntact())
    }
}
