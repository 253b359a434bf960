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
    /// Whether a terminal may be given colours (https://no-color.org).
    let isColoured: Bool

    init(
        writeOutput: @escaping @Sendable (Span<UInt8>) -> Bool,
        writeError: @escaping @Sendable (Span<UInt8>) -> Void, isTerminal: Bool,
        isErrorTerminal: Bool, width: Int, isColoured: Bool = true
    ) {
        self.isColoured = isColoured
        self.writeOutput = writeOutput
        self.writeError = writeError
        self.isTerminal = isTerminal
        self.isErrorTerminal = isErrorTerminal
        self.width = width
    }

    /// The streams of this process.
    /// - Parameter isColoured: whether a terminal may be given colours.
    static func process(isColoured: Bool) -> Console {
        Console(
            writeOutput: { StandardStreams.writeOutput($0) },
            writeError: { StandardStreams.writeError($0) },
            isTerminal: Terminal.isTerminal(.standardOutput),
            isErrorTerminal: Terminal.isTerminal(.standardError), width: Terminal.width ?? 80,
            isColoured: isColoured)
    }

    // MARK: The answer

    /// One line of the answer.
    func answer(_ line: String) {
        _ = writeOutput(Array((line.visible + "\n").utf8).span)
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
    /// - Parameter tints: the colour of each row's second cell, on a terminal.
    func answer(heads: [String], rows: [[String]], tints: [Tint?] = []) {
        guard !rows.isEmpty else { return }
        // A name may come from elsewhere; a row is a line.
        let rows = rows.map { $0.map { $0.replacing("\n", with: "\\n") } }
        let table = [heads] + rows
        let widths = heads.indices.map { column in
            table.map { $0[column].count }.max() ?? 0
        }
        for (index, row) in table.enumerated() {
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                guard row[(column + 1)...].contains(where: { !$0.isEmpty }) else { break }
                line += String(repeating: " ", count: widths[column] - cell.count + 2)
            }
            line =
                isTerminal && line.count > width ? line.prefix(max(width, 2) - 1) + "…" : line
            let tint = index > 0 && tints.indices.contains(index - 1) ? tints[index - 1] : nil
            write(tinted(line.visible, from: widths[0] + 2, row.dropFirst().first?.count, tint))
        }
    }

    /// A colour of a terminal.
    enum Tint: Int {
        case red = 31
        case green = 32
        case yellow = 33
    }

    private func tinted(_ line: String, from start: Int, _ count: Int?, _ tint: Tint?) -> String {
        guard isTerminal, isColoured, let tint, let count, line.count >= start + count else {
            return line
        }
        let begin = line.index(line.startIndex, offsetBy: start)
        let end = line.index(begin, offsetBy: count)
        return
            "\(line[..<begin])\u{1b}[\(tint.rawValue)m\(line[begin..<end])\u{1b}[0m\(line[end...])"
    }

    /// What may steer the terminal, since it was made here.
    private func write(_ line: String) { _ = writeOutput(Array((line + "\n").utf8).span) }

    /// Begins a new page: on a terminal at its top, else behind an empty line.
    func turnPage() { write(isTerminal ? "\u{1b}[H\u{1b}[2J" : "") }

    // MARK: The conversation

    /// Says what is going on.
    func say(_ text: String) {
        // What has lines of its own, such as armour, stays as it is.
        let text = text.contains("\n") ? text : folded(text)
        writeError(Array((text.visible + "\n").utf8).span)
    }

    /// Says that something is wrong that the command goes on in spite of.
    func warn(_ text: String) { say(folded("keyturn: warning: \(text)")) }

    /// Says why the command ends, and what to do.
    func fail(_ failure: Failure) {
        say(folded("keyturn: error: \(failure.message)"))
        if let evidence = failure.evidence, !evidence.isEmpty { say(evidence) }
        if let hint = failure.hint { say(folded("keyturn: hint: \(hint)")) }
    }

    /// On a terminal, lines that fit it, broken between words; a program gets one line.
    private func folded(_ text: String) -> String {
        isErrorTerminal ? text.folded(to: width, hanging: 2) : text
    }

    /// Says how far long work has come, over the last such line. Only to a person.
    func progress(_ text: String, isLast: Bool = false) {
        guard isErrorTerminal else { return }
        writeError(Array("\r\(text)\u{1b}[K\(isLast ? "\n" : "")".utf8).span)
    }
}
