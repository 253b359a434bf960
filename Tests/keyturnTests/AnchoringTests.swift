import Audit
import Glibc
import PineconeEmulator
import Rotations
import TestSupport
import Testing

@testable import keyturn

/// Where checkpoints go besides the database, and what shows that one did not get there.
@Suite struct AnchoringTests {
    /// A program with these anchors, and an account that is due.
    private func program(_ anchors: String) async throws -> TestProgram {
        let program = try await TestProgram()
        program.anchors.withLock { $0 = "anchors: \(anchors)" }
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))
        return program
    }

    /// A program that keeps what it is given in `kept`.
    private func keeper(_ program: TestProgram) throws -> TestProgram.Hook {
        try program.hook("cat > \(program.directory.file("kept"))")
    }

    // MARK: Where they go

    @Test func `a second file gets what the first one gets`() async throws {
        let program = try await TestProgram()
        try program.directory.makeDirectory("far")
        let path = program.directory.file("far/checkpoints")
        program.anchors.withLock { $0 = "anchors: { file: \(path) }" }
        _ = try await program.dueAccount()
        #expect(await program.keyturn("run").status == 0)
        let (near, far) = (program.anchoredSizes(), program.anchoredSizes("far/checkpoints"))
        #expect(near.last == (try program.entryCount()))
        #expect(far == near.suffix(far.count))
        #expect(far.count > 3)
        #expect(await program.isTrailIntact())

        // It counts as much as the first one.
        try program.directory.remove("far/checkpoints")
        let outcome = await program.keyturn(
            "policy", "pause", "ci", "--until", "3d", "--reason", "x")
        #expect(outcome.status == 6)
        #expect(outcome.conversation.contains("the anchor \(path) is gone"))
        #expect(await !program.isTrailIntact())
    }

    @Test func `a command gets the last checkpoint of each command on its standard input`()
        async throws
    {
        let program = try await TestProgram()
        let hook = try keeper(program)
        program.anchors.withLock { $0 = "anchors: { command: { run: [\(hook.path)] } }" }
        _ = try await program.dueAccount()
        #expect(await program.keyturn("run").status == 0)
        let note = try #require(program.directory.text("kept"))
        #expect(
            note
                == (try program.database().first(
                    "SELECT note FROM audit_checkpoint ORDER BY size DESC LIMIT 1"
                ) { $0.text(0) }))
        let check = await program.keyturn("check")
        #expect(check.output.contains("OK anchor: command:\(hook.path) shows all"))

        // What is there already is not brought again.
        try program.directory.remove("kept")
        #expect(await program.keyturn("run").status == 0)
        #expect(program.directory.text("kept") == nil)
    }

    @Test func `the journal gets it as a field of its own`() async throws {
        let program = try await TestProgram()
        let journal = try TestProgram.HostJournal(at: program.directory.file("journal"))
        program.anchors.withLock { $0 = "anchors: { journald: true }" }
        _ = try await program.dueAccount()
        while journal.next() != nil {}
        #expect(await program.keyturn("run").status == 0)
        let message = try #require(journal.next())
        #expect(journal.next() == nil)
        let text = String(decoding: message, as: UTF8.self)
        #expect(text.contains("\nMESSAGE_ID=\(Anchoring.messageID)\n"))
        #expect(text.contains("\nKEYTURN_SIZE=\(try program.entryCount())\n"))
        // A value of several lines: name, newline, length in eight bytes, value.
        let note = try #require(
            try program.database().first(
                "SELECT note FROM audit_checkpoint ORDER BY size DESC LIMIT 1"
            ) { $0.text(0) })
        let count = note.utf8.count
        let field =
            Array("KEYTURN_CHECKPOINT\n".utf8)
            + [UInt8(count & 255), UInt8(count >> 8), 0, 0, 0, 0, 0, 0] + Array(note.utf8)
        #expect(message.suffix(field.count + 1) == field + [UInt8(ascii: "\n")])
    }

    // MARK: What does not get there

    @Test func `a command that fails blocks nothing, is told by all, and is tried again`()
        async throws
    {
        let program = try await TestProgram()
        let hook = try keeper(program)
        program.anchors.withLock { $0 = "anchors: { command: { run: [\(hook.path)] } }" }
        let account = try await program.dueAccount()
        try hook.rewrite("exit 3")

        let run = await program.keyturn("run", "--json")
        #expect(run.status == 7)
        #expect(try program.summary(run).exit == 7)
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(program.isDeliveredAccepted("ci", account))
        let name = "command:\(hook.path)"
        #expect(run.conversation.contains("warning: the anchor \(name) does not show the last"))
        let check = await program.keyturn("check", "--json")
        #expect(check.status == 7)
        let item = try check.objects().first { $0.name == "anchor" && $0.state == "attention" }
        #expect(item != nil)
        let status = await program.keyturn("status", "--json")
        #expect(try status.objects().contains { $0.kind == "anchor" && $0.name == name })
        #expect(status.conversation.contains(name))
        // Once for each time that it falls behind, however often it is tried.
        #expect(await program.keyturn("run").status == 7)
        #expect(await program.keyturn("run").status == 7)
        #expect(try await program.entries("anchor.lagging") == 1)
        #expect(await program.newestEntry("anchor.lagging").contains(name))

        try hook.rewrite("cat > \(program.directory.file("kept"))")
        #expect(await program.keyturn("run").status == 0)
        #expect(await program.keyturn("check").status == 0)
        #expect(await program.isTrailIntact())
        try hook.rewrite("exit 3")
        program.advance(.days(31))
        #expect(await program.keyturn("run").status == 7)
        #expect(try await program.entries("anchor.lagging") == 2)
    }

    @Test func `the next run brings a file up to date that a killed process left behind`()
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        try await program.require(program.keyturn("run"))
        let whole = program.anchoredSizes()
        try program.removeLastAnchored()
        #expect(program.anchoredSizes() == whole.dropLast())

        let run = await program.keyturn("run")

        #expect(run.status == 0 && run.output == "")
        #expect(program.anchoredSizes().last == (try program.entryCount()))
        #expect(await program.keyturn("check").status == 0)
        let count = try program.entryCount()
        #expect(await program.keyturn("run").status == 0)
        #expect(try program.entryCount() == count)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test func `a command that hangs is ended, and has not taken it`() async throws {
        let program = try await TestProgram()
        let hook = try program.hook("cat; exec sleep 1000")
        program.anchors.withLock {
            $0 = "anchors: { command: { run: [\(hook.path)], timeout: 1s } }"
        }
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.require(program.keyturn("init"))
        try program.write(
            "keyturn.yaml", program.configuration(program.policy("ci", account: account)))
        let apply = await program.keyturn("policy", "apply", program.directory.file("keyturn.yaml"))
        // It did what it was asked; what is behind is told, and the run says it by its status.
        #expect(apply.status == 0)
        #expect(apply.conversation.contains("the anchor command:\(hook.path) does not show"))
        #expect(await program.keyturn("run").status == 78)
        #expect(await program.keyturn("check", "--offline").status == 7)
    }

    @Test func `a program that others may write is not run`() async throws {
        let program = try await TestProgram()
        let hook = try keeper(program)
        program.anchors.withLock { $0 = "anchors: { command: { run: [\(hook.path)] } }" }
        chmod(hook.path, 0o722)
        _ = try await program.dueAccount()
        #expect(await program.keyturn("run").status == 7)
        #expect(program.directory.text("kept") == nil)
    }

    @Test func `without a journal the run goes on and says so`() async throws {
        let program = try await program("{ journald: true }")
        let run = await program.keyturn("run")
        #expect(run.status == 7)
        #expect(run.output.contains("ci: rotated to version 2"))
        #expect(run.conversation.contains("the anchor journald does not show the last"))
        let journal = try TestProgram.HostJournal(at: program.directory.file("journal"))
        #expect(await program.keyturn("run").status == 0)
        #expect(journal.next() != nil)
    }

    /// Whether this process may mount, which only root outside a container may.
    private static let canMount: Bool = {
        var template = Array("/tmp/keyturn-mount-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return false }
        defer { rmdir(template) }
        guard mount("none", template, "tmpfs", 0, "size=64k") == 0 else { return false }
        return umount(template) == 0
    }()

    @Test(.enabled(if: canMount))
    func `an anchor on a read-only place is behind, and blocks nothing`() async throws {
        let program = try await TestProgram()
        let path = try program.directory.makeDirectory("state-anchor")
        try #require(mount("none", path, "tmpfs", 0, "size=1m,mode=0750") == 0)
        defer { umount2(path, Int32(MNT_DETACH)) }
        let account = try await program.dueAccount()
        let before = program.anchoredSizes()
        try #require(mount("none", path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), "size=1m") == 0)

        let run = await program.keyturn("run")
        #expect(run.status == 7)
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(run.conversation.contains("the anchor file:\(path)/checkpoints does not show"))
        #expect(program.anchoredSizes() == before)
        #expect(await program.keyturn("check").status == 7)
        #expect(await program.isTrailIntact())

        try #require(mount("none", path, "tmpfs", UInt(MS_REMOUNT), "size=1m") == 0)
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.anchoredSizes().last == (try program.entryCount()))
        #expect(await program.keyturn("check").status == 0)
    }

    // MARK: The file

    @Test func `what the key anchors may say`() async throws {
        let program = try await TestProgram()
        try await program.require(program.keyturn("init"))
        for (text, word) in [
            ("{ file: checkpoints }", "must be an absolute path"),
            ("{ file: \(program.directory.file("state/x")) }", "keeps its own"),
            ("{ file: \(program.directory.file("state-anchor/x")) }", "keeps its own"),
            ("{ journal: true }", "did you mean `journald`?"),
            ("{ journald: yes }", "true or false"), ("{ command: [x] }", "a mapping"),
            ("{ command: { run: [x] } }", "must be an absolute path"),
            ("{ command: { run: [/bin/true], timeout: 0s } }", "1s to 1h"),
        ] {
            program.anchors.withLock { $0 = "anchors: \(text)" }
            try program.write("keyturn.yaml", program.configuration(""))
            let outcome = await program.keyturn(
                "policy", "apply", program.directory.file("keyturn.yaml"))
            #expect(outcome.status == 78)
            #expect(outcome.conversation.contains(word), "\(text)\n\(outcome.conversation)")
        }
        program.anchors.withLock { $0 = "" }
    }

    @Test func `anchors that the file no longer has are no longer kept`() async throws {
        let program = try await program("{ journald: true }")
        program.anchors.withLock { $0 = "" }
        try await program.apply("")
        #expect(try await program.entries("anchors.changed") == 2)
        #expect(await program.keyturn("run").status == 0)
        #expect(await program.isTrailIntact())
    }

    // MARK: A witness

    @Test func `a request goes out and a refusal is not taken for a cosignature`() async throws {
        let program = try await TestProgram()
        try await program.require(program.keyturn("init"))
        let request = await program.keyturn("audit", "witness-request")
        #expect(request.status == 0)
        #expect(request.output.hasPrefix("old 0\n\n"))
        #expect(request.output.hasSuffix("=\n"))
        #expect(await program.keyturn("audit", "witness-request", "--old", "9").status == 6)
        let key = "witness.example/w1+5e4f0000+AAAA"
        #expect(
            await program.keyturn("audit", "add-cosignature", "--witness", key, input: "x").status
                == 64)
    }
}
