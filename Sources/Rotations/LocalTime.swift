/// A time of day on a wall clock, in whole minutes from 00:00 to 24:00.
package struct LocalTime: Hashable, Comparable, Sendable {
    /// Minutes after midnight, 0 to 1440; 1440 is the midnight that ends the day.
    package let minuteOfDay: Int

    /// 24:00, which only an end can be.
    package static let endOfDay = LocalTime(pinned: 1440)

    /// Seconds after midnight, 0 to 86,400.
    package var secondOfDay: Int { minuteOfDay * 60 }

    private init(pinned minuteOfDay: Int) { self.minuteOfDay = minuteOfDay }

    /// Reads `HH:MM`, two digits each, from `00:00` to `24:00`.
    package init(parsing text: String) throws(WindowError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy(\.isDigit) }),
            let hour = Int(parts[0]), let minute = Int(parts[1]),
            minute < 60, hour * 60 + minute <= 1440
        else { throw .notATime(text) }
        minuteOfDay = hour * 60 + minute
    }

    /// Earlier in the day.
    package static func < (left: LocalTime, right: LocalTime) -> Bool {
        left.minuteOfDay < right.minuteOfDay
    }
}

extension LocalTime: CustomStringConvertible {
    /// `HH:MM`, as `init(parsing:)` reads it.
    package var description: String {
        let (hour, minute) = (minuteOfDay / 60, minuteOfDay % 60)
        return "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
    }
}

extension LocalTime: Codable {
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
