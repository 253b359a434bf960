import Audit
import Rotations

/// Plain text, for a terminal or a mail.
struct TextReport: ReportForm {
    func head(_ report: Report) -> String {
        let document = report.document
        var text = "\(document.title)\n\(String(repeating: "=", count: document.title.count))\n\n"
        let width = document.facts.map(\.name.count).max() ?? 0
        for (name, value) in document.facts {
            text += padded(name + ":", width + 2) + Self.line(value) + "\n"
        }
        for section in document.sections { text += written(section) }
        return text + heading("Rotations")
            + "Each that ended in the period, by the time of its end; then what was under way.\n"
    }

    func line(_ rotation: Report.Rotation, _ index: Int) -> String {
        var text = "\n\(rotation.started.time.secondText)  \(Self.line(rotation.secret))  "
        text += "\(rotation.outcomeText)\n    \(Self.line(rotation.why))\n"
        text += "    by \(Self.line(rotation.who.text)); rotation \(rotation.id)\n"
        text += entry("begun", rotation.started)
        if let promoted = rotation.promoted { text += "    in use  \(promoted.secondText)\n" }
        return text
            + entry(
                [.done, .superseded].contains(rotation.outcome) ? "ended" : "last ", rotation.last)
    }

    func tail(_ report: Report) -> String { "" }

    private func entry(_ word: String, _ evidence: Evidence) -> String {
        "    \(word)   \(evidence.time.secondText)  #\(evidence.sequence)  "
            + "\(hexadecimal(evidence.hash))\n"
    }

    private func heading(_ title: String) -> String {
        "\n\(Self.line(title))\n\(String(repeating: "-", count: title.count))\n"
    }

    private func written(_ section: Document.Section) -> String {
        var text = heading(section.title)
        for paragraph in section.paragraphs {
            text += Self.line(paragraph).folded(to: Self.width) + "\n"
        }
        for verbatim in section.verbatim {
            text += "\n"
            for line in verbatim.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            {
                text += line.isEmpty ? "\n" : "    \(String(line).visible)\n"
            }
        }
        if let table = section.table, !table.rows.isEmpty {
            text += section.paragraphs.isEmpty ? "" : "\n"
            text += written(table)
        }
        return text
    }

    /// Columns apart by two blanks, no trailing blanks.
    private func written(_ table: Document.Table) -> String {
        let rows = [table.heads] + table.rows.map { $0.map(Self.text) }
        let widths = table.heads.indices.map { column in
            rows.map { $0[column].count }.max() ?? 0
        }
        let width = widths.reduce(0) { $0 + $1 + 2 } - 2
        // A list of hashes is wide, and is read by programs; anything else becomes a list of facts.
        let isHashes = table.rows.first?.contains { if case .hash = $0 { true } else { false } }
        guard width <= Self.width || isHashes == true else { return facts(rows) }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += column + 1 < row.count ? padded(cell, widths[column] + 2) : cell
            }
            return line + "\n"
        }.joined()
    }

    /// What is too wide for a table: a paragraph for each row, a line for each cell that says anything.
    private func facts(_ rows: [[String]]) -> String {
        let heads = rows[0].map { $0.lowercased() + ":" }
        let width = heads.map(\.count).max() ?? 0
        return rows.dropFirst().map { row in
            zip(heads, row).enumerated().filter {
                $0.offset == 0 || !["", "-"].contains($0.element.1)
            }
            .map { column, cell in
                column == 0
                    ? "\(cell.1)\n"
                    : Self.line(padded(cell.0, width + 1) + cell.1)
                        .folded(to: Self.width, indent: 4, hanging: width + 5) + "\n"
            }.joined()
        }.joined(separator: "\n")
    }

    private static func text(_ cell: Document.Cell) -> String {
        switch cell {
        case .text(let text): line(text)
        // What a page shows in another colour.
        case .alarm(let text): line(text) + " !"
        case .entry(let sequence): "#\(sequence)"
        case .hash(let hash): hexadecimal(hash)
        }
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 0))
    }

    /// A text that stays on its line.
    private static func line(_ text: String) -> String {
        text.visible.replacing("\n", with: "\\n")
    }

    private static let width = 80
}
