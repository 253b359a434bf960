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
        {
            return
        }
        let stage = try await StepFaultStage(call.site)
        for fault in CallFault.allCases {
            for isLasting in [false, true] {
                if isLasting, fault == .hungAfter || fault == .hungBefore { continue }
                if (fault == .newValueLate || fault == .oldValueLate),
                    ![
                        "rotateSecret", "rotateAdopted", "createKey", "createSibling", "deleteKey",
                        "deleteSibling", "listAfterDeletedKey", "listAfterDeletedSibling",
                        "askAfterRotation", "deleteLostKey", "deleteLateKey",
                    ].contains(call.rawValue)
                {
                    continue
                }
                let observed = try await stage.meet(fault, isLasting: isLasting)
                let duration = isLasting ? "lasting" : "once"
                guard let observed else {
                    print("CELL \(call) \(fault) \(duration) NOTMET")
                    continue
                }
                let quiet = await stage.isQuiet() ? "" : " NOTQUIET"
                let problems = try await stage.problems()
                let word = observed.word.map { "\($0)" } ?? "\(observed)"
                print("CELL \(call) \(fault) \(duration) \(word)\(quiet) \(problems)")
            }
        }
    }
}
