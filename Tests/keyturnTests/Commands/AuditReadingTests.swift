import PineconeEmulator
import Rotations
import TestSupport
import Testing

@testable import keyturn

/// Looking into the trail: by person, reason, value and chance.
@Suite struct AuditReadingTests {
    private func rotated(reason: String = "Left the company") async throws -> (
        TestProgram, ServiceAccount
    ) {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(
            program.policy("ci", account: account, more: "    labels: { env: prod }"))
        try await program.require(
            program.keyturn("rotate", "ci", "--reason", reason, "--confirm", "ci"))
        return (program, account)
    }

    // MARK: list

    @Test func `entries are found by reason, actor and label`() async throws {
        let (program, _) = try await rotated()
        func list(_ words: String...) async -> [Substring] {
            await program.keyturn(["audit", "list"] + words).output.split(separator: "\n")
        }
        #expect(await list("--reason", "left the").count == 2)
        #expect(await list("--reason", "stayed").isEmpty)
        #expect(await list("--actor", "nobody-of-this-name").isEmpty)
        #expect(await list("--actor", "0", "--type", "state.created").count == 2)
        let labelled = await list("--label", "env=prod")
        #expect(labelled.count > 5)
        #expect(labelled.dropFirst().allSatisfy { $0.contains("  ci") })
        #expect(await list("--label", "env=test").isEmpty)
    }

    @Test func `a day is meant whole, and an unknown type is answered with all there are`()
        async throws
    {
        let (program, _) = try await rotated()
        let today = String(Timestamp(milliseconds: program.clock.now).rfc3339.prefix(10))
        let all = try await seqs(program, "--limit", "1000")
        #expect(try await seqs(program, "--to", today, "--limit", "1000") == all)
        let outcome = await program.keyturn("audit", "list", "--type", "version.promotd")
        #expect(outcome.status == 64)
        #expect(outcome.conversation.contains("did you mean version.promoted?"))
        #expect(outcome.conversation.contains("rows.accepted"))
    }

    @Test func `an entry that was edited is not shown as one`() async throws {
        let (program, _) = try await rotated()
        try RawDatabase(program.directory.file("state/keyturn.db")).tamper(
            "UPDATE audit_entry SET leaf = replace(leaf, 'keyturn', 'keyburn') WHERE seq = 3")
        for command in [["list"], ["show", "3"], ["show", "3", "--leaf"]] {
            let outcome = await program.keyturn(["audit"] + command)
            #expect(outcome.status == 6, "\(command)")
            #expect(outcome.conversation.contains("entry 3 is not the one that was hashed"))
        }
        #expect(await program.keyturn("audit", "show", "4").status == 0)
    }

    @Test func `pages follow each other without a gap`() async throws {
        let (program, _) = try await rotated()
        let all = try await seqs(program, "--limit", "1000")
        var paged: [String] = []
        while paged.last != "0" {
            paged += try await seqs(
                program, ["--limit", "4"] + (paged.last.map { ["--before", $0] } ?? []))
        }
        #expect(paged == all)
    }

    private func seqs(_ program: TestProgram, _ words: String...) async throws -> [String] {
        try await seqs(program, words)
    }

    private func seqs(_ program: TestProgram, _ words: [String]) async throws -> [String] {
        let outcome = await program.keyturn(["audit", "list"] + words)
        try program.require(outcome)
        return outcome.output.split(separator: "\n").dropFirst().map {
            String($0.prefix { $0 != " " })
        }
    }

    @Test func `follow begins with the newest, oldest first, and ends by a signal`() async throws {
        let (program, _) = try await rotated()
        program.checksBeforeSignal.withLock { $0 = 3 }
        let followed = await program.keyturn("audit", "list", "--follow", "--limit", "3")
        #expect(followed.status == 128 + 15)
        let newest = try await seqs(program, "--limit", "3")
        #expect(
            followed.output.split(separator: "\n").map { String($0.prefix { $0 != " " }) }
                == newest.reversed())
    }

    // MARK: show

    @Test func `an entry is shown whole`() async throws {
        let (program, _) = try await rotated(reason: "a \u{1b}[31mred\u{1b}[0m word")
        let seq = try await seqs(program, "--type", "rotation.started")[0]
        let shown = await program.keyturn("audit", "show", seq)
        #expect(shown.status == 0)
        let fields = shown.output.split(separator: "\n").map { $0.split(separator: " ") }
        #expect(fields.contains(["trigger", "manual"]))
        #expect(fields.contains(["secret.name", "ci"]))
        #expect(!shown.output.contains("\u{1b}"))
        let none = await program.keyturn("audit", "show", "9999")
        #expect(none.status == 64)
        #expect(none.conversation.contains("they go from 0 to "))
    }

    // MARK: prove, checkpoint, key

    @Test func `what is not there is not proved`() async throws {
        let (program, _) = try await rotated()
        for (words, said) in [
            (["prove", "9999"], "there is no entry 9999"),
            (["prove", "-1"], "there is no entry -1"),
            (["prove", "5", "--size", "1"], "there is no entry 5 under the checkpoint"),
            (["prove", "--from", "9999"], "an older checkpoint is not the larger one"),
            (["prove"], "one of them"), (["prove", "1", "--from", "1"], "one of them"),
            (["prove", "1", "--size", "9999"], "no checkpoint of 9999 entries was signed"),
            (["checkpoint", "--size", "9999"], "no checkpoint of 9999 entries was signed"),
        ] {
            let outcome = await program.keyturn(
                ["audit"] + words.map { $0 == "-1" ? "--" : $0 }
                    + (words.last == "-1" ? ["-1"] : []))
            #expect(outcome.status == 64, "\(words)")
            #expect(outcome.output == "")
            #expect(outcome.conversation.contains(said), "\(outcome.conversation)")
        }
    }

    @Test func `the key is the one that init told`() async throws {
        let program = try await TestProgram()
        let told = await program.keyturn("init", "--json").output
        let key = await program.keyturn("audit", "key").output.dropLast()
        #expect(key.split(separator: "+").count >= 3)
        #expect(told.contains(key))
        #expect(await program.keyturn("audit", "key", "--all").output == key + "\n")
    }

    // MARK: sample

    @Test func `a seed draws the same entries again, each with its proof`() async throws {
        let (program, _) = try await rotated()
        try program.write("vkey", await program.keyturn("audit", "key").output)
        let size = try await seqs(program).count
        let words = ["audit", "sample", "--n", "5", "--seed", "7c1f", "--size", String(size)]
        let drawn = await program.keyturn(words + ["--output", "sample"])
        #expect(drawn.status == 0, "\(drawn.conversation)")
        #expect(await program.keyturn(words).output == drawn.output)
        let files = TemporaryDirectory.names(in: program.directory.file("sample"))
        let names = files.filter { $0.hasSuffix(".tlog-proof") }.map { $0.dropLast(11) }
        #expect(names.count == 5)
        for name in names {
            let outcome = await program.keyturn(
                "audit", "verify", "--proof", "sample/\(name).tlog-proof", "--entry",
                "sample/\(name).json", "--key", "vkey")
            #expect(outcome.status == 0, "\(outcome.conversation)")
        }
        // Once the trail has grown, the population is the same when its size is named.
        try await program.require(
            program.keyturn("policy", "pause", "ci", "--until", "3d", "--reason", "x"))
        #expect(await program.keyturn(words).output == drawn.output)
    }

    @Test func `a sample is drawn among the entries that are meant`() async throws {
        let (program, _) = try await rotated()
        let drawn = await program.keyturn(
            "audit", "sample", "--seed", "x", "--type", "delivery.settled", "--json")
        let objects = try drawn.objects()
        #expect(objects.count == (try await program.entries("delivery.settled")))
        #expect(objects.allSatisfy { $0.kind == "sample" })
        #expect(drawn.output.contains("c2sp.org/tlog-proof@v1"))
    }

    // MARK: find-value

    @Test func `a leaked value is recognized, also when it was replaced`() async throws {
        let (program, account) = try await rotated()
        let first = try #require(program.emulator.clientSecret(of: account.id))
        let alive = await program.keyturn("audit", "find-value", input: first)
        #expect(alive.status == 0)
        #expect(alive.output.contains("ci      2        current"))
        #expect(alive.conversation.contains("it is alive"))

        try await program.require(
            program.keyturn("rotate", "ci", "--reason", "x", "--confirm", "ci"))
        let replaced = await program.keyturn("audit", "find-value", "--json", input: first)
        #expect(try replaced.objects().map(\.kind) == ["match", "search"])
        #expect(try replaced.objects().first?.name == "ci")
        #expect(try replaced.objects().first?.version == 2)
        #expect(try replaced.objects().first?.state != "current")

        let entry = await program.newestEntry("secret.searched")
        #expect(entry.contains(#""name":"ci""#))
        #expect(!entry.contains(first))
        #expect(!entry.contains("fingerprint"))
    }

    @Test func `a string that never was ours is not found, and the question is an entry`()
        async throws
    {
        let (program, _) = try await rotated()
        let outcome = await program.keyturn("audit", "find-value", input: "somebody else's")
        #expect(outcome.status == 0)
        #expect(outcome.output == "never a value that was sealed here\n")
        #expect(try await program.entries("secret.searched") == 1)
        #expect(!(await program.newestEntry("secret.searched")).contains("secret\":{"))
    }

    @Test func `what cannot be audited is not answered, and a dry run does not answer`()
        async throws
    {
        let (program, account) = try await rotated()
        let secret = try #require(program.emulator.clientSecret(of: account.id))
        let dry = await program.keyturn("audit", "find-value", "--dry-run", input: secret)
        #expect(dry.status == 0)
        #expect(dry.output.hasPrefix("would search "))
        #expect(try await program.entries("secret.searched") == 0)
        try program.sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit_entry "
                + "BEGIN SELECT RAISE(ABORT, 'no more'); END")
        let outcome = await program.keyturn("audit", "find-value", input: secret)
        #expect(outcome.status == 6)
        #expect(outcome.output == "")
    }
}
