import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// What the retirement of an old credential waits for, and for how long (P25).
@Suite struct GateTests {
    /// A key that was rotated just now under a policy with these lines, and its program.
    private func rotated(_ more: String, hook: String = "") async throws -> (TestProgram, APIKey) {
        let program = try await TestProgram()
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        try await program.setUp(
            program.policy("search", key: key, more: hook + "\n" + more))
        await program.keyturn("run")
        return (program, key)
    }

    @Test func `the old key lives until a person says that its consumers have moved`()
        async throws
    {
        let (program, old) = try await rotated("    acknowledge: true")
        program.advance(.hours(25))
        let waiting = await program.keyturn("run", "--json")
        #expect(waiting.status == 0)
        #expect(try program.rotation(waiting, "search").cause == "not-acknowledged")
        #expect(program.emulator.accepts(apiKey: old.value))
        // It waits in silence.
        let quiet = await program.keyturn("run")
        #expect(quiet.status == 0 && quiet.output == "")
        program.advance(.days(9))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.accepts(apiKey: old.value))
        #expect(try await program.entries("rotation.failed") == 0)

        let word = await program.keyturn("secret", "acknowledge", "search", "--reason", "moved")
        #expect(word.status == 0)
        #expect(await program.newestEntry("version.acknowledged").contains(#""reason":"moved""#))
        #expect(await program.keyturn("run").status == 0)
        #expect(!program.emulator.accepts(apiKey: old.value))
        #expect(await program.isTrailIntact())
    }

    @Test func `a word that comes early counts, and a second one changes nothing`() async throws {
        let (program, old) = try await rotated("    acknowledge: true")
        for _ in 1...2 {
            let word = await program.keyturn("secret", "acknowledge", "search", "--reason", "x")
            #expect(word.status == 0)
        }
        #expect(try await program.entries("version.acknowledged") == 1)
        let wrong = await program.keyturn(
            "secret", "acknowledge", "search", "--version", "1", "--reason", "x")
        #expect(wrong.status == 64)

        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(!program.emulator.accepts(apiKey: old.value))
    }

    @Test func `what is owed again is delivered before the old key goes`() async throws {
        let program = try await TestProgram()
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        let hook = try program.hook("exit 0")
        try await program.setUp(program.policy("search", key: key, more: hook.yaml))
        try await program.require(program.keyturn("run"))
        try hook.rewrite("exit 3")
        #expect(await program.keyturn("deliver", "search").status == 1)
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 1)
        #expect(program.emulator.accepts(apiKey: key.value))
        try hook.mend()
        program.advance(.hours(13))

        #expect(await program.keyturn("run").status == 0)

        #expect(!program.emulator.accepts(apiKey: key.value))
        #expect(program.received == program.liveKeyValues)
        #expect(await program.isTrailIntact())
    }

    @Test func `after its deadline a gate parks, and a person opens it`() async throws {
        let (program, old) = try await rotated("    acknowledge: true\n    gate-deadline: 2d")
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        program.advance(.days(2))

        let parked = await program.keyturn("run", "--json")
        #expect(parked.status == 1)
        #expect(try program.rotation(parked, "search").cause == "gate-deadline")
        #expect(program.emulator.accepts(apiKey: old.value))
        program.advance(.days(5))
        #expect(await program.keyturn("run").output == "")

        await program.keyturn("secret", "acknowledge", "search", "--reason", "moved")
        let resumed = await program.keyturn("rotation", "resume", "search", "--reason", "moved")
        #expect(resumed.status == 0)
        #expect(!program.emulator.accepts(apiKey: old.value))
        #expect(try await program.entries("rotation.resumed") == 1)
        #expect(await program.isTrailIntact())
    }

    @Test func `after its deadline a gate that shall retire does, with an entry`() async throws {
        let hook = "      - command: { run: [/usr/bin/false], input: raw }"
        let (program, old) = try await rotated(
            "    gate-deadline: 2d\n    on-deadline: retire\n    attempts: 2", hook: hook)
        for _ in 1...4 {
            program.advance(.hours(11))
            await program.keyturn("run")
        }
        #expect(program.emulator.accepts(apiKey: old.value))
        // Until it is delivered there is no date, and nothing to count a deadline from.
        program.advance(.days(9))
        await program.keyturn("run")
        #expect(program.emulator.accepts(apiKey: old.value))
        #expect(try await program.entries("gate.overridden") == 0)
        #expect(await program.isTrailIntact())
    }

    @Test func `a copy that somebody changed does not hold it beyond the deadline`() async throws {
        let (program, old) = try await rotated("    gate-deadline: 2d\n    on-deadline: retire")
        try program.directory.remove("out/search")
        try program.write("out/search", "changed")
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 1)
        #expect(program.emulator.accepts(apiKey: old.value))
        program.advance(.days(2))

        #expect(await program.keyturn("run").status == 0)
        #expect(!program.emulator.accepts(apiKey: old.value))
        #expect(await program.newestEntry("gate.overridden").contains("delivery-changed"))
        #expect(await program.isTrailIntact())
    }

    @Test func `no deadline retires beside a successor that is dead`() async throws {
        let (program, old) = try await rotated(
            "    acknowledge: true\n    gate-deadline: 1d\n    on-deadline: retire")
        let new = try #require(program.emulator.liveKeys.first { $0.id != old.id })
        program.emulator.deleteElsewhere(apiKey: new.id)
        program.advance(.days(9))

        #expect(await program.keyturn("run").status == 1)
        #expect(program.emulator.accepts(apiKey: old.value))
        #expect(try await program.entries("gate.overridden") == 0)
    }

    @Test func `an emergency waits for no word`() async throws {
        let (program, old) = try await rotated("    acknowledge: true")
        #expect(await program.rotate("search", "--compromised").status == 0)
        #expect(!program.emulator.accepts(apiKey: old.value))
        #expect(program.liveKeyValues == [program.directory.text("out/search")])
    }
}
