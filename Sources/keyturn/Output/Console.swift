import Audit
import Linux
import Secrets

/// What a command says, and to whom: standard output is the answer, standard error the conversation.
///
/// All output goes through here: tables for people, one JSON object a line for programs, colour
/// only on a terminal.
struct Console: Sendable {
    /// False when the bytes could not be written, all of them.
    private let writeOutput: @Sendable (Span<UInt8>) -> Bool
    private let writeError: @Sendable (Span<UInt8>) -> Void
    /// Whether a person reads standard output.
    let isTerminal: Bool
    /// Whether a person reads standard error.
    let isErrorTerminal: Bool
    /// Columns of the terminal.
    let width: Int

    init(
        writeOutput: @escaping @Sendable (Span<UInt8>) -> Bool,
        writeError: @escaping @Sendable (Span<UInt8>) -> Void, isTerminal: Bool,
        isErrorTerminal: Bool, width: Int
    ) {
        self.writeOutput = writeOutput
        self.writeError = writeError
        self.isTerminal = isTerminal
        self.isErrorTerminal = isErrorTerminal
        self.width = width
    }

    /// The streams of this process.
    static var process: Console {
        Console(
            writeOutput: { StandardStreams.writeOutput($0) },
            writeError: { StandardStreams.writeError($0) },
            isTerminal: Terminal.isTerminal(.standardOutput),
            isErrorTerminal: Terminal.isTerminal(.standardError), width: Terminal.width ?? 80)
    }

    // MARK: The answer

    /// One line of the answer.
    func answer(_ line: String) {
        _ = writeOutput(Array((Self.harmless(line) + "\n").utf8).span)
    }

    /// One object of the answer.
    func answer(_ object: [String: JSON]) { answer(JSON.object(object).canonical) }

    /// A secret, and nothing else.
    func answer(secret: borrowing SecretBytes) { _ = writeOutput(secret.bytes) }

    /// Bytes that are worth nothing when a part of them is missing.
    func answer(exactly bytes: Span<UInt8>) throws(Failure) {
        guard writeOutput(bytes) else {
            throw Failure(
                "standard output took only a part",
                hint: "is the disk full, or has the reader ended?", .failure)
        }
    }

    /// A table: upper-case heads, columns apart by two blanks, no trailing blanks, nothing at all
    /// when there are no rows. On a terminal a last column that does not fit is cut, as an ellipsis
    /// says; what is piped on is whole.
    func answer(heads: [String], rows: [[String]]) {
        guard !rows.isEmpty else { return }
        let table = [heads] + rows
        let widths = heads.indices.map { column in
            table.map { $0[column].count }.max() ?? 0
        }
        for row in table {
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                guard row[(column + 1)...].contains(where: { !$0.isEmpty }) else { break }
                line += String(repeating: " ", count: widths[column] - cell.count + 2)
            }
            answer(isTerminal && line.count > width ? line.prefix(max(width, 2) - 1) + "…" : line)
        }
    }

    /// The text without what a terminal would obey: names may come from a database that somebody
    /// else wrote.
    private static func harmless(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            result += isControl(scalar) ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0a: false
        case ..<0x20, 0x7f..<0xa0, 0x2028, 0x2029, 0x202a...0x202e, 0x2066...0x2069: true
        default: false
        }
    }

    // MARK: The conversation

    /// Says what is going on.
    func say(_ text: String) { writeError(Array((Self.harmless(text) + "\n").utf8).span) }

    /// Says that something is wrong that the command goes on in spite of.
    func warn(_ text: String) { say("keyturn: warning: \(text)") }

    /// Says why the command ends, and what to do.
    func fail(_ failure: Failure) {
        say("keyturn: error: \(failure.message)")
        if let hint = failure.hint { say("keyturn: hint: \(hint)") }
    }

    /// Says how far long work has come, over the last such line. Only to a person.
    func progress(_ text: String, isLast: Bool = false) {
        guard isErrorTerminal else { return }
        writeError(Array("\r\(text)\u{1b}[K\(isLast ? "\n" : "")".utf8).span)
    }
}
