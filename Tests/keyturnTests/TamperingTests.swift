import Audit
import Foundation
import OpenSSL
import PineconeEmulator
import TestSupport
import Testing

@testable import keyturn

/// Somebody edits the file without the key, and keyturn must not cover it with its own signature.
@Suite struct TamperingTests {
    @Test(arguments: [
        """
        DROP TRIGGER audit_checkpoint_no_delete;
        DELETE FROM audit_checkpoint WHERE size = (SELECT max(size) FROM audit_checkpoint)
        """,
        """
        DROP TRIGGER audit_entry_no_update;
        UPDATE audit_entry SET hash = zeroblob(32)
        WHERE seq = (SELECT max(seq) FROM audit_entry) AND seq % 2 = 0
          OR seq = (SELECT max(seq) - 1 FROM audit_entry) AND seq % 2 = 0
        """,
        """
        DROP TRIGGER audit_node_no_update;
        UPDATE audit_node SET hash = zeroblob(32)
        """,
    ])
    func `nothing is signed on top of what was not signed`(_ edit: String) async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        try await program.setUp(program.policy("ci", account: account))
        for statement in edit.split(separator: ";") { try program.sql(String(statement)) }
        let before = program.directory.text("state/keyturn.db")

        let outcome = await program.keyturn(
            "policy", "pause", "ci", "--until", "3d", "--reason", "test")

        #expect(outcome.status == 6)
        #expect(program.directory.text("state/keyturn.db") == before)
        #expect(await program.keyturn("run").status != 0)
        #expect(program.emulator.rotations(of: account.id) == 0)
    }

    // MARK: The tables

    @Test func `an edited connection gets no credential, and applying the file mends it`()
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        let before = program.emulator.tally.received
        try program.sql("UPDATE connection SET login = login || '/elsewhere'")

        for command in [
            ["run"], ["deliver", "ci"], ["rotate", "ci", "--reason", "x", "--confirm", "ci"],
        ] {
            let outcome = await program.keyturn(command)
            #expect(outcome.status == 6, "\(command)")
            #expect(
                outcome.conversation.contains(
                    "the connection pinecone is not the one in the audit trail"))
        }
        let login = await program.keyturn(
            "login", "pinecone", "--as", "ops-a", "--client-id", program.admin.clientID,
            input: program.admin.clientSecret)
        #expect(login.status == 6)
        #expect(program.emulator.tally.received == before)
        #expect(program.emulator.rotations(of: account.id) == 1)
        try await program.require(
            program.keyturn("policy", "apply", program.directory.file("keyturn.yaml")))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test func `an edited policy delivers nowhere, and applying the file mends it`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount()
        try program.sql("UPDATE policy SET document = replace(document, 'ci.env', 'mine.env')")

        let run = await program.keyturn("run")
        #expect(run.status == 6)
        #expect(run.conversation.contains("the policy ci is not the one in the audit trail"))
        #expect(await program.keyturn("deliver", "ci").status == 6)
        #expect(program.directory.text("out/mine.env") == nil)
        #expect(program.emulator.rotations(of: account.id) == 0)
        try await program.require(
            program.keyturn("policy", "apply", program.directory.file("keyturn.yaml")))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test func `an edited policy is found also where its entry was edited with it`() async throws {
        let program = try await TestProgram()
        _ = try await program.dueAccount()
        let database = try RawDatabase(program.directory.file("state/keyturn.db"))
        let document = try #require(try database.column("SELECT document FROM policy").first)
        let changed = document.replacing("ci.env", with: "mine.env")
        func digest(_ text: String) -> String { hexadecimal(SHA256.hash(Array(text.utf8))) }
        try database.tamper(
            """
            UPDATE policy SET document = '\(changed)';
            UPDATE audit_entry SET leaf = replace(leaf, '\(digest(document))', '\(digest(changed))')
            """)
        let run = await program.keyturn("run")
        #expect(run.status == 6)
        #expect(run.conversation.contains("is not in the signed audit trail"))
    }

    @Test func `an edited rotation goes no further`() async throws {
        let program = try await TestProgram()
        let key = try await program.dueKey()
        try await program.require(program.keyturn("run"))
        try program.sql("UPDATE rotation SET terms = replace(terms, 'search', 'mine')")
        program.advance(.hours(25))
        let run = await program.keyturn("run")
        #expect(run.status == 6)
        #expect(run.conversation.contains(Self.edited("search")))
        #expect(program.emulator.liveKeys.contains { $0.id == key.id })
    }

    @Test func `one edited secret is left alone, told, and keeps no other from its rotation`()
        async throws
    {
        let program = try await TestProgram()
        let edited = program.emulator.addServiceAccount(name: "edited")
        let other = program.emulator.addServiceAccount(name: "other")
        try await program.setUp(
            program.policy("edited", account: edited) + program.policy("other", account: other))
        try program.sql("UPDATE policy SET phase = phase + 1 WHERE document LIKE '%edited%'")

        let run = await program.keyturn("run", "--json")

        #expect(run.status == 6)
        #expect(run.conversation.contains(Self.edited("edited")))
        #expect(run.output.contains(#""cause":"rows-edited""#))
        #expect(program.emulator.rotations(of: edited.id) == 0)
        #expect(program.emulator.rotations(of: other.id) == 1)
        // It stays found, also by an emergency, which goes on for the other.
        let emergency = await program.keyturn(
            "rotate", "--all", "--compromised", "--reason", "leak", "--confirm", "2")
        #expect(emergency.status == 6)
        #expect(program.emulator.rotations(of: edited.id) == 0)
        #expect(program.emulator.rotations(of: other.id) == 2)
    }

    @Test(arguments: [
        """
        UPDATE delivery SET state = 'owed', settled_at_ms = NULL,
          destination = replace(destination, '/out/', '/evil/'),
          terms = replace(terms, '/out/', '/evil/')
        """,
        """
        UPDATE delivery SET state = 'owed', settled_at_ms = NULL,
          terms = replace(terms, '/out/', '/evil/')
        """,
        """
        INSERT INTO delivery(secret_id, version, destination, position, terms, required, state)
        SELECT secret_id, version, replace(destination, '/out/', '/evil/'), 7,
          replace(terms, '/out/', '/evil/'), 1, 'owed' FROM delivery
        """,
        "UPDATE delivery SET state = 'owed', settled_at_ms = NULL",
    ])
    func `what nothing in the trail owes is delivered nowhere`(_ edit: String) async throws {
        let program = try await TestProgram()
        _ = try await program.dueAccount(held: true)
        try program.directory.makeDirectory("evil")
        program.advance(.days(-20))
        try program.sql(edit)

        for command in [["run"], ["deliver", "ci"]] {
            let outcome = await program.keyturn(command)
            #expect(outcome.status == 6, "\(command)")
            #expect(outcome.conversation.contains(Self.edited("ci")))
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: program.directory.file("evil"))
                == [])
        #expect(await program.keyturn("audit", "verify").status == 6)
    }

    @Test func `an old key is not retired before the date in the trail`() async throws {
        let program = try await TestProgram()
        let key = try await program.dueKey()
        try await program.require(program.keyturn("run"))
        try program.sql("UPDATE version SET retire_at_ms = 1 WHERE state = 'retiring'")
        try program.sql("UPDATE rotation SET next_try_at_ms = 1")

        let run = await program.keyturn("run")

        #expect(run.status == 6)
        #expect(run.conversation.contains(Self.edited("search")))
        #expect(program.emulator.liveKeys.contains { $0.id == key.id })
    }

    @Test func `a program that is not the place of the root key is not started`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount()
        let hook = try program.hook("touch \(program.directory.file("started"))")
        try program.sql("UPDATE root_key SET source = 'command:\(hook.path)'")

        let run = await program.keyturn("run")

        #expect(run.status == 6)
        #expect(run.conversation.contains("the place of the root key is not the one"))
        #expect(program.directory.text("started") == nil)
        #expect(program.emulator.rotations(of: account.id) == 0)
    }

    @Test func `an emptied anchor is no new one`() async throws {
        let program = try await TestProgram()
        _ = try await program.dueAccount()
        try #require(truncate(program.directory.file("state-anchor/checkpoints"), 0) == 0)

        for command in [["run"], ["policy", "pause", "ci", "--until", "3d", "--reason", "x"]] {
            let outcome = await program.keyturn(command)
            #expect(outcome.status == 6, "\(command)")
            #expect(outcome.conversation.contains("was emptied"))
        }
        let verify = await program.keyturn("audit", "verify")
        #expect(verify.status == 6)
        #expect(await program.keyturn("check").status == 6)
        let epoch = await program.keyturn(
            "audit", "new-epoch", "--reason", "lost", "--accept-loss")
        #expect(epoch.status == 0)
        #expect(await program.isTrailIntact())
    }

    private static func edited(_ secret: String) -> String {
        "the rows of \(secret) are not what the audit trail says of them"
    }

    // MARK: Each column of each table

    /// A state in which every table has rows.
    private func full() async throws -> TestProgram {
        let program = try await TestProgram()
        let hook = try program.failingHook()
        program.anchors.withLock {
            $0 = """
                freezes: [{ from: 2031-01-01, until: 2031-01-02, owner: x, reason: y }]
                anchors: { file: \(program.directory.file("far")) }
                """
        }
        let account = program.emulator.addServiceAccount(name: "deploys")
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        try await program.setUp(
            program.policy(
                "ci", account: account,
                more: hook.yaml + "\n    after: [{ command: { run: [/bin/true] } }]\n")
                + program.policy("search", key: key, more: "    labels: { env: prod }\n"))
        _ = await program.keyturn("run")
        _ = await program.keyturn(
            "rotate", "ci", "--compromised", "--reason", "leaked", "--confirm", "ci")
        try await program.require(
            program.keyturn("policy", "pause", "search", "--until", "3d", "--reason", "test"))
        _ = program.emulator.addServiceAccount(name: "batch")
        try await program.require(
            program.keyturn(
                "account", "delete", "batch", "--reason", "test", "--confirm", "batch",
                "--retire-after", "30d"))
        // What a clock that is set back leaves.
        program.advance(.minutes(-10))
        _ = await program.keyturn("policy", "resume", "ci")
        program.advance(.hours(2))
        let request = await program.keyturn("audit", "witness-request").output
        let witness = try TestWitness()
        let line = try #require(try witness.cosign(request))
        try await program.require(
            program.keyturn(
                "audit", "add-cosignature", "--witness", witness.key.description, input: line + "\n"
            ))
        #expect(await program.isTrailIntact())
        return program
    }

    /// Notes for a recovery, which change without an entry; and a count whose only word is that it is
    /// not too low.
    private static let unguarded = ["delivery.temporary", "delivery.process", "root_key.wraps"]
    /// Computed from the rest, and computed anew by the first run of each day.
    private static let computed = ["due_at_ms", "due_why", "must_be_before_ms"]

    @Test func `an edit of any column of any table is found, and what it is about is named`()
        async throws
    {
        let program = try await full()
        let path = program.directory.file("state/keyturn.db")
        let whole = try Data(contentsOf: URL(filePath: path))
        let tables = try RawDatabase(path).column(
            "SELECT name FROM sqlite_schema WHERE type = 'table'")
        #expect(tables.count > 18)
        for table in tables {
            let database = try RawDatabase(path)
            #expect(try database.column("SELECT count(*) FROM \(table)") != ["0"], "\(table)")
            let columns = try database.column(
                "SELECT name || ' ' || type FROM pragma_table_info('\(table)')")
            for column in columns.map({ $0.split(separator: " ").map(String.init) }) {
                let (name, type) = (column[0], column[1])
                let place = "\(table).\(name)"
                guard !Self.unguarded.contains(place) else { continue }
                let edit =
                    switch type {
                    case "INTEGER": "coalesce(\(name), 0) + 1000"
                    case "TEXT": "coalesce(\(name), '') || 'x'"
                    default: "CAST(coalesce(\(name), '') || 'x' AS BLOB)"
                    }
                try database.execute("PRAGMA ignore_check_constraints = 1")
                try database.tamper("UPDATE \(table) SET \(name) = \(edit)")

                let outcome = await program.keyturn("audit", "verify", "--json")

                let isComputed = Self.computed.contains(name)
                #expect(outcome.status == (isComputed ? 0 : 6), "\(place): \(outcome)")
                let isToldOtherwise = outcome.output.contains("come due otherwise than its policy")
                #expect(!isComputed || isToldOtherwise, "\(place): \(outcome.output)")
                let problems = try outcome.objects().compactMap(\.problem)
                // That SQLite finds a CHECK broken is not our merit.
                #expect(
                    isComputed || problems.contains { !$0.hasPrefix("SQLite finds") },
                    "\(place): \(problems)")
                try whole.write(to: URL(filePath: path))
            }
        }
        #expect(await program.isTrailIntact())
    }

    @Test(arguments: [
        "DELETE FROM sealed WHERE purpose = 'value'",
        """
        UPDATE sealed SET ciphertext = (SELECT ciphertext FROM sealed WHERE purpose = 'signing-key'
          AND length(ciphertext) > 0) WHERE purpose = 'value'
        """,
    ])
    func `a vault record that is gone or another one is told as damage`(_ edit: String) async throws
    {
        let program = try await TestProgram()
        _ = try await program.dueAccount(held: true)
        program.advance(.days(-20))
        try RawDatabase(program.directory.file("state/keyturn.db")).tamper(
            edit.replacing(
                "WHERE purpose = 'value'",
                with:
                    "WHERE purpose = 'value' AND owner = (SELECT id FROM secret WHERE name = 'ci')")
        )

        let deliver = await program.keyturn("deliver", "ci")

        #expect(deliver.status == 6, "\(deliver)")
        #expect(deliver.conversation.contains("a sealed value"))
        #expect(await program.keyturn("audit", "verify").status == 6)
    }

    @Test func `a cut tail is told from where it is missing on`() async throws {
        let program = try await TestProgram()
        _ = try await program.dueAccount(held: true)
        let count = try program.entryCount()
        try program.sql("DROP TRIGGER audit_entry_no_delete")
        try program.sql("DELETE FROM audit_entry WHERE seq >= \(count - 3)")

        let verify = await program.keyturn("audit", "verify")

        #expect(verify.status == 6)
        #expect(verify.conversation.contains("from entry \(count - 3) on"))
    }

    @Test func `what a new epoch would go on from is told before`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        let epoch = ["audit", "new-epoch", "--reason", "x", "--dry-run"]
        #expect(await program.keyturn(epoch).status == 0)
        try program.sql("UPDATE version SET proved_at_ms = 1")

        let refused = await program.keyturn(epoch)
        #expect(refused.status == 6)
        #expect(refused.output.contains("would refuse to begin a new epoch, for the rows of"))
        let accepted = await program.keyturn(epoch + ["--accept-loss"])
        #expect(accepted.status == 0)
        #expect(accepted.output.contains("would begin a new epoch, although the rows of"))
        let rotate = [
            "rotate", "ci", "--compromised", "--reason", "x", "--confirm", "ci", "--dry-run",
        ]
        #expect(await program.keyturn(rotate).status == 6)
        let foretold = await program.keyturn(rotate + ["--new-epoch"])
        #expect(foretold.status == 0)
        #expect(foretold.conversation.contains("would first begin a new epoch, although"))
        #expect(program.emulator.rotations(of: account.id) == 1)
    }

    @Test func `a rotation that an edit holds back is found within a day`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        try program.sql("UPDATE secret SET rotated_at_ms = rotated_at_ms + 86400000 * 300")
        program.advance(.days(2))
        let run = await program.keyturn("run")
        #expect(run.status == 6)
        #expect(run.conversation.contains(Self.edited("ci")))
        #expect(program.emulator.rotations(of: account.id) == 1)
    }

    @Test func `a due date that was moved is computed anew within a day`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        try program.sql("UPDATE secret SET due_at_ms = due_at_ms + 86400000 * 300")
        let verify = await program.keyturn("audit", "verify")
        #expect(verify.status == 0)
        #expect(verify.conversation.contains("has ci come due otherwise than its policy"))
        program.advance(.days(2))
        #expect(await program.keyturn("run").status == 0)
        program.advance(.days(40))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 2)
    }

    @Test func `a person accepts edited rows, and everything goes on`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        try program.sql("UPDATE version SET client_id = 'another' WHERE state = 'current'")
        program.advance(.days(40))

        #expect(await program.keyturn("run").status == 6)
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(await program.keyturn("check").status == 6)
        let refused = await program.keyturn("audit", "new-epoch", "--reason", "known")
        #expect(refused.status == 6)
        // What a person does meanwhile does not cover it.
        try await program.require(
            program.keyturn("policy", "pause", "ci", "--until", "3d", "--reason", "look"))
        try await program.require(program.keyturn("policy", "resume", "ci"))
        #expect(await program.keyturn("run").status == 6)
        #expect(await program.keyturn("audit", "verify").status == 6)

        let epoch = await program.keyturn(
            "audit", "new-epoch", "--reason", "known", "--accept-loss")

        #expect(epoch.status == 0)
        #expect(epoch.conversation.contains("the rows of"))
        #expect(await program.isTrailIntact())
        try await program.require(program.keyturn("policy", "resume", "--all"))
        _ = await program.keyturn("run")
        #expect(await program.isTrailIntact())
    }

    @Test func `an emergency goes on over edited rows with a new epoch`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        try program.sql("UPDATE version SET proved_at_ms = 1")
        let rotate = [
            "rotate", "ci", "--compromised", "--reason", "leaked", "--confirm", "ci",
        ]
        #expect(await program.keyturn(rotate).status == 6)
        let outcome = await program.keyturn(rotate + ["--new-epoch"])
        #expect(outcome.status == 0, "\(outcome)")
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(await program.isTrailIntact())
    }

    /// A change to a table by somebody who owns the file, and what `audit verify` says.
    static let edits = [
        ("UPDATE connection SET api = 'https://api.example'", "the connection pinecone is not the"),
        ("UPDATE connection SET api_host = 'api.example'", "the host of the connection pinecone"),
        ("UPDATE admin SET position = position + 1, name = 'ops-x'", "the connection pinecone is"),
        (
            "UPDATE admin SET secret_id = (SELECT id FROM secret WHERE name = 'ci')",
            "the account of the admin pinecone/ops-a is not the one in the trail"
        ),
        (
            "UPDATE policy SET document = replace(document, 'ci.env', 'x.env')",
            "the policy ci is not the one in the trail"
        ),
        (
            "UPDATE policy SET paused_until_ms = NULL, paused_reason = NULL",
            "the pause of search is not the one in the trail"
        ),
        ("DELETE FROM policy WHERE paused_until_ms IS NULL", "the policy of the secret "),
        (
            "UPDATE setting SET value = '[]' WHERE name = 'freezes'",
            "the setting `freezes` is not the one in the trail"
        ),
        ("DELETE FROM setting WHERE name = 'anchors'", "the setting `anchors` is gone"),
        (
            "UPDATE version SET provider_id = 'another' WHERE state = 'retiring'",
            "version 1 of search is another credential in the trail"
        ),
        (
            "UPDATE version SET state = 'retired' WHERE state = 'retiring'",
            "version 1 of search is retiring in the trail, not retired"
        ),
        (
            """
            INSERT INTO version(secret_id, number, state, provider_id, issued_at_ms)
            SELECT id, 7, 'lost', 'another', 0 FROM secret WHERE name = 'search'
            """, "version 7 of search is not in the trail"
        ),
        ("DELETE FROM version WHERE state = 'retiring'", "version 1 of the secret "),
        (
            "UPDATE rotation SET target = replace(target, 'api-key', 'api-kex') WHERE state = 'open'",
            "what the rotation "
        ),
        (
            "UPDATE delivery SET terms = replace(terms, 'hook', 'hoox') WHERE state = 'owed'",
            "the delivery of version 2 to command:"
        ),
        (
            """
            UPDATE delivery SET destination = replace(destination, 'out', 'evil'),
              terms = replace(terms, 'out', 'evil') WHERE state = 'done'
            """, "the delivery of version 2 to file:"
        ),
        (
            "UPDATE delivery SET state = 'closed' WHERE state = 'owed'",
            "the delivery of version 2 to"
        ),
        ("DELETE FROM delivery WHERE state = 'done'", "the delivery of version 2 to file:"),
        (
            "UPDATE version SET retire_at_ms = 1 WHERE state = 'retiring'",
            "the date of version 1 of search is not the one in the trail"
        ),
        (
            "UPDATE root_key SET source = 'command:/tmp/x'",
            "the place of the root key is not the one"
        ),
        ("UPDATE installation SET machine_id = 'x'", "the machine of the state is not the one"),
    ]

    @Test(arguments: edits)
    func `an edit of a table is found by comparing it with the trail`(
        _ edit: (sql: String, problem: String)
    ) async throws {
        let program = try await TestProgram()
        let hook = try program.failingHook()
        program.anchors.withLock {
            $0 = "freezes: [{ from: 2031-01-01, until: 2031-01-02, owner: x, reason: y }]"
        }
        program.machine.withLock { $0 = nil }
        let account = program.emulator.addServiceAccount(name: "deploys")
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        try await program.setUp(
            program.policy("ci", account: account, more: hook.yaml)
                + program.policy("search", key: key))
        program.anchors.withLock {
            $0 += "\nanchors: { file: \(program.directory.file("far")) }"
        }
        try await program.apply(
            program.policy("ci", account: account, more: hook.yaml)
                + program.policy("search", key: key))
        program.machine.withLock { $0 = "6f1c7f1e3c8b4d5e9a510d6f1f3f8a10" }
        _ = await program.keyturn("run")
        try await program.require(
            program.keyturn("policy", "pause", "search", "--until", "3d", "--reason", "test"))
        #expect(await program.isTrailIntact())
        try RawDatabase(program.directory.file("state/keyturn.db")).tamper(edit.sql)

        let outcome = await program.keyturn("audit", "verify", "--json")
        #expect(outcome.status == 6)
        let problems = try outcome.objects().compactMap(\.problem)
        #expect(problems.contains { $0.hasPrefix(edit.problem) }, "\(problems)")
    }
}
