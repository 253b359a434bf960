import Audit
import FoundationEssentials
import OpenSSL
import Rotations
import TestSupport
import Testing

@testable import keyturn

/// `audit report`, over a trail that the program itself wrote.
@Suite struct ReportTests {
    /// A secret that was rotated late, and then in an emergency.
    private func lateAndLeaked() async throws -> TestProgram {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(
            program.policy(
                "ci", account: account, more: "    max-age: 45d\n    labels: { env: prod }"))
        try await program.require(program.keyturn("run"))
        program.advance(.days(50))
        try await program.require(program.keyturn("run"))
        program.advance(.days(2))
        let outcome = await program.keyturn(
            "rotate", "ci", "--compromised", "--reason", "leaked", "--ticket", "SEC-1",
            "--confirm", "ci")
        try program.require(outcome)
        program.advance(.days(1))
        return program
    }

    private func report(_ program: TestProgram, _ more: String...) async throws -> [String: JSON] {
        let outcome = await program.keyturn(["audit", "report", "--json"] + more)
        try program.require(outcome)
        return try #require(JSON(canonical: Array(outcome.output.utf8.dropLast())).members)
    }

    /// The `seq` and leaf hash of what a member says is its evidence, checked against the entry.
    private func type(of evidence: JSON?, _ program: TestProgram) async throws -> String? {
        let members = try #require(evidence?.members)
        let sequence = try #require(members["seq"]?.integer)
        let leaf = await program.keyturn("audit", "show", String(sequence), "--leaf").output
        #expect(members["leaf_hash"]?.text == hexadecimal(SHA256.hash([0] + Array(leaf.utf8))))
        let entry = try #require(Entry(leaf: Array(leaf.utf8)))
        #expect(members["time"]?.text == entry.projection.time.rfc3339)
        return entry.projection.type
    }

    @Test func `a missed rotation and an emergency stand in it with their entries`() async throws {
        let program = try await lateAndLeaked()

        let report = try await report(program)

        let secret = try #require(report["secrets"]?.items?.first { $0["name"] == .string("ci") })
        let late = try #require(secret["overdue"]?.items?.first)
        #expect(secret["overdue"]?.items?.count == 1)
        #expect(try await type(of: late["evidence"], program) == "version.promoted")
        let from = try #require(late["from"]?.text.flatMap(Timestamp.init(rfc3339:)))
        let until = try #require(late["until"]?.text.flatMap(Timestamp.init(rfc3339:)))
        #expect(from.age(at: until) == .days(5))
        #expect(secret["longest_gap_seconds"] == .integer(50 * 86_400))
        #expect(secret["overdue_at_end"] == .boolean(false))
        #expect(secret["policy"]?["max_age_seconds"] == .integer(45 * 86_400))
        #expect(try await type(of: secret["policy"]?["evidence"], program) == "policy.added")
        #expect(try await type(of: secret["age_evidence"], program) == "version.promoted")

        let emergency = try #require(report["emergencies"]?.items?.first)
        #expect(try await type(of: emergency["opened"], program) == "incident.opened")
        #expect(try await type(of: emergency["closed"], program) == "incident.closed")
        #expect(emergency["ticket"] == .string("SEC-1"))
        #expect(emergency["delivered_after_ms"] != nil)
        #expect(emergency["refused_after_ms"] != nil)
        let credential = emergency["secrets"]?.items?.first?["credentials"]?.items?.first
        #expect(credential?["version"] == .integer(3))
        #expect(try await type(of: credential?["evidence"], program) == "version.retired")

        let rotations = try #require(report["rotations"]?.items)
        #expect(rotations.map { $0["trigger"]?.text } == ["schedule", "schedule", "emergency"])
        for rotation in rotations {
            #expect(rotation["outcome"] == .string("done"))
            #expect(try await type(of: rotation["started"], program) == "rotation.started")
            #expect(try await type(of: rotation["last"], program) == "rotation.finished")
        }
        #expect(rotations[1]["due"] != nil)
        #expect(rotations.last?["reason"] == .string("leaked"))
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: ["text", "json", "csv", "html"])
    func `its own hash is in the trail before it is shown`(_ form: String) async throws {
        let program = try await lateAndLeaked()
        let outcome = await program.keyturn("audit", "report", "--format", form)
        try program.require(outcome)
        let entry = await program.newestEntry("report.made")
        let digest = hexadecimal(SHA256.hash(Array(outcome.output.utf8)))
        #expect(entry.contains("\"sha256\":\"\(digest)\""))
        #expect(entry.contains("\"format\":\"\(form)\""))
        #expect(
            outcome.conversation
                == "report on 2 secrets and 3 rotations, from \(try before(entry)) entries\n")
        // Nothing was printed that the entry does not cover: a trail that takes no entry gives none.
        try program.sql("UPDATE signing_key SET origin = origin || 'x'")
        let refused = await program.keyturn("audit", "report", "--format", form)
        #expect(refused.status != 0)
        #expect(refused.output == "")
    }

    /// The number of entries before this one.
    private func before(_ entry: String) throws -> Int {
        let members = try JSON(canonical: Array(entry.utf8.dropLast())).members
        return Int(try #require(members?["entry"]?["seq"]?.integer))
    }

    @Test func `a file is whole, its owner's alone, and never through a link`() async throws {
        let program = try await lateAndLeaked()
        let made = await program.keyturn(
            "audit", "report", "--format", "html", "--output", "report.html", "--json")
        try program.require(made)
        let html = try #require(program.directory.text("report.html"))
        #expect(html.hasSuffix("</html>\n"))
        #expect(made.output.contains(hexadecimal(SHA256.hash(Array(html.utf8)))))
        #expect(program.directory.mode("report.html") == 0o600)

        let count = try await program.entries("report.made")
        try FileManager.default.createSymbolicLink(
            atPath: program.directory.file("link"),
            withDestinationPath: program.directory.file("report.html"))
        let refused = await program.keyturn("audit", "report", "--output", "link")
        #expect(refused.status != 0)
        #expect(program.directory.text("report.html") == html)
        #expect(try await program.entries("report.made") == count)
    }

    @Test func `a dry run needs no key and leaves no trace`() async throws {
        let program = try await lateAndLeaked()
        let outcome = await program.keyturn(
            "audit", "report", "--dry-run", "--key", "file:/nonexistent", "--output", "x")
        #expect(outcome.status == 0, "\(outcome.conversation)")
        #expect(outcome.output.hasPrefix("would make a report on 2 secrets and 3 rotations, from "))
        #expect(try await program.entries("report.made") == 0)
        #expect(program.directory.text("x") == nil)
    }

    @Test func `the next one verifies only what is new, and says who verified the rest`()
        async throws
    {
        let program = try await lateAndLeaked()
        let first = try await report(program)["integrity"]
        #expect(first?["verified_from"] == .integer(0))
        let second = try await report(program)["integrity"]
        #expect(second?["verified_from"] == first?["entries"])
        #expect(try await type(of: second?["known_by"], program) == "report.made")
        #expect(try await type(of: second?["whole_by"], program) == "report.made")
        let whole = try await report(program, "--verify")["integrity"]
        #expect(whole?["verified_from"] == .integer(0))
    }

    @Test func `no report rests on a broken trail`() async throws {
        let program = try await lateAndLeaked()
        _ = try await report(program)
        // An entry that no report looks at, before what was verified.
        try program.sql("DROP TRIGGER audit_entry_no_update")
        try program.sql(
            "UPDATE audit_entry SET leaf = replace(leaf, 'keyturn', 'keyburn') WHERE seq = 1")
        let all = await program.keyturn("audit", "report", "--verify")
        #expect(all.status == 6)
        #expect(all.output == "")
        #expect(all.conversation.contains("from entry 1 on; no report rests on it"))
        // One that was added since.
        try program.sql(
            """
            UPDATE audit_entry SET leaf = replace(leaf, 'keyturn', 'keyburn')
            WHERE seq = (SELECT max(seq) FROM audit_entry)
            """)
        #expect(await program.keyturn("audit", "report").status == 6)
        let made = "SELECT count(*) FROM audit_entry WHERE type = 'report.made'"
        #expect(try RawDatabase(program.directory.file("state/keyturn.db")).column(made) == ["1"])
        // Nor is what was edited shown as though it were an entry.
        let list = await program.keyturn("audit", "list")
        #expect(list.status == 6)
        #expect(list.conversation.contains("is not the one that was hashed and signed"))
    }

    @Test func `a label and a period choose`() async throws {
        let program = try await lateAndLeaked()
        let labelled = try await report(program, "--label", "env=prod")
        #expect(labelled["label"] == .string("env=prod"))
        #expect(labelled["secrets"]?.items?.compactMap { $0["name"]?.text } == ["ci"])
        let none = await program.keyturn("audit", "report", "--label", "env=none")
        #expect(none.status == 64)
        #expect(none.conversation.contains("no policy has the label env=none"))

        // The day of the late rotation, from its first to its last moment.
        let promoted = try #require(
            try await report(program)["rotations"]?.items?[1]["in_use_at"]?.text)
        let day = String(promoted.prefix(10))
        let part = try await report(program, "--from", day, "--to", day)
        #expect(part["rotations"]?.items?.count == 1)
        #expect(part["emergencies"]?.items?.isEmpty == true)
        #expect(part["from"] == .string("\(day)T00:00:00.000Z"))
    }

    @Test func `many rotations go through a file without a name`() throws {
        let directory = try TemporaryDirectory()
        let lines = ReportLines(spillingAt: directory.file("spill"))
        let line = String(repeating: "x", count: 99) + "\n"
        for _ in 0..<30_000 { try lines.append(line) }
        #expect(directory.names.isEmpty)
        for _ in 0..<2 {
            var count = 0
            try lines.forEachPart { (part) throws(Failure) in count += part.count }
            #expect(count == 3_000_000)
        }
        #expect(lines.count == 30_000)
    }
}

extension JSON {
    fileprivate subscript(key: String) -> JSON? { members?[key] }
    fileprivate var items: [JSON]? { if case .array(let items) = self { items } else { nil } }
}
