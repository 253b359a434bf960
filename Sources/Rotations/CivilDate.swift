/// A day of the proleptic Gregorian calendar, without a time or a zone.
///
/// Years run from -1 to 10000: those of `Timestamp`, and a zone's offset to either side.
package struct CivilDate: Hashable, Comparable, Sendable {
    /// Astronomical: the year 0 is 1 BC.
    package let year: Int
    /// 1 to 12.
    package let month: Int
    /// 1 to 31.
    package let day: Int

    private static let years = -1...10_000
    private static let dayNumbers = -719_893...2_933_262

    /// The date, or nil when the calendar has none such.
    package init?(year: Int, month: Int, day: Int) {
        guard Self.years.contains(year), (1...12).contains(month),
            day >= 1, day <= Self.lastDay(ofMonth: month, year: year)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// The date this many days after 1970-01-01, pinned to the years that this type has.
    ///
    /// Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
    package init(dayNumber: Int) {
        let pinned = min(max(dayNumber, Self.dayNumbers.lowerBound), Self.dayNumbers.upperBound)
        let (era, dayOfEra) = (pinned + 719_468).floorDivided(by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153  // March is 0
        month = shifted < 10 ? shifted + 3 : shifted - 9
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days since 1970-01-01, which is 0. Hinnant's `days_from_civil`.
    package var dayNumber: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shiftedYear.floorDivided(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The day of the week.
    package var weekday: Weekday {
        // 1970-01-01 was a Thursday.
        Weekday(rawValue: (dayNumber + 3).floorDivided(by: 7).remainder + 1) ?? .thursday
    }

    /// The date this many days later, or earlier when negative.
    package func advanced(by days: Int) -> CivilDate {
        let (sum, overflows) = dayNumber.addingReportingOverflow(days)
        return CivilDate(dayNumber: overflows ? (days < 0 ? .min : .max) : sum)
    }

    /// Earlier in the calendar.
    package static func < (left: CivilDate, right: CivilDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    /// How many days the month has, 28 to 31; `month` is 1 to 12.
    package static func lastDay(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Whether the year has a 29th of February.
    package static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }
}
