import YAML

/// Something wrong in a configuration: where, what was found, what was expected.
struct Problem: Error, Hashable {
    let mark: Mark
    /// One sentence, lower case, without a full stop.
    let message: String
    /// What to write instead, where that can be said.
    let hint: String?

    init(_ mark: Mark, _ message: String, hint: String? = nil) {
        self.mark = mark
        self.message = message
        self.hint = hint
    }

    /// As compilers say it: `FILE:LINE:COLUMN: what is wrong`.
    func text(in file: String) -> String { "\(file):\(mark.line):\(mark.column): \(message)" }
}

extension [Problem] {
    /// What `body` reads; nil, and its problem is added, where it is wrong. So one look tells all.
    mutating func attempt<Value>(_ body: () throws(Problem) -> Value) -> Value? {
        do throws(Problem) {
            return try body()
        } catch {
            append(error)
            return nil
        }
    }
}
