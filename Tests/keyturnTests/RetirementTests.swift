import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// The end of the old credential (P25, P26).
@Suite struct RetirementTests {
    /// A key that was rotated just now: the old one, and the program.
    private func rotated(overlap: String = "24h", settings: Settings = Settings()) async throws
        -> (TestProgram, APIKey)
    {
        let program = try await TestProgram(settings: settings)
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        try await program.setUp(program.policy("search", key: key, overlap: overlap))
        try await program.require(program.keyturn("run"))
        return (program, key)
    }

    @Test func `nothing is retired before its date`() async throws {
        let (program, old) = try await rotated()
        program.advance(.hours(23))
        let run = await program.keyturn("run")
        #expect(run.status == 0 && run.output == "")
        #expect(program.emulator.accepts(apiKey: old.value))

        program.advance(.hours(1))
        #expect(await program.keyturn("run").status == 0)
        #expect(!program.emulator.accepts(apiKey: old.value))
        #expect(try await program.entries("version.retired") == 1)
        #expect(await program.isTrailIntact())
    }

    @Test func `without an overlap it is retired in the same run`() async throws {
        let (program, old) = try await rotated(overlap: "0s")
        #expect(!program.emulator.accepts(apiKey: old.value))
        #expect(program.liveKeyValues == [program.directory.text("out/search")])
    }

    @Test(arguments: ["changed", nil])
    func `a delivered file that somebody changed or removed blocks it`(_ text: String?)
        async throws
    {
        let (program, old) = try await rotated()
        try program.directory.remove("out/search")
        if let text { try program.write("out/search", text) }
        program.advance(.hours(25))

        let run = await program.keyturn("run", "--json")
        #expect(run.status == 1)
        #expect(try program.rotation(run, "search").cause == "delivery-changed")
        #expect(program.emulator.accepts(apiKey: old.value))

        #expect(await program.keyturn("deliver", "search").status == 0)
        #expect(await program.keyturn("run").status == 0)
        #expect(!program.emulator.accepts(apiKey: old.value))
    }

    @Test func `a successor that nobody accepts any longer saves the old one`() async throws {
        let (program, old) = try await rotated()
        let new = try #require(program.emulator.liveKeys.first { $0.id != old.id })
        program.emulator.deleteElsewhere(apiKey: new.id)
        program.advance(.hours(25))

        #expect(await program.keyturn("run").status == 1)
        #expect(program.emulator.accepts(apiKey: old.value))
    }

    @Test(arguments: [404, 500])
    func `an absent key is retired, for its successor is in the list`(_ status: Int) async throws {
        var settings = Settings()
        settings.absentAPIKeyDeleteStatus = status
        let (program, old) = try await rotated(settings: settings)
        program.emulator.deleteElsewhere(apiKey: old.id)
        program.advance(.hours(25))

        #expect(await program.keyturn("run").status == 0)
        #expect(try await program.entries("version.retired") == 1)
        #expect(await program.isTrailIntact())
    }

    @Test func `absence from an empty list is no evidence`() async throws {
        let (program, old) = try await rotated()
        program.emulator.deleteElsewhere(apiKey: old.id)
        program.advance(.hours(25))
        program.emulator.inject(
            Fault(operation: .listAPIKeys, effect: .after(.emptyBody), times: nil))

        #expect(await program.keyturn("run").status == 4)
        #expect(try await program.entries("version.retired") == 0)
        program.emulator.removeFaults()
        #expect(await program.keyturn("run").status == 0)
    }

    @Test(arguments: [
        Fault.Effect.before(.status(500)), .before(.close), .after(.status(500)),
        .after(.closeBeforeHeaders),
    ])
    func `a delete whose answer is lost is sent again until it is settled`(_ effect: Fault.Effect)
        async throws
    {
        let (program, old) = try await rotated()
        program.advance(.hours(25))
        program.emulator.inject(Fault(operation: .deleteAPIKey, effect: effect, times: 3))

        let first = await program.keyturn("run").status
        #expect(first == 0 || first == 4)
        #expect(await program.keyturn("run").status == 0)
        #expect(!program.emulator.accepts(apiKey: old.value))
        #expect(program.liveKeyValues == [program.directory.text("out/search")])
        #expect(try await program.entries("version.retired") == 1)
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [0, 10, 45] as [Int64])
    func `the old key must be refused, and how long that took is recorded`(_ seconds: Int64)
        async throws
    {
        var settings = Settings()
        settings.deletedKeyLifeMs = seconds * 1000
        let program = try await TestProgram()
        _ = try await program.dueKey(held: true)
        program.emulator.settings = settings
        try await program.require(program.keyturn("run"))
        program.advance(.hours(25))

        #expect(await program.keyturn("run").status == 0)
        let entry = await program.newestEntry("version.retired")
        let time = try #require(entry.firstMatch(of: /"time_to_death_ms":([0-9]+)/)?.output.1)
        let milliseconds = try #require(Int64(time))
        #expect((seconds * 1000...seconds * 1000 + 15_000).contains(milliseconds))
    }

    @Test func `an old key that is accepted for longer is not called retired`() async throws {
        var settings = Settings()
        settings.deletedKeyLifeMs = 600_000
        let program = try await TestProgram()
        _ = try await program.dueKey(held: true)
        program.emulator.settings = settings
        try await program.require(program.keyturn("run"))
        program.advance(.hours(25))

        let run = await program.keyturn("run", "--json")
        #expect(run.status == 1)
        #expect(try program.rotation(run, "search").cause == "old-secret-still-accepted")
        #expect(try await program.entries("version.retired") == 1)
        program.advance(.minutes(15))
        #expect(await program.keyturn("run").status == 0)
        #expect(try await program.entries("version.retired") == 2)
        #expect(await program.isTrailIntact())
    }
}
