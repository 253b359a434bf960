/// A span of whole seconds, never negative; written as an integer and one unit: `30d`.
///
/// A day is 86,400 seconds and a week seven days, whatever clocks do. At most `longest`, so that sums
/// with a `Timestamp` cannot overflow.
package struct Interval: Hashable, Comparable, Sendable {
    /// The length, from 0 to that of `longest`.
    package let seconds: Int64

    /// Ten thousand years of 365.2425 days: as long as all of `Timestamp`.
    package static let longest = Interval(seconds: 315_569_520_000)
    /// No time at all.
    package static let zero = Interval(seconds: 0)

    /// This many seconds, pinned to what an interval can be.
    package init(seconds: Int64) {
        self.seconds = min(max(seconds, 0), 315_569_520_000)
    }

    /// This many minutes, pinned.
    package static func minutes(_ count: Int64) -> Interval { Interval(count, times: 60) }
    /// This many hours, pinned.
    package static func hours(_ count: Int64) -> Interval { Interval(count, times: 3600) }
    /// This many days of 86,400 seconds, pinned.
    package static func days(_ count: Int64) -> Interval { Interval(count, times: 86_400) }

    private init(_ count: Int64, times unit: Int64) {
        let (product, overflows) = count.multipliedReportingOverflow(by: unit)
        self.init(seconds: overflows ? (count < 0 ? 0 : .max) : product)
    }

    /// Shorter.
    package static func < (left: Interval, right: Interval) -> Bool {
        left.seconds < right.seconds
    }
}

/// Why a text is no interval.
package enum IntervalError: Error, Hashable {
    case empty
    /// It does not begin with a digit.
    case noNumber(String)
    /// What follows the number is not s, m, h, d or w.
    case unknownUnit(String)
    /// A number without a unit.
    case noUnit(String)
    /// Longer than ten thousand years.
    case tooLong(String)
}

extension Interval: CustomStringConvertible {
    private static let units: [(letter: Character, seconds: Int64)] =
        [("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]

    /// Reads an integer and one unit, nothing between: `2w`, `30d`, `24h`, `15m`, `90s`, `0s`.
    package init(parsing text: String) throws(IntervalError) {
        guard !text.isEmpty else { throw .empty }
        let digits = text.prefix { $0.isASCII && $0.isWholeNumber }
        guard !digits.isEmpty else { throw .noNumber(text) }
        let letters = text.dropFirst(digits.count)
        guard let letter = letters.first else { throw .noUnit(text) }
        guard letters.count == 1, let unit = Self.units.first(where: { $0.letter == letter })
        else { throw .unknownUnit(text) }
        guard let count = Int64(digits) else { throw .tooLong(text) }
        let (seconds, overflows) = count.multipliedReportingOverflow(by: unit.seconds)
        guard !overflows, seconds <= Self.longest.seconds else { throw .tooLong(text) }
        self.init(seconds: seconds)
    }

    /// The shortest text that `init(parsing:)` reads back: the largest unit that divides it.
    package var description: String {
        for unit in Self.units where seconds > 0 && seconds % unit.seconds == 0 {
            return "\(seconds / unit.seconds)\(unit.letter)"
        }
        return "0s"
    }
}

extension Interval: Codable {
    /// Decodes the text form.
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        try self.init(parsing: text)
    }

    /// Encodes the text form, `description`.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
