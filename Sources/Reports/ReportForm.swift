import Rotations

/// A way to write a report down. The rotations come between head and tail, each by itself, so that
/// there may be any number of them.
package protocol ReportForm: Sendable {
    /// What stands before the rotations.
    func head(_ report: Report) -> String
    /// One rotation.
    /// - Parameter index: its place in the list, counted from 0.
    func line(_ rotation: Report.Rotation, _ index: Int) -> String
    /// What stands after the rotations.
    func tail(_ report: Report) -> String
}

extension ReportFormat {
    /// What writes this form.
    package var form: any ReportForm {
        switch self {
        case .text: TextReport()
        case .json: JSONReport()
        case .csv: CSVReport()
        case .html: HTMLReport()
        }
    }
}

extension Report.Rotation {
    /// What came of it, in a few words.
    var outcomeText: String {
        var text =
            switch outcome {
            case .done: isRollback ? "rolled back" : "done"
            case .superseded: "superseded"
            case .parked: "waits for a person"
            case .open: "under way"
            }
        if let version { text += ", version \(version)" }
        if let cause, outcome != .done { text += ", \(cause)" }
        if failures > 0 { text += ", \(counted(failures, "failed try", "failed tries"))" }
        return text
    }

    /// Why it was begun, in a few words.
    var why: String {
        [trigger, reason, ticket].compactMap(\.self).joined(separator: "; ")
    }
}
