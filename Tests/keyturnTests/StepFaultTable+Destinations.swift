import Glibc
import Rotations

/// What a rotation does with a file and a command, in place and with overlap.
enum HandOver: String, Sendable, CaseIterable {
    // Prepare: whether it could be written (P9)
    case checkFile, checkCommand, checkFileWithOverlap, checkCommandWithOverlap
    // Deliver
    case writeFile, runCommand, writeFileWithOverlap, runCommandWithOverlap
    // Retire: whether it is there still (P25)
    case readBack, readBackWithOverlap

    var scene: Scene {
        switch self {
        case .checkFile, .checkCommand, .writeFile, .runCommand, .readBack:
            Scene(.account)
        case .checkFileWithOverlap, .checkCommandWithOverlap, .writeFileWithOverlap,
            .runCommandWithOverlap:
            Scene(.key)
        case .readBackWithOverlap: Scene(.key, after: .overlapOver)
        }
    }

    /// Whether the harm comes when the new value is there already.
    fileprivate var isAfterMinting: Bool {
        switch self {
        case .writeFile, .runCommand, .writeFileWithOverlap, .runCommandWithOverlap: true
        default: false
        }
    }
}

/// What may be wrong with a destination.
enum HandOverFault: String, Sendable, CaseIterable {
    case directoryGone, directoryInTheWay, directoryLoose
    case changed, removed
    case programGone, programNotExecutable, programLoose
    case fails, isKilled, takesTooLong
}

extension StepFaultTable {
    /// Destinations are harmed until the run has ended; in place of `once` and `lasting` the step says
    /// from when: for a check from before the run, for a delivery from the minting.
    struct HandOverRow: Sendable {
        let steps: [HandOver]
        let faults: [HandOverFault]
        let expected: Expected
    }

    static let handOvers: [HandOverRow] = [
        // It is found out before anything is minted.
        row([.checkFile, .checkFileWithOverlap], unfitFile, .doneByNextRun(.fileFailed)),
        row(
            [.checkCommand, .checkCommandWithOverlap], unfitProgram,
            .doneByNextRun(.destinationUnfit)),
        // In place the old value is dead: it stays a debt, and the rotation goes on.
        row([.writeFile], unfitFile, .debt(.deliveryFailed)),
        row([.runCommand], unfitProgram + ends, .debt(.deliveryFailed)),
        // With overlap nothing is promoted, and the old one lives.
        row([.writeFileWithOverlap], unfitFile, .doneByNextRun(.deliveryFailed)),
        row([.runCommandWithOverlap], unfitProgram + ends, .doneByNextRun(.deliveryFailed)),
        row(
            [.readBackWithOverlap], [.directoryGone, .directoryInTheWay, .changed, .removed],
            .doneByNextRun(.deliveryChanged)),

        never(
            [.checkFile, .checkFileWithOverlap, .writeFile, .writeFileWithOverlap],
            [.changed, .removed], "what is there is written over"),
        never(
            [
                .checkFile, .checkFileWithOverlap, .writeFile, .writeFileWithOverlap,
                .readBackWithOverlap,
            ], unfitProgram + ends, "a file runs nothing"),
        never(
            [.checkCommand, .checkCommandWithOverlap, .runCommand, .runCommandWithOverlap],
            unfitFile + [.changed, .removed], "a command is no file of ours"),
        never([.checkCommand, .checkCommandWithOverlap], ends, "it is not run"),
        never(
            [.readBack], HandOverFault.allCases, "in place nothing of ours waits for the consumers"),
        never([.readBackWithOverlap], [.directoryLoose], "what is read back is what counts"),
    ]

    private static let unfitFile: [HandOverFault] = [
        .directoryGone, .directoryInTheWay, .directoryLoose,
    ]
    private static let unfitProgram: [HandOverFault] = [
        .programGone, .programNotExecutable, .programLoose,
    ]
    private static let ends: [HandOverFault] = [.fails, .isKilled, .takesTooLong]

    private static func row(
        _ steps: [HandOver], _ faults: [HandOverFault], _ expected: Expected
    ) -> HandOverRow {
        HandOverRow(steps: steps, faults: faults, expected: expected)
    }

    private static func never(
        _ steps: [HandOver], _ faults: [HandOverFault], _ why: String
    ) -> HandOverRow {
        row(steps, faults, .impossible(why))
    }
}

extension StepFaultStage {
    /// The fault, from before the run or from the moment in which the new value is there.
    func harm(_ fault: HandOverFault, at step: HandOver) -> StepFaultHarm {
        let program = program
        let (file, hook) = (outFile, program.directory.file("hook"))
        let isAfterMinting = step.isAfterMinting
        return StepFaultHarm(
            isBeforeMinting: scene.past == .due && !isAfterMinting,
            bring: {
                guard isAfterMinting else { return fault.bring(in: program, file: file, hook) }
                program.follow(
                    StopPlan {
                        if $0 == "keep" { fault.bring(in: program, file: file, hook) }
                    })
            },
            // Whether it mattered is what the cell says.
            isMet: { true },
            lift: {
                program.journal.withLock { $0 = { $0 } }
                try await fault.mend(in: program, file: file, name: self.name)
                if !fault.isOfFile { try self.hook?.mend() }
            })
    }

    private var outFile: String {
        program.directory.file(scene.world == .key ? "out/\(name)" : "out/\(name).env")
    }
}

extension HandOverFault {
    fileprivate var isOfFile: Bool {
        switch self {
        case .directoryGone, .directoryInTheWay, .directoryLoose, .changed, .removed: true
        default: false
        }
    }

    /// What cannot be harmed shows in the cell.
    fileprivate func bring(in program: TestProgram, file: String, _ hook: String) {
        let (out, away) = (program.directory.file("out"), program.directory.file("away"))
        let script =
            switch self {
            case .fails: "exit 3"
            case .isKilled: "kill -9 $$"
            default: "exec sleep 60"
            }
        switch self {
        case .directoryGone: rename(out, away)
        case .directoryInTheWay:
            rename(file, away)
            mkdir(file, 0o700)
        case .directoryLoose: chmod(out, 0o777)
        case .changed:
            unlink(file)
            _ = try? program.directory.make(
                "out/" + String(file.split(separator: "/").last ?? ""), "x")
        case .removed: unlink(file)
        case .programGone: unlink(hook)
        case .programNotExecutable: chmod(hook, 0o600)
        case .programLoose: chmod(hook, 0o722)
        case .fails, .isKilled, .takesTooLong:
            _ = try? program.write("hook", "#!/bin/sh\n\(script)\n", mode: 0o700)
        }
    }

    fileprivate func mend(in program: TestProgram, file: String, name: String) async throws {
        let (out, away) = (program.directory.file("out"), program.directory.file("away"))
        switch self {
        case .directoryGone: rename(away, out)
        case .directoryInTheWay:
            rmdir(file)
            rename(away, file)
        case .directoryLoose: chmod(out, 0o700)
        // A person has it delivered again.
        case .changed, .removed: try await program.require(program.keyturn("deliver", name))
        case .programGone, .programNotExecutable, .programLoose, .fails, .isKilled, .takesTooLong:
            break
        }
    }
}
