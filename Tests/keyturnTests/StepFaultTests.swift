import Testing

@testable import keyturn

/// The table at work: each cell on the simulated clock, against the emulator.
@Suite(.timeLimit(.minutes(60))) struct StepFaultTests {
    private typealias Cell = StepFaultTable.Cell

    /// The cells that the rows name, each with what it says, and whether it is its call's first in
    /// its row. All of those end alike, so the trail is verified for the first alone: in each it
    /// would take a sixth of the time.
    private static let cells = StepFaultTable.rows.flatMap { row in
        row.calls.flatMap { call in
            row.faults.flatMap { fault in
                (row.isLasting.map { [$0] } ?? [false, true]).map { isLasting in
                    (
                        cell: Cell(call: call, fault: fault, isLasting: isLasting), row.expected,
                        isFirst: fault == row.faults.first
                    )
                }
            }
        }
    }

    @Test func `each call has a word for each fault, and one alone`() {
        var words: [Cell: Int] = [:]
        for (cell, _, _) in Self.cells { words[cell, default: 0] += 1 }
        for call in OutsideCall.allCases {
            for fault in CallFault.allCases {
                let counts = [false, true].map {
                    words[Cell(call: call, fault: fault, isLasting: $0), default: 0]
                }
                let isMissing =
                    counts == [0, 0]
                    || StepFaultTable.changes.contains(call) && fault.isBriefToo
                        && counts.contains(0)
                #expect(!isMissing, "\(call) has no word for \(fault): \(counts)")
                #expect(counts.allSatisfy { $0 < 2 }, "\(call) has two words for \(fault)")
            }
        }
    }

    @Test(arguments: Set(OutsideCall.allCases.map(\.site.scene)))
    func `what follows a fault of a call is what the table says`(_ scene: Scene) async throws {
        let stage = try await StepFaultStage(scene)
        for (cell, expected, isFirst) in Self.cells
        where expected.isRun && cell.call.site.scene == scene {
            try await stage.check(
                stage.harm(cell.fault, at: cell.call.site, isLasting: cell.isLasting), expected,
                "\(cell.call) \(cell.fault)\(cell.isLasting ? ", lasting" : "")",
                verifies: isFirst)
        }
    }

    // MARK: Destinations

    @Test func `each hand-over has one word for each fault`() {
        for step in HandOver.allCases {
            for fault in HandOverFault.allCases {
                let count = StepFaultTable.handOvers.count {
                    $0.steps.contains(step) && $0.faults.contains(fault)
                }
                #expect(count == 1, "\(step) \(fault)")
            }
        }
    }

    @Test(arguments: Set(HandOver.allCases.map(\.scene)))
    func `what follows a fault of a destination is what the table says`(_ scene: Scene)
        async throws
    {
        let stage = try await StepFaultStage(scene, hasHook: true)
        for row in StepFaultTable.handOvers where row.expected.isRun {
            for step in row.steps where step.scene == scene {
                for fault in row.faults {
                    try await stage.check(
                        stage.harm(fault, at: step), row.expected, "\(step) \(fault)",
                        verifies: fault == row.faults.first)
                }
            }
        }
    }

    // MARK: The journal

    @Test func `each write has one word for each fault`() {
        for write in JournalWrite.all {
            for fault in JournalFault.allCases {
                let words = StepFaultTable.words(for: write, fault)
                #expect(words.count == 1, "\(write) \(fault)")
            }
        }
    }

    @Test(arguments: JournalWrite.Part.allCases)
    func `what follows a write that fails is what the table says`(_ part: JournalWrite.Part)
        async throws
    {
        let stage = try await StepFaultStage(part.scene, hasHook: true)
        for write in JournalWrite.all where write.part == part {
            for fault in JournalFault.allCases {
                for expected in StepFaultTable.words(for: write, fault) where expected.isRun {
                    try await stage.check(
                        stage.harm(fault, at: write), expected, "\(write) \(fault)",
                        verifies: true)
                }
            }
        }
    }
}

extension Expected {
    /// Whether there is something to run for it.
    fileprivate var isRun: Bool {
        switch self {
        case .impossible, .elsewhere: false
        default: true
        }
    }
}

extension StepFaultStage {
    /// Runs a cell, and checks its word and the world.
    /// - Parameter verifies: whether the trail is verified too.
    fileprivate func check(
        _ harm: StepFaultHarm, _ expected: Expected, _ name: String, verifies: Bool
    ) async throws {
        let comment = Comment(rawValue: name)
        let observed = try #require(try await meet(harm), comment)
        #expect(observed.word == expected, "\(name): \(observed)")
        #expect(observed.problems == [], comment)
        #expect(await isQuiet(), comment)
        #expect(try await problems(verifies: verifies) == [], comment)
    }
}
