/// One of the five fields of a cron expression, in their order.
package enum CronField: String, CaseIterable, Hashable, Sendable {
    case minute
    case hour
    case dayOfMonth = "day of month"
    case month
    case dayOfWeek = "day of week"

    /// The numbers that the field takes.
    var range: ClosedRange<Int> {
        switch self {
        case .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...7
        }
    }

    /// Names for its numbers, the first standing for `range.lowerBound`.
    private var names: [String] {
        switch self {
        case .minute, .hour, .dayOfMonth: []
        case .month:
            [
                "jan", "feb", "mar", "apr", "may", "jun",
                "jul", "aug", "sep", "oct", "nov", "dec",
            ]
        case .dayOfWeek: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
        }
    }

    /// What a single value of the field may be, in words.
    var values: String {
        switch self {
        case .minute, .hour, .dayOfMonth: "\(range.lowerBound) to \(range.upperBound)"
        case .month: "1 to 12, or jan to dec"
        case .dayOfWeek: "0 to 7 (0 and 7 are Sunday), or sun to sat"
        }
    }

    /// The set of values that a field's text names; bit n stands for n.
    func parse(_ text: some StringProtocol) throws(CronError) -> UInt64 {
        var set: UInt64 = 0
        for element in text.split(separator: ",", omittingEmptySubsequences: false) {
            set |= try parse(element: element, of: text)
        }
        if self == .dayOfWeek, set & 1 << 7 != 0 { set = set & ~(1 << 7) | 1 }
        return set
    }

    private func parse(
        element: some StringProtocol, of text: some StringProtocol
    ) throws(CronError) -> UInt64 {
        let parts = element.split(separator: "/", omittingEmptySubsequences: false)
        let span = try span(parts.first ?? "", of: text)
        var step = 1
        if parts.count > 1 {
            guard parts.count == 2, let number = Self.number(parts[1]), number > 0 else {
                throw refusal(text, "a step of 1 or more after /")
            }
            guard let span = parts.first, span == "*" || span.contains("-") else {
                throw refusal(text, "* or a range such as 1-5 before /")
            }
            step = number
        }
        return stride(from: span.lowerBound, through: span.upperBound, by: step)
            .reduce(0) { $0 | 1 << UInt64($1) }
    }

    private func span(
        _ text: some StringProtocol, of field: some StringProtocol
    ) throws(CronError) -> ClosedRange<Int> {
        if text == "*" {
            // 7 is another name for 0, not a value of its own.
            return self == .dayOfWeek ? 0...6 : range
        }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2, let first = ends.first, let low = value(first), let last = ends.last,
            var high = value(last)
        else { throw refusal(field, values) }
        // The week may end with Sunday: fri-sun.
        if self == .dayOfWeek, ends.count == 2, high == 0, low > 0 { high = 7 }
        guard low <= high else { throw refusal(field, "a range from low to high") }
        return low...high
    }

    private func value(_ text: some StringProtocol) -> Int? {
        if let index = names.firstIndex(of: text.lowercased()) { return range.lowerBound + index }
        guard let number = Self.number(text), range.contains(number) else { return nil }
        return number
    }

    /// A number of at most four digits.
    private static func number(_ text: some StringProtocol) -> Int? {
        guard text.utf8.count <= 4, text.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int(text)
    }

    private func refusal(_ text: some StringProtocol, _ expected: String) -> CronError {
        .field(self, found: String(text), expected: expected)
    }
}

/// Why a text is no cron expression.
package enum CronError: Error, Hashable {
    /// There are so many fields, and five are needed.
    case fieldCount(Int)
    /// A word with `@` that is none of ours.
    case unknownName(String)
    /// The field's text, and what was expected in its place.
    case field(CronField, found: String, expected: String)
    /// No year has such a day.
    case never(daysOfMonth: String, months: String)
}

extension CronError: CustomStringConvertible {
    /// One line: the field, what it says and what was expected.
    package var description: String {
        switch self {
        case .fieldCount(let count):
            "expected five fields (minute, hour, day of month, month, day of week), found \(count)"
        case .unknownName(let name):
            "expected @hourly, @daily, @weekly, @monthly or @yearly, found \(name)"
        case .field(let field, let found, let expected):
            "\(field.rawValue): expected \(expected), found \(found)"
        case .never(let days, let months):
            "never runs: no month of \(months) has day \(days)"
        }
    }
}
