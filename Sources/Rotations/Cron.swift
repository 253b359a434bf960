/// Times by the calendar: five fields, as in Vixie cron's crontab(5).
///
/// Minute, hour, day of month, month, day of week; each `*`, a number, a range, one of these with a step
/// (`*/15`, `8-18/2`), or a list. Months and weekdays have English names of three letters; 0 and 7 are
/// Sunday. Or one of `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
///
/// When both day fields are restricted, a day that matches either counts; a field that begins with `*` is
/// unrestricted, also with a step, and then a day must match both.
///
/// When clocks change, a time comes when the clock in the zone first shows it or jumps over it:
/// 1. A time that is jumped over runs at the first instant after the jump; several such times, once.
/// 2. A time that is shown twice runs once, the first time. So an `@hourly` leaves out the repeated hour.
package struct Cron: Hashable, Sendable {
    /// The expression, its parts separated by single spaces.
    package let text: String
    // Bit n stands for n.
    private let minutes, hours, daysOfMonth, months, weekdays: UInt64
    private let matchesEitherDay: Bool

    /// The 29th of February on a given weekday may take 40 years to come again.
    private static let horizonInDays = 41 * 366

    /// Reads an expression; one that could never run is refused.
    package init(_ text: String) throws(CronError) {
        let words = text.split(whereSeparator: \.isWhitespace)
        self.text = words.joined(separator: " ")
        var fields = words
        if words.count == 1, let name = words.first, name.hasPrefix("@") {
            fields = try Self.expansion(of: name).split(separator: " ")
        }
        guard fields.count == 5 else { throw .fieldCount(fields.count) }
        minutes = try CronField.minute.parse(fields[0])
        hours = try CronField.hour.parse(fields[1])
        daysOfMonth = try CronField.dayOfMonth.parse(fields[2])
        months = try CronField.month.parse(fields[3])
        weekdays = try CronField.dayOfWeek.parse(fields[4])
        matchesEitherDay = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
        guard matchesEitherDay || Self.exists(daysOfMonth, months) else {
            throw .never(daysOfMonth: String(fields[2]), months: String(fields[3]))
        }
    }

    private static func expansion(of name: Substring) throws(CronError) -> String {
        switch name.lowercased() {
        case "@hourly": "0 * * * *"
        case "@daily": "0 0 * * *"
        case "@weekly": "0 0 * * 0"
        case "@monthly": "0 0 1 * *"
        case "@yearly": "0 0 1 1 *"
        default: throw .unknownName(String(name))
        }
    }

    /// Whether one of the months has one of the days, in a leap year at the latest.
    private static func exists(_ days: UInt64, _ months: UInt64) -> Bool {
        (1...12).contains { month in
            let last = CivilDate.lastDay(ofMonth: month, year: 2000)
            return months.contains(month) && (1...last).contains { days.contains($0) }
        }
    }

    /// The first time after the instant, or nil when time ends before it.
    package func next(after instant: Timestamp, in zone: Zone) -> Timestamp? {
        // Times of earlier dates have come: the clock has shown or jumped over them.
        let today = zone.clock(at: instant).date
        for number in 0...Self.horizonInDays {
            let date = today.advanced(by: number)
            guard runs(on: date) else { continue }
            let day = LocalDay(date, in: zone)
            for hour in 0...23 where hours.contains(hour) {
                for minute in 0...59 where minutes.contains(minute) {
                    let second = hour * 3600 + minute * 60
                    let time = day.resolve(secondOfDay: second).earliest
                    if time > instant { return time < .latest ? time : nil }
                }
            }
        }
        return nil
    }

    /// The last time at or before the instant, or nil when time begins after it.
    package func latest(atOrBefore instant: Timestamp, in zone: Zone) -> Timestamp? {
        let today = zone.clock(at: instant).date
        // A clock put back over midnight has shown times of tomorrow.
        for number in -1...Self.horizonInDays {
            let date = today.advanced(by: -number)
            guard runs(on: date) else { continue }
            let day = LocalDay(date, in: zone)
            for hour in (0...23).reversed() where hours.contains(hour) {
                for minute in (0...59).reversed() where minutes.contains(minute) {
                    let second = hour * 3600 + minute * 60
                    let time = day.resolve(secondOfDay: second).earliest
                    if time <= instant { return time > .earliest ? time : nil }
                }
            }
        }
        return nil
    }

    private func runs(on date: CivilDate) -> Bool {
        guard months.contains(date.month) else { return false }
        let byMonth = daysOfMonth.contains(date.day)
        let byWeek = weekdays.contains(date.weekday.rawValue % 7)
        return matchesEitherDay ? byMonth || byWeek : byMonth && byWeek
    }
}

extension UInt64 {
    /// Whether the bit of this number, 0 to 63, is set.
    fileprivate func contains(_ number: Int) -> Bool { self >> UInt64(number) & 1 == 1 }
}

extension Cron: Codable {
    /// Decodes the text form.
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        try self.init(text)
    }

    /// Encodes the text form, `text`.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
