import Audit
import Rotations

/// A report as a person reads it: headings, sentences and tables. Text and HTML show the same one.
struct Document {
    let title: String
    /// The first lines: what it is about.
    let facts: [(name: String, value: String)]
    let sections: [Section]

    struct Section {
        /// Names it within a page.
        let id: String
        let title: String
        var paragraphs: [String] = []
        /// What must be copied as it stands.
        var verbatim: [String] = []
        var chart: Chart?
        var table: Table?
    }

    struct Table {
        let heads: [String]
        let rows: [[Cell]]
    }

    /// A drawing beside a table that says the same.
    enum Chart {
        case ages([Report.Secret])
        case rotations([Report.Bin])
    }

    enum Cell {
        case text(String)
        /// What somebody should look at.
        case alarm(String)
        /// An entry that the row rests on; its leaf hash is in the table of entries.
        case entry(Int)
        case hash([UInt8])

        /// An optional text, and a dash for none.
        static func maybe(_ text: String?) -> Cell { .text(text ?? "-") }
        static func count(_ count: Int) -> Cell { .text(String(count)) }
        static func entry(_ evidence: Evidence?) -> Cell {
            evidence.map { .entry($0.sequence) } ?? .text("-")
        }
    }
}

extension Interval {
    /// In its two largest units: `45d 3h`, `5m 20s`, `20s`.
    var plainText: String {
        let units: [(Int64, String)] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")]
        guard let first = units.firstIndex(where: { seconds >= $0.0 }) else { return "0s" }
        let (length, letter) = units[first]
        guard first + 1 < units.count else { return "\(seconds)s" }
        let (lesser, lesserLetter) = units[first + 1]
        let rest = seconds % length / lesser
        return "\(seconds / length)\(letter)" + (rest == 0 ? "" : " \(rest)\(lesserLetter)")
    }
}

/// Milliseconds as a person reads them: `1.2s`, `5m 20s`.
func plainText(milliseconds: Int64) -> String {
    guard milliseconds < 60_000 else {
        return Interval(seconds: milliseconds / 1_000).plainText
    }
    let tenths = (max(milliseconds, 0) + 50) / 100
    return tenths % 10 == 0 ? "\(tenths / 10)s" : "\(tenths / 10).\(tenths % 10)s"
}

/// `1 secret`, `2 secrets`.
func counted(_ count: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
}
