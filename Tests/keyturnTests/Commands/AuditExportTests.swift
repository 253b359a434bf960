import FoundationEssentials
import Glibc
import PineconeEmulator
import TestSupport
import Testing

@testable import keyturn

/// What leaves the state for an auditor, and what an auditor makes of it with nothing else.
@Suite struct AuditExportTests {
    /// A state with an admin and a policy that was rotated once.
    private func rotated() async throws -> (TestProgram, ServiceAccount) {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))
        try await program.require(program.keyturn("run"))
        return (program, account)
    }

    /// The files that a stranger gets, and the state gone.
    private func exported() async throws -> TestProgram {
        let (program, _) = try await rotated()
        try await keep("kept", program, "audit", "checkpoint")
        try await program.require(
            program.keyturn("policy", "pause", "ci", "--until", "3d", "--reason", "x"))
        try await keep("vkey", program, "audit", "key")
        try await program.require(
            program.keyturn(
                "audit", "export", "--jsonl", "--output", "log", "--checkpoint", "signed"))
        try await keep("grown", program, "audit", "prove", "--from", String(size(program, "kept")))
        try await keep("proof", program, "audit", "prove", "3")
        try await keep("entry", program, "audit", "show", "3", "--leaf")
        rename(program.directory.file("state"), program.directory.file("gone"))
        return program
    }

    /// What a command answers, in a file.
    private func keep(_ name: String, _ program: TestProgram, _ words: String...) async throws {
        let outcome = await program.keyturn(words)
        try program.require(outcome)
        try program.write(name, outcome.output)
    }

    private func size(_ program: TestProgram, _ note: String) -> Int {
        let lines = program.directory.text(note)?.split(separator: "\n") ?? []
        return lines.count > 1 ? Int(lines[1]) ?? 0 : 0
    }

    // MARK: Export

    @Test func `the lines are the leaves, and the last one says that they were exported`()
        async throws
    {
        let (program, _) = try await rotated()

        let outcome = await program.keyturn("audit", "export", "--jsonl")

        #expect(outcome.status == 0)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        #expect(lines.last?.contains(#""exported":"jsonl""#) == true)
        #expect(lines.last?.contains(#""type":"audit.exported""#) == true)
        #expect(outcome.conversation == "exported \(lines.count) entries\n")
        for (seq, line) in lines.enumerated() {
            #expect(
                await program.keyturn("audit", "show", String(seq), "--leaf").output == line)
        }
        #expect(await program.isTrailIntact())
    }

    @Test func `no secret is in an export`() async throws {
        let (program, account) = try await rotated()
        let secret = try #require(program.emulator.clientSecret(of: account.id))
        let lines = await program.keyturn("audit", "export", "--jsonl").output
        #expect(!lines.contains(secret))
        #expect(!lines.contains(program.admin.clientSecret))
    }

    @Test func `what cannot be audited is not exported`() async throws {
        let (program, _) = try await rotated()
        try program.sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit_entry "
                + "BEGIN SELECT RAISE(ABORT, 'no more'); END")

        let outcome = await program.keyturn("audit", "export", "--jsonl", "--output", "log")

        #expect(outcome.status == 6)
        #expect(program.directory.text("log") == nil)
        #expect(program.directory.names.allSatisfy { !$0.hasSuffix(".tmp") })
    }

    @Test func `a file that cannot be written is found out before anything is recorded`()
        async throws
    {
        let (program, _) = try await rotated()
        try program.directory.link("link", to: program.directory.file("target"))
        let before = program.directory.text("state/keyturn.db")
        for words in [
            ["--jsonl", "--output", "link"], ["--jsonl", "--checkpoint", "none/here"],
            ["--tiles", "none/here"], ["--tiles", "link"],
        ] {
            let outcome = await program.keyturn(["audit", "export"] + words)
            #expect(outcome.status == 78, "\(outcome.conversation)")
        }
        #expect(program.directory.text("target") == nil)
        #expect(program.directory.text("state/keyturn.db") == before)
    }

    @Test func `a dry run writes nothing and records nothing`() async throws {
        let (program, _) = try await rotated()
        let before = program.directory.text("state/keyturn.db")
        for words in [["--jsonl", "--output", "log"], ["--tiles", "tiles"]] {
            let outcome = await program.keyturn(["audit", "export", "--dry-run"] + words)
            #expect(outcome.status == 0)
            #expect(outcome.output.hasPrefix("would export "))
        }
        #expect(program.directory.text("state/keyturn.db") == before)
        #expect(!program.directory.names.contains("log"))
        #expect(!program.directory.names.contains("tiles"))
    }

    @Test func `an export of what was not signed is none`() async throws {
        let (program, _) = try await rotated()
        try RawDatabase(program.directory.file("state/keyturn.db")).tamper(
            "UPDATE audit_entry SET leaf = replace(leaf, '\"uid\":0', '\"uid\":1') WHERE seq = 2")
        for words in [["--jsonl", "--output", "log"], ["--tiles", "tiles"]] {
            let outcome = await program.keyturn(["audit", "export"] + words)
            #expect(outcome.status == 6)
            #expect(outcome.conversation.contains("not those that the newest checkpoint covers"))
        }
        #expect(program.directory.text("log") == nil)
        #expect(program.directory.text("tiles/checkpoint") == nil)
    }

    // MARK: Tiles

    @Test func `tiles are brought up to date, and full ones are written once`() async throws {
        let program = try await TestProgram()
        try await program.require(program.keyturn("init"))
        let policies = (0..<130).map { number in
            program.policy(
                "p\(number)", account: program.emulator.addServiceAccount(name: "a\(number)"))
        }
        try await program.apply(policies.joined())
        try await program.require(program.keyturn("audit", "export", "--tiles", "tiles"))
        let first = size(program, "tiles/checkpoint")
        #expect(first > 256)
        var before = stat()
        #expect(stat(program.directory.file("tiles/tile/entries/000"), &before) == 0)

        try await program.require(program.keyturn("audit", "export", "--tiles", "tiles"))

        let second = size(program, "tiles/checkpoint")
        #expect(second == first + 1)
        var after = stat()
        #expect(stat(program.directory.file("tiles/tile/entries/000"), &after) == 0)
        #expect(before.st_ino == after.st_ino)
        #expect(
            TemporaryDirectory.names(in: program.directory.file("tiles/tile/0/001.p")).sorted()
                == [String(first - 256), String(second - 256)])
        #expect(
            TemporaryDirectory.names(in: program.directory.file("tiles/tile")).sorted()
                == ["0", "1", "entries"])
    }

    @Test func `a directory that holds another log, or another history, is left as it is`()
        async throws
    {
        let (program, _) = try await rotated()
        try program.directory.makeDirectory("other")
        try program.directory.make("other/checkpoint", "nothing of ours")
        let other = await program.keyturn("audit", "export", "--tiles", "other")
        #expect(other.status == 78)
        #expect(other.conversation.contains("holds another log"))

        // A backup is put back, and goes on: another history than the one that was handed out.
        try program.copy("state/keyturn.db", to: "backup")
        try await program.require(program.keyturn("audit", "export", "--tiles", "tiles"))
        let before = program.directory.text("tiles/checkpoint")
        try program.copy("backup", to: "state/keyturn.db")
        let shorter = await program.keyturn("audit", "export", "--tiles", "tiles")
        #expect(shorter.status == 6)
        try await program.require(
            program.keyturn("policy", "pause", "ci", "--until", "3d", "--reason", "x"))
        let forked = await program.keyturn("audit", "export", "--tiles", "tiles")
        #expect(forked.status == 6)
        #expect(forked.conversation.contains("the trail here does not go on from it"))
        #expect(program.directory.text("tiles/checkpoint") == before)
        #expect(try await program.entries("audit.exported") == 0)
    }

    // MARK: Checking elsewhere

    @Test func `what was exported is checked without the state`() async throws {
        let program = try await exported()
        let log = await program.keyturn(
            "audit", "verify", "--log", "log", "--checkpoint", "signed", "--key", "vkey",
            "--since", "kept")
        #expect(log.status == 0, "\(log.conversation)")
        #expect(log.output.hasSuffix(" entries, 1 checkpoint: intact\n"))
        let key = try #require(program.directory.text("vkey")).dropLast()
        let proof = await program.keyturn(
            "audit", "verify", "--proof", "proof", "--entry", "entry", "--key", String(key))
        #expect(proof.status == 0, "\(proof.conversation)")
        let grown = await program.keyturn(
            "audit", "verify", "--proof", "grown", "--since", "kept", "--key", "vkey", "--json")
        #expect(grown.status == 0, "\(grown.conversation)")
        #expect(try grown.objects().last?.intact == true)
        // And the state was not made anew by it.
        #expect(!program.directory.names.contains("state"))
    }

    /// Each part changed by a byte, and the check that looks at it.
    @Test(arguments: [
        ("log", "log"), ("signed", "log"), ("kept", "log"), ("proof", "proof"),
        ("entry", "proof"), ("grown", "grown"), ("kept", "grown"),
    ])
    func `whatever was changed is found`(_ changed: String, _ check: String) async throws {
        let program = try await exported()
        var bytes = Array(try #require(program.directory.text(changed)).utf8)
        // In the last third: in a proof and a note that is base64 or a size.
        bytes[bytes.count * 2 / 3] ^= 1
        try program.write(changed, String(decoding: bytes, as: UTF8.self))
        let outcome =
            switch check {
            case "log":
                await program.keyturn(
                    "audit", "verify", "--log", "log", "--checkpoint", "signed", "--key", "vkey",
                    "--since", "kept")
            case "proof":
                await program.keyturn(
                    "audit", "verify", "--proof", "proof", "--entry", "entry", "--key", "vkey")
            default:
                await program.keyturn(
                    "audit", "verify", "--proof", "grown", "--since", "kept", "--key", "vkey")
            }
        #expect(outcome.status == 6 || outcome.status == 64, "\(outcome.conversation)")
        #expect(!outcome.output.contains("intact"))
    }

    @Test func `a log that goes on, or ends, is not what was signed`() async throws {
        let program = try await exported()
        let lines = try #require(program.directory.text("log"))
        let last = try #require(lines.split(separator: "\n").last)
        for (text, said) in [
            (lines + last + "\n", "the export goes on behind"),
            (String(lines.dropLast(last.count + 1)), "the entry is missing"),
        ] {
            try program.write("log", text)
            let outcome = await program.keyturn(
                "audit", "verify", "--log", "log", "--checkpoint", "signed", "--key", "vkey")
            #expect(outcome.status == 6)
            #expect(outcome.output.contains(said))
            #expect(outcome.conversation.contains("the export is broken"))
        }
    }

    @Test(arguments: [
        (["--log", "log"], "--key goes with"),
        (["--log", "log", "--key", "vkey"], "--log goes with --checkpoint"),
        (["--checkpoint", "signed"], "--log goes with --checkpoint"),
        (["--log", "log", "--proof", "proof", "--key", "vkey"], "one of them"),
        (["--proof", "proof", "--key", "vkey"], "with the --entry, or with --since"),
        (["--entry", "entry"], "--entry goes with --proof"),
        (["--proof", "entry", "--entry", "entry", "--key", "vkey"], "entry does not hold a proof"),
        (["--proof", "proof", "--entry", "entry", "--key", "entry"], "entry does not hold a vkey"),
        (
            ["--log", "log", "--checkpoint", "entry", "--key", "vkey"],
            "entry does not hold a signed checkpoint"
        ),
        (
            ["--proof", "proof", "--since", "kept", "--key", "vkey"],
            "does not hold a proof of growth"
        ),
    ])
    func `what cannot be meant is said`(_ words: [String], _ said: String) async throws {
        let program = try await exported()
        let outcome = await program.keyturn(["audit", "verify"] + words)
        #expect(outcome.status == 64)
        #expect(outcome.conversation.contains(said), "\(outcome.conversation)")
    }

    // MARK: A kept checkpoint

    @Test func `a kept checkpoint finds a state that was put back`() async throws {
        let (program, _) = try await rotated()
        try program.copy("state/keyturn.db", to: "backup")
        try await program.require(
            program.keyturn("policy", "pause", "ci", "--until", "3d", "--reason", "x"))
        try await keep("kept", program, "audit", "checkpoint")
        let good = await program.keyturn("audit", "verify", "--since", "kept")
        #expect(good.status == 0)
        #expect(good.output.contains("of them kept, "))

        try program.copy("backup", to: "state/keyturn.db")

        #expect(await program.keyturn("audit", "verify").status == 0)
        let found = await program.keyturn("audit", "verify", "--since", "kept")
        #expect(found.status == 6)
        #expect(found.output.contains("the entry is missing: the kept checkpoint covers"))

        // It goes on, and is as long again: another history.
        try await program.require(
            program.keyturn("policy", "pause", "ci", "--until", "4d", "--reason", "y"))
        let forked = await program.keyturn("audit", "verify", "--since", "kept")
        #expect(forked.status == 6)
        #expect(
            forked.output.contains("the entries are not those that the kept checkpoint covers"))
    }

    @Test func `a checkpoint of another state is not taken for an older one`() async throws {
        let program = try await exported()
        try await program.require(program.keyturn("init"))
        let outcome = await program.keyturn("audit", "verify", "--since", "kept")
        #expect(outcome.status == 6)
        #expect(outcome.conversation.contains("is not signed by this log's key"))
    }
}
