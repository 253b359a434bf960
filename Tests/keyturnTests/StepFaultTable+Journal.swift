import Rotations
import Storage
import Synchronization

/// A write of the straight path of a rotation, as StopAnywhereTests lists them.
struct JournalWrite: Hashable, Sendable, CustomStringConvertible {
    /// The runs that a path takes.
    enum Part: String, Sendable, CaseIterable {
        case inPlace, overlap, overlapOver

        var scene: Scene {
            switch self {
            case .inPlace: Scene(.account)
            case .overlap: Scene(.key)
            case .overlapOver: Scene(.key, after: .overlapOver)
            }
        }

        /// What is written in this part, in order.
        fileprivate var names: [String] {
            let overlap = StopAnywhereTests.overlap
            return switch self {
            case .inPlace: StopAnywhereTests.inPlace
            case .overlap: Array(overlap.prefix(StopAnywhereTests.writesBeforeOverlap))
            case .overlapOver: Array(overlap.dropFirst(StopAnywhereTests.writesBeforeOverlap))
            }
        }
    }

    let part: Part
    /// In the run of this part.
    let number: Int
    let name: String
    /// Whether nothing is left to do after it.
    let isLast: Bool

    static let all: [JournalWrite] = Part.allCases.flatMap { part in
        part.names.enumerated().map { number, name in
            JournalWrite(
                part: part, number: number, name: name, isLast: number == part.names.count - 1)
        }
    }

    var description: String { "\(part) \(number) \(name)" }
}

/// What may become of a write.
enum JournalFault: String, Sendable, CaseIterable {
    /// The transaction is refused: nothing of it is there.
    case refused
    /// There is no room, or another process has the database for too long.
    case noRoom, busy
    /// The process dies before the commit, or after it.
    case diesBefore, diesAfter
}

extension StepFaultTable {
    /// Writes bear the names of `StopAnywhereTests`. A fault meets one write.
    struct WriteRow: Sendable {
        /// Nil for all writes that no other row names for the fault.
        let names: [String]?
        /// Nil whether it is the last one or not.
        let isLast: Bool?
        let faults: [JournalFault]
        let expected: Expected
    }

    /// What the rows say of a combination: one word, if the table is whole.
    static func words(for write: JournalWrite, _ fault: JournalFault) -> [Expected] {
        let rows = writes.filter { row in
            row.faults.contains(fault) && row.isLast.map { $0 == write.isLast } ?? true
        }
        let named = rows.filter { $0.names?.contains(write.name) ?? false }
        return (named.isEmpty ? rows.filter { $0.names == nil } : named).map(\.expected)
    }

    static let writes: [WriteRow] = [
        // Nothing is minted without a place for the answer.
        row(["ready"], [.refused], .impossible("it writes no row")),
        row(["ready"], [.noRoom], .doneByNextRun(.noRoom)),
        row(["ready"], [.busy], .doneByNextRun(.storageBusy)),

        // The intent is there, and nobody knows whether the call was sent: the old value tells.
        row(["issue+"], [.diesAfter], .unsettledThenAgainAtOnce(.storageFailed)),

        // The answer: it can be lost between the wire and its commit, and nowhere else.
        row(["keep"], [.refused], .unsettledThenDone(.storageFailed)),
        row(["keep"], [.noRoom], .elsewhere("FullDiskTests, with ballast, spool and armour")),
        row(["keep"], [.busy], .elsewhere("SpoolTests: it waits for two seconds, then the spool")),
        row(["keep"], [.diesBefore], .unsettledThenRecovered(.storageFailed)),

        // Which process runs is only noted; the delivery's own outcome decides.
        row(["delivery started"], [.refused, .noRoom, .busy], .doneInSameRun),
        row(["delivery started"], [.diesBefore, .diesAfter], .unsettledThenDone(.storageFailed)),

        row(nil, [.refused], .unsettledThenDone(.storageFailed)),
        row(nil, [.noRoom], .doneByNextRun(.noRoom)),
        row(nil, [.busy], .busyThenDone),
        row(nil, [.diesBefore], .unsettledThenDone(.storageFailed)),
        row(nil, isLast: false, [.diesAfter], .unsettledThenDone(.storageFailed)),
        row(nil, isLast: true, [.diesAfter], .unsettledThenQuiet(.storageFailed)),
    ]

    private static func row(
        _ names: [String]?, isLast: Bool? = nil, _ faults: [JournalFault], _ expected: Expected
    ) -> WriteRow {
        WriteRow(names: names, isLast: isLast, faults: faults, expected: expected)
    }
}

extension StepFaultStage {
    /// The fault at this write, and at no other.
    func harm(_ fault: JournalFault, at write: JournalWrite) -> StepFaultHarm {
        let program = program
        let plan: StopPlan =
            switch fault {
            case .refused: Self.refusing(write.number, in: program)
            case .noRoom: StopPlan(at: write.number, failing: .noRoom)
            case .busy: StopPlan(at: write.number, failing: .busy)
            case .diesBefore: StopPlan(at: write.number, .beforeCommit)
            case .diesAfter: StopPlan(at: write.number, .afterCommit)
            }
        return StepFaultHarm(
            isBeforeMinting: write.name == "ready",
            bring: { program.follow(plan) },
            isMet: { plan.writes.count > write.number && plan.writes[write.number] == write.name },
            lift: {
                program.journal.withLock { $0 = { $0 } }
                try program.execute(Self.noTriggers)
            })
    }

    private static let noTriggers = """
        DROP TRIGGER IF EXISTS harm_entry; DROP TRIGGER IF EXISTS harm_delivery
        """

    /// A plan in which the database itself refuses what the write brings.
    private static func refusing(_ number: Int, in program: TestProgram) -> StopPlan {
        StopPlan(onNumber: { writing in
            // What cannot be harmed shows in the cell.
            if writing == number {
                try? program.execute(
                    """
                    CREATE TRIGGER harm_entry BEFORE INSERT ON audit_entry
                      BEGIN SELECT RAISE(ABORT, 'harm'); END;
                    CREATE TRIGGER harm_delivery BEFORE UPDATE ON delivery
                      BEGIN SELECT RAISE(ABORT, 'harm'); END
                    """)
            } else if writing == number + 1 {
                try? program.execute(noTriggers)
            }
        })
    }
}
