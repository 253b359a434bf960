import Audit
import Rotations

/// One table of the rotations (RFC 4180), for a spreadsheet.
struct CSVReport: ReportForm {
    private static let heads = [
        "secret", "secret_id", "rotation", "trigger", "outcome", "cause", "failures", "version",
        "due_at", "started_at", "in_use_at", "last_at", "uid", "user", "login_uid",
        "claimed_sudo_user", "host", "reason", "ticket", "incident", "started_seq",
        "started_leaf_hash", "last_seq", "last_leaf_hash",
    ]

    func head(_ report: Report) -> String { Self.row(Self.heads) }

    func line(_ rotation: Report.Rotation, _ index: Int) -> String {
        let who = rotation.who
        return Self.row([
            rotation.secret, rotation.secretID, rotation.id, rotation.trigger,
            rotation.outcome.rawValue, rotation.cause ?? "", String(rotation.failures),
            rotation.version.map(String.init) ?? "", rotation.due?.rfc3339 ?? "",
            rotation.started.time.rfc3339, rotation.promoted?.rfc3339 ?? "",
            rotation.last.time.rfc3339, String(who.uid), who.user ?? "",
            who.loginUID.map(String.init) ?? "", who.claimedSudoUser ?? "", who.host,
            rotation.reason ?? "", rotation.ticket ?? "", rotation.incident ?? "",
            String(rotation.started.sequence), hexadecimal(rotation.started.hash),
            String(rotation.last.sequence), hexadecimal(rotation.last.hash),
        ])
    }

    func tail(_ report: Report) -> String { "" }

    private static func row(_ cells: [String]) -> String {
        cells.map(cell).joined(separator: ",") + "\r\n"
    }

    /// A cell that no spreadsheet takes for a formula, in quotes where it must be.
    static func cell(_ text: String) -> String {
        guard let first = text.utf8.first else { return "" }
        let guarded = "=+-@\t\r".utf8.contains(first) ? "'" + text : text
        guard guarded.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return guarded }
        return "\"" + guarded.replacing("\"", with: "\"\"") + "\""
    }
}
