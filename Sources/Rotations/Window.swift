/// When rotations may happen: from a time to a time, on some days, in a zone.
///
/// `days` are those on which a window starts. It ends on the same day when `end` is after `start`, else on
/// the next: `22:00` to `04:00` crosses midnight, and equal times make 24 hours by the clock. The start
/// belongs to the window, the end does not.
///
/// When clocks change:
/// 1. A start that the clock jumps over moves to the first instant after the jump, and so does an end.
/// 2. Where the clock shows a time twice, a start is the first of them and an end is the second.
/// 3. A window that lies wholly in what the clock jumps over is skipped.
package struct Window: Hashable, Sendable {
    /// The days on which the window starts; never empty.
    package let days: Set<Weekday>
    /// When it starts, 00:00 to 23:59.
    package let start: LocalTime
    /// When it ends, 00:00 to 24:00.
    package let end: LocalTime
    /// The IANA name of the zone whose clock counts.
    package let zone: String

    /// A window that opens on some day; `24:00` can only be an end.
    package init(
        days: Set<Weekday>, start: LocalTime, end: LocalTime, zone: String
    ) throws(WindowError) {
        guard !days.isEmpty else { throw .noDays }
        guard start < .endOfDay else { throw .startsAtTheEndOfTheDay }
        guard Zone.isName(zone) else { throw .notAZone(zone) }
        self.days = days
        self.start = start
        self.end = end
        self.zone = zone
    }

    /// How long it is open each time, by the clock.
    package var length: Interval {
        let seconds = end.secondOfDay - start.secondOfDay
        return Interval(seconds: Int64(seconds > 0 ? seconds : seconds + 86_400))
    }

    /// How long it is closed, by the clock, between the two openings that are the nearest.
    package var shortestPause: Interval {
        let numbers = days.map(\.rawValue).sorted()
        let distances = numbers.indices.map { index in
            let next = index + 1 < numbers.count ? numbers[index + 1] : numbers[0] + 7
            return next - numbers[index]
        }
        return Interval(seconds: Int64(distances.min() ?? 7) * 86_400 - length.seconds)
    }

    /// Whether two rotations can ever be so far apart and no further: within one opening, or in two.
    package func canKeep(_ interval: Interval) -> Bool {
        interval <= length || interval >= shortestPause
    }

    /// The window that contains the instant, else the next one; `zone` is the one that this names.
    ///
    /// Of two that overlap, as 24-hour windows do where the clock is put back, it is the earlier. Nil
    /// when none opens within 400 days: time ends, or a broken zone jumps over each.
    package func opening(atOrAfter instant: Timestamp, in zone: Zone) -> Range<Timestamp>? {
        let today = zone.clock(at: instant).date
        // The window that contains the instant may have started the day before; another day is margin
        // for clocks that were put back over midnight.
        for number in -2...400 {
            let date = today.advanced(by: number)
            guard days.contains(date.weekday) else { continue }
            let span = span(startingOn: date, in: zone)
            if !span.isEmpty, instant < span.upperBound { return span }
        }
        return nil
    }

    private func span(startingOn date: CivilDate, in zone: Zone) -> Range<Timestamp> {
        let opens = zone.resolve(date: date, secondOfDay: start.secondOfDay).earliest
        let endDate = end <= start ? date.advanced(by: 1) : date
        let closes = zone.resolve(date: endDate, secondOfDay: end.secondOfDay).latest
        return opens..<max(opens, closes)
    }
}

/// Why a window is refused.
package enum WindowError: Error, Hashable {
    /// Neither `daily` nor names like `Mon` and ranges like `Mon-Fri`, separated by commas.
    case unknownDays(String)
    /// Not `HH:MM` from `00:00` to `24:00`.
    case notATime(String)
    /// Not the form of an IANA name.
    case notAZone(String)
    case noDays
    /// `24:00` as a start: the next day's `00:00` is meant.
    case startsAtTheEndOfTheDay
}

extension Window: Codable {
    /// As in `keyturn.yaml`.
    private enum CodingKeys: String, CodingKey {
        case days
        case start = "from"
        case end = "to"
        case zone
    }

    /// Decodes and checks as `init` does; days and times have their text forms.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            days: Weekday.days(container.decode(String.self, forKey: .days)),
            start: container.decode(LocalTime.self, forKey: .start),
            end: container.decode(LocalTime.self, forKey: .end),
            zone: container.decode(String.self, forKey: .zone))
    }

    /// Encodes `days`, `from`, `to` and `zone` as a policy writes them; equal windows encode equally.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Weekday.text(days), forKey: .days)
        try container.encode(start, forKey: .start)
        try container.encode(end, forKey: .end)
        try container.encode(zone, forKey: .zone)
    }
}
