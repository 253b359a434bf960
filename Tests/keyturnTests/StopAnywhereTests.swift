import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

/// The program dies at every write, on both sides of the commit, and is started again.
@Suite struct StopAnywhereTests {
    /// The writes of the straight path. A new one is missing here until somebody has thought of
    /// what a crash beside it leaves.
    static let inPlace = [
        "ready", "issue+", "keep", "store", "promote+", "deliver+", "delivery intended",
        "delivery done", "delivery intended", "delivery started", "delivery done", "confirm",
        "done",
    ]
    static let overlap = [
        "ready", "issue+", "keep", "store", "deliver+", "delivery intended", "delivery done",
        "delivery intended", "delivery started", "delivery done", "promote", "retire+",
        // After the overlap:
        "retire+", "retire+", "confirm", "done",
    ]

    /// Of these, before the old key's date.
    static let writesBeforeOverlap = 12

    /// What a sibling adds whose bindings are more than it can be created with.
    static let granting = ["prove+", "prove+"]
    static let sibling = overlap.prefix(4) + granting + overlap.dropFirst(4)

    struct Stop: Sendable, CustomTestStringConvertible {
        let write: Int
        let side: StopPlan.Side
        let name: String

        var testDescription: String { "\(side) \(write) \(name)" }

        static func everywhere(_ writes: [String]) -> [Stop] {
            writes.enumerated().flatMap { write, name in
                StopPlan.Side.allCases.map { Stop(write: write, side: $0, name: name) }
            }
        }
    }

    /// A program with a file and a command to deliver to, and a plan for its death.
    private static func program(
        input: String = "raw"
    ) async throws -> (TestProgram, hook: String) {
        let program = try await TestProgram()
        let log = program.directory.file("log")
        try program.write("hook", "#!/bin/sh\ncat >> \(log)\necho >> \(log)\n", mode: 0o700)
        return (
            program,
            "      - command: { run: [\(program.directory.file("hook"))], input: \(input) }"
        )
    }

    /// One more binding than an account can be created with.
    private static func manyGrants(_ program: TestProgram) -> [Grant] {
        (0..<100).map { number in
            .project(program.emulator.addProject(name: "p\(number)"), .projectViewer)
        } + [.organization(.orgMember)]
    }

    private static func follow(_ plan: StopPlan, _ program: TestProgram) {
        program.journal.withLock { $0 = { StoppingJournal($0, plan) } }
    }

    /// Runs until all is well; how many runs that took.
    private static func runUntilWell(_ program: TestProgram, _ plan: StopPlan) async -> Int {
        for count in 1...5 {
            if await program.keyturn("run").status == 0, !plan.isDead { return count }
            plan.revive()
        }
        return 99
    }

    private static func isQuiet(_ program: TestProgram) async -> Bool {
        let before = program.directory.text("state/keyturn.db")
        let run = await program.keyturn("run")
        return run.status == 0 && run.output == ""
            && program.directory.text("state/keyturn.db") == before
    }

    @Test func `the straight path in place has these writes`() async throws {
        let (program, hook) = try await Self.program()
        _ = try await program.dueAccount(held: true, more: hook)
        let plan = StopPlan()
        Self.follow(plan, program)
        #expect(await program.keyturn("run").status == 0)
        #expect(plan.writes == Self.inPlace)
    }

    @Test(arguments: Stop.everywhere(inPlace))
    func `in place all ends well wherever it was stopped`(_ stop: Stop) async throws {
        let (program, hook) = try await Self.program()
        let account = try await program.dueAccount(held: true, more: hook)
        let plan = StopPlan(at: stop.write, stop.side)
        Self.follow(plan, program)

        #expect(await program.keyturn("run").status == 4)
        #expect(plan.hasStruck)
        plan.revive()
        #expect(await Self.runUntilWell(program, plan) <= 2)

        // The answer can be lost between the wire and its commit, and nowhere else.
        let isLost = stop.name == "keep" && stop.side == .beforeCommit
        #expect(program.emulator.rotations(of: account.id) == (isLost ? 3 : 2))
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(
            program.directory.text("log")?.split(separator: "\n").last.map(String.init)
                == program.deliveredSecret("ci"))
        #expect(program.leftovers == [])
        #expect(await Self.isQuiet(program))
        #expect(await program.isTrailIntact())
    }

    @Test func `the straight path with overlap has these writes`() async throws {
        let (program, hook) = try await Self.program()
        _ = try await program.dueKey(held: true, more: hook)
        let plan = StopPlan()
        Self.follow(plan, program)
        #expect(await program.keyturn("run").status == 0)
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(plan.writes == Self.overlap)
    }

    @Test(arguments: Stop.everywhere(overlap))
    func `with overlap all ends well wherever it was stopped`(_ stop: Stop) async throws {
        let (program, hook) = try await Self.program()
        let old = try await program.dueKey(held: true, more: hook)
        let plan = StopPlan(at: stop.write, stop.side)
        Self.follow(plan, program)

        #expect(await Self.runUntilWell(program, plan) <= 3)
        #expect(program.emulator.accepts(apiKey: old.value))
        #expect(program.isDeliveredKeyAccepted("search"))
        #expect(program.liveKeyValues.count == 2)
        #expect(await program.hasRowForEveryKey("search"))
        #expect(await Self.isQuiet(program))

        program.advance(.hours(25))
        #expect(await Self.runUntilWell(program, plan) <= 3)
        #expect(plan.hasStruck)
        #expect(program.liveKeyValues == [program.directory.text("out/search")])
        let isLost = stop.name == "keep" && stop.side == .beforeCommit
        #expect(program.emulator.committed(.createAPIKey) == (isLost ? 3 : 2))
        #expect(await Self.isQuiet(program))
        #expect(await program.isTrailIntact())
    }

    @Test func `the straight path of a sibling has these writes`() async throws {
        let (program, hook) = try await Self.program(input: "json")
        let grants = Self.manyGrants(program)
        _ = try await program.dueSibling(held: true, grants: grants, more: hook)
        let plan = StopPlan()
        Self.follow(plan, program)
        #expect(await program.keyturn("run").status == 0)
        program.advance(.hours(25))
        #expect(await program.keyturn("run").status == 0)
        #expect(plan.writes == Array(Self.sibling))
    }

    @Test(arguments: Stop.everywhere(Array(sibling)))
    func `with a sibling all ends well wherever it was stopped`(_ stop: Stop) async throws {
        let (program, hook) = try await Self.program(input: "json")
        let grants = Self.manyGrants(program)
        let old = try await program.dueSibling(held: true, grants: grants, more: hook)
        let plan = StopPlan(at: stop.write, stop.side)
        Self.follow(plan, program)

        #expect(await Self.runUntilWell(program, plan) <= 3)
        let new = try #require(program.deliveredAccount("ci"))
        #expect(program.isAccepted(old))
        #expect(program.liveAccountIDs == [old.id, new.id])
        #expect(program.emulator.grants(of: new.id) == Set(grants))
        #expect(await program.hasRow("ci", forEvery: program.liveAccountIDs))
        #expect(await Self.isQuiet(program))

        program.advance(.hours(25))
        #expect(await Self.runUntilWell(program, plan) <= 3)
        #expect(plan.hasStruck)
        #expect(program.liveAccountIDs == [new.id])
        let log = program.directory.text("log")
        #expect(log?.contains(#""client_id":"\#(new.clientID)""#) == true)
        let isLost = stop.name == "keep" && stop.side == .beforeCommit
        #expect(program.emulator.committed(.createServiceAccount) == (isLost ? 3 : 2))
        #expect(await Self.isQuiet(program))
        #expect(await program.isTrailIntact())
    }

    @Test func `a signal at any moment leaves what the next run finishes`() async throws {
        var seen = 0
        for checks in 0..<200 {
            let program = try await TestProgram()
            let account = program.emulator.addServiceAccount(name: "deploys")
            let key = program.emulator.addAPIKey(project: program.project, name: "search")
            try await program.setUp(
                program.policy("ci", account: account) + program.policy("search", key: key))
            program.checksBeforeSignal.withLock { $0 = checks }
            let run = await program.keyturn("run", "--jobs", "1")
            program.checksBeforeSignal.withLock { $0 = nil }
            guard run.status != 0 else { break }
            seen += 1
            #expect(run.status == 143)

            #expect(await program.keyturn("run").status == 0)
            #expect(program.isDeliveredAccepted("ci", account))
            #expect(program.isDeliveredKeyAccepted("search"))
            #expect(program.emulator.rotations(of: account.id) == 1)
            #expect(program.emulator.committed(.createAPIKey) == 1)
            #expect(program.emulator.accepts(apiKey: key.value))
            #expect(await Self.isQuiet(program))
            #expect(await program.isTrailIntact())
        }
        #expect(seen > 10 && seen < 200)
    }
}
