import TestSupport
import Testing

@testable import keyturn

/// The exit statuses are a promise: the README's table and the program's are one.
@Suite struct ExitStatusTests {
    private static let readme =
        #filePath.split(separator: "/").dropLast(4)
        .reduce("") { $0 + "/" + $1 } + "/README.md"

    /// Rows `| 78 | configuration, … |` of any table of the README.
    private static func rows(_ text: String) -> [Int32: String] {
        var rows: [Int32: String] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("|") {
            let cells = line.split(separator: "|").map { cell in
                String(cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
            guard cells.count == 2, let code = Int32(cells[0].filter { $0 != "`" }) else {
                continue
            }
            rows[code] = cells[1]
        }
        return rows
    }

    @Test func `the README says of every exit status what the program says`() throws {
        let text = try #require(TemporaryDirectory.text(at: Self.readme), "there is no README.md")
        let rows = Self.rows(text)
        for status in ExitStatus.allCases {
            #expect(rows[status.rawValue] == status.meaning)
        }
        #expect(Set(rows.keys) == Set(ExitStatus.allCases.map(\.rawValue)))
    }
}
