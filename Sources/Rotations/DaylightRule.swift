/// The footer of a TZif file: a POSIX TZ string with the extensions of RFC 9636, section 3.3.1.
///
/// It gives standard time alone (`<+03>-3`), or two kinds of local time and the days of the year on
/// which one follows the other (`CET-1CEST,M3.5.0,M10.5.0/3`).
struct DaylightRule: Hashable, Sendable {
    /// A day of a year, and a time on that day that may lie up to a week before or after it.
    struct Change: Hashable, Sendable {
        enum Day: Hashable, Sendable {
            /// `Jn`: 1 to 365, the 29th of February is never counted.
            case ordinal(Int)
            /// `n`: 0 to 365, the 29th of February is counted.
            case zeroBased(Int)
            /// `Mm.w.d`: the w-th of these weekdays in the month, where 5 is the last one.
            case weekday(month: Int, week: Int, day: Int)
        }

        let day: Day
        /// Seconds after the midnight that begins the day, on the clock that holds until then.
        let second: Int
    }

    struct Daylight: Hashable, Sendable {
        let local: TimeZoneFile.LocalType
        let begins: Change
        let ends: Change
    }

    let standard: TimeZoneFile.LocalType
    let daylight: Daylight?

    /// The kind of local time at this many seconds since 1970.
    func local(at second: Int64) -> TimeZoneFile.LocalType {
        guard let daylight else { return standard }
        // A change may lie a week and an offset outside its year.
        let changes = changes(years: (year(of: second) - 1)...(year(of: second) + 1))
        guard let last = changes.last(where: { $0.second <= second }) else { return standard }
        return last.isDaylight ? daylight.local : standard
    }

    /// The year, in standard time.
    func year(of second: Int64) -> Int {
        let (day, _) = (second + Int64(standard.offset)).floorDivided(by: 86_400)
        return CivilDate(dayNumber: Int(day)).year
    }

    /// All changes of these years, ascending.
    ///
    /// Where an end and the next beginning coincide, the beginning is last and wins: so the RFC
    /// writes daylight saving time that lasts all year.
    func changes(years: ClosedRange<Int>) -> [(second: Int64, isDaylight: Bool)] {
        guard let daylight else { return [] }
        var changes: [(second: Int64, isDaylight: Bool)] = []
        for year in years {
            let begins = daylight.begins.second(in: year) - Int64(standard.offset)
            let ends = daylight.ends.second(in: year) - Int64(daylight.local.offset)
            changes.append((begins, true))
            changes.append((ends, false))
        }
        return changes.sorted { left, right in
            left.second == right.second
                ? !left.isDaylight && right.isDaylight
                : left.second < right.second
        }
    }
}

extension DaylightRule.Change {
    /// Seconds on the local clock since its 1970 began.
    func second(in year: Int) -> Int64 {
        let midnight: Int
        switch day {
        case .ordinal(let number):
            let leap = number >= 60 && CivilDate.isLeap(year) ? 1 : 0
            midnight = Self.newYear(year) + number - 1 + leap
        case .zeroBased(let number):
            midnight = Self.newYear(year) + number
        case .weekday(let month, let week, let day):
            let first = Self.newYear(year) + Self.daysBefore(month: month, year: year)
            // 1970-01-01 was a Thursday, which is 4 here.
            let firstWeekday = (first + 4).floorDivided(by: 7).remainder
            let offset = (day - firstWeekday + 7) % 7 + (week - 1) * 7
            let length = CivilDate.lastDay(ofMonth: month, year: year)
            midnight = first + (offset < length ? offset : offset - 7)
        }
        return Int64(midnight) * 86_400 + Int64(second)
    }

    private static func newYear(_ year: Int) -> Int {
        CivilDate(year: year, month: 1, day: 1)?.dayNumber ?? 0
    }

    private static func daysBefore(month: Int, year: Int) -> Int {
        (1..<month).reduce(0) { $0 + CivilDate.lastDay(ofMonth: $1, year: year) }
    }
}
