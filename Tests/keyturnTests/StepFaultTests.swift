import FoundationEssentials
import PineconeEmulator
import Rotations
import Testing

@testable import keyturn

@Suite struct StepFaultTests {
    @Test(arguments: OutsideCall.allCases)
    func explore(_ call: OutsideCall) async throws {
        if let only = ProcessInfo.processInfo.environment["ONLY"],
            call.rawValue.firstMatch(of: try Regex(only)) == nil
        { return }
        let stage = try await StepFaultStage(call.site)
        for fault in CallFault.allCases {
            for isLasting in [false, true] {
                if isLasting, fault == .hungAfter || fault == .hungBefore { continue }
                try stage.restore()
                stage.bring(fault, isLasting: isLasting)
                let first = await stage.program.keyturn("run", "--json")
                guard stage.hasStruck(fault) else {
                    stage.lift()
                    print("CELL \(call) \(fault) \(isLasting ? "lasting" : "once") NOTMET")
                    continue
                }
                let cause =
                    (try? stage.program.rotation(first, stage.name))?.cause ?? "-"
                let outcome =
                    (try? stage.program.rotation(first, stage.name))?.outcome ?? "-"
                let rotated = (try? stage.program.summary(first))?.rotated ?? 0
                let early = stage.isDeliveredAccepted ? "" : " dead-delivered"
                stage.lift()
                let second = await stage.program.keyturn("run", "--json")
                var word: String
                switch (first.status, second.status) {
                case (0, 0) where first.output == "":
                    word = second.output == "" ? "quiet" : "quietThenDone"
                case (0, 0) where second.output == "": word = "same"
                case (_, 0) where second.output != "": word = rotated > 0 ? "debt" : "next"
                case (_, 0):
                    stage.program.advance(.hours(12))
                    let third = await stage.program.keyturn("run")
                    if third.output != "" {
                        word = "waits"
                    } else {
                        let resume = await stage.program.keyturn(
                            "rotation", "resume", stage.name, "--reason", "x", "--confirm",
                            stage.name)
                        word = "parks\(resume.status)"
                    }
                default: word = "?\(second.status)"
                }
                try await stage.finish()
                let quiet = await stage.isQuiet() ? "" : " NOTQUIET"
                let problems = try await stage.problems()
                print(
                    "CELL \(call) \(fault) \(isLasting ? "lasting" : "once") exit=\(first.status) \(outcome) \(cause) \(word) m=\(stage.mintings)\(early)\(quiet) \(problems)"
                )
            }
        }
    }
}
