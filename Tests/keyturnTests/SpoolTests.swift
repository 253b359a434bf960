import Glibc
import PineconeEmulator
import Rotations
import SQLite
import Synchronization
import Testing

@testable import keyturn

/// A fresh secret that the database cannot take (P14).
@Suite(.timeLimit(.minutes(60))) struct SpoolTests {
    /// No answer can be stored.
    private static let refusal = """
        CREATE TRIGGER harm BEFORE INSERT ON sealed WHEN NEW.purpose = 'answer'
        BEGIN SELECT RAISE(ABORT, 'harm'); END
        """

    /// A program whose answer lies in the spool.
    private func spooled() async throws -> (TestProgram, ServiceAccount) {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        try program.execute(Self.refusal)
        #expect(await program.keyturn("run").status == 4)
        try program.execute("DROP TRIGGER harm")
        #expect(program.spooled.count == 1)
        return (program, account)
    }

    private func finishes(_ program: TestProgram, _ account: ServiceAccount) async {
        #expect(await program.keyturn("run").status == 0)
        #expect(program.spooled.isEmpty)
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }

    @Test func `refused by the database it goes to the spool, and the next run takes it in`()
        async throws
    {
        let (program, account) = try await spooled()
        await finishes(program, account)
    }

    @Test func `an answer that comes after its call seemed not carried out is kept as evidence`()
        async throws
    {
        var settings = Settings()
        settings.oldSecretLifeMs = 300_000
        let program = try await TestProgram(settings: settings)
        let account = try await program.dueAccount(held: true)
        try program.execute(Self.refusal)
        #expect(await program.keyturn("run").status == 4)
        try program.execute("DROP TRIGGER harm")
        // The process that holds the answer is slow; another one asks the old secret meanwhile.
        let name = try #require(program.spooled.first)
        let armour = try #require(program.directory.text("state/spool/\(name)"))
        try program.directory.remove("state/spool/\(name)")
        let early = await program.keyturn("run", "--json")
        #expect(try program.rotation(early, "ci").cause == "not-carried-out")
        try program.write("state/spool/\(name)", armour)
        program.advance(.minutes(10))

        #expect(await program.keyturn("run").status == 0)

        #expect(program.spooled.isEmpty)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(try await program.entries("version.lost") == 1)
        #expect(await program.keyturn("run").output == "")
        #expect(await program.isTrailIntact())
    }

    @Test func `what cannot be read in the spool keeps no run from its work`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount()
        let fifo = program.directory.file("state/spool/01JZZZZZZZZZZZZZZZZZZZZZZZ")
        try #require(mkfifo(fifo, 0o600) == 0)
        try program.write(
            "state/spool/01JZZZZZZZZZZZZZZZZZZZZZZY", String(repeating: "x", count: 100_000))

        let run = await program.keyturn("run")

        #expect(run.status == 0)
        #expect(run.conversation.contains("is no sealed answer of this state; it stays"))
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(program.spooled.count == 2)
    }

    @Test func `a database that another process holds is waited for no longer than two seconds`()
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        let holder = Holder(try program.database())
        program.follow(StopPlan { if $0 == "keep" { holder.begin() } })

        #expect(await program.keyturn("run").status == 4)
        holder.end()
        #expect(program.spooled.count == 1)
        await finishes(program, account)
    }

    /// Another process that holds the database.
    private final class Holder: @unchecked Sendable {
        // Sendable: SQLite is in its serialized mode, and one thread comes after the other.
        private let database: Database

        init(_ database: Database) { self.database = database }

        func begin() {
            do { try database.run("BEGIN EXCLUSIVE") } catch { Issue.record(error) }
        }

        func end() {
            do { try database.run("ROLLBACK") } catch { Issue.record(error) }
        }
    }

    @Test func `where the spool cannot be written it is printed sealed, and recovered by hand`()
        async throws
    {
        let program = try await TestProgram()
        let account = try await program.dueAccount(held: true)
        try program.execute(Self.refusal)
        let (spool, away) = (
            program.directory.file("state/spool"), program.directory.file("state/away")
        )
        program.follow(StopPlan { if $0 == "keep" { rename(spool, away) } })

        let run = await program.keyturn("run")
        #expect(run.status == 4)
        rename(away, spool)
        try program.execute("DROP TRIGGER harm")
        #expect(run.conversation.contains("BEGIN KEYTURN SEALED ANSWER"))
        let secret = try #require(program.emulator.clientSecret(of: account.id))
        #expect(!run.conversation.contains(secret))

        #expect(await program.keyturn("recover", "--dry-run", input: run.conversation).status == 0)
        for _ in 0..<2 {
            #expect(await program.keyturn("recover", input: run.conversation).status == 0)
        }
        await finishes(program, account)
    }

    @Test func `taken in twice it is kept once`() async throws {
        let (program, account) = try await spooled()
        let (file, copy) = (
            program.directory.file("state/spool/\(program.spooled[0])"),
            program.directory.file("state/copy")
        )
        #expect(link(file, copy) == 0)
        #expect(await program.keyturn("run").status == 0)
        #expect(rename(copy, file) == 0)

        await finishes(program, account)
    }

    @Test func `what was settled otherwise meanwhile stays evidence`() async throws {
        let (program, account) = try await spooled()
        let (file, away) = (
            program.directory.file("state/spool/\(program.spooled[0])"),
            program.directory.file("state/away")
        )
        #expect(rename(file, away) == 0)
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 3)
        #expect(rename(away, file) == 0)

        #expect(await program.keyturn("run").status == 0)
        #expect(program.spooled.isEmpty)
        #expect(program.emulator.rotations(of: account.id) == 3)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(try await program.entries("answer.sealed") == 3)
        #expect(await program.isTrailIntact())
    }

    @Test func `a file that is no answer of this state keeps no run from its work`() async throws {
        let program = try await TestProgram()
        let account = try await program.dueAccount()
        try program.write("state/spool/01KQS4K3G0FK1D035TBBAFP9EE", "torn")

        let run = await program.keyturn("run")
        #expect(run.status == 0)
        #expect(run.conversation.contains("01KQS4K3G0FK1D035TBBAFP9EE"))
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(program.spooled.count == 1)
    }

    @Test func `a file that was begun and not finished is none`() async throws {
        let (program, account) = try await spooled()
        try program.write("state/spool/\(program.spooled[0]).part", "torn")
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(program.isDeliveredAccepted("ci", account))
    }
}
