/// A moment, in milliseconds since 1970-01-01T00:00:00Z, and its two spellings on the wire.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970.
    package var ms: Int64

    /// The moment this many milliseconds after 1970 began.
    package init(ms: Int64) {
        self.ms = ms
    }

    /// Before everything.
    package static let distantPast = Timestamp(ms: .min)

    /// Earlier.
    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.ms < right.ms
    }

    /// The moment `ms` milliseconds later.
    package func adding(ms: Int64) -> Timestamp {
        Timestamp(ms: self.ms + ms)
    }

    /// When something begins that comes `ms` later: without delay it has always been so, for then
    /// a clock set back must not undo it.
    func start(afterMs ms: Int64) -> Timestamp {
        ms > 0 ? adding(ms: ms) : .distantPast
    }

    /// RFC 3339 with `Z`, as object times are written.
    package func rfc3339(_ form: Settings.TimestampForm) -> String {
        let civil = Civil(self)
        let date = "\(civil.year)-\(two(civil.month))-\(two(civil.day))"
        let time = "\(two(civil.hour)):\(two(civil.minute)):\(two(civil.second))"
        switch form {
        case .seconds: return "\(date)T\(time)Z"
        case .milliseconds:
            let digits = String(civil.millisecond)
            let padding = String(repeating: "0", count: 3 - digits.count)
            return "\(date)T\(time).\(padding)\(digits)Z"
        }
    }

    /// IMF-fixdate (RFC 9110), as in the `Date` header.
    package var httpDate: String {
        let civil = Civil(self)
        let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][civil.weekdayFromThursday]
        let month = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ][civil.month - 1]
        let time = "\(two(civil.hour)):\(two(civil.minute)):\(two(civil.second))"
        return "\(weekday), \(two(civil.day)) \(month) \(civil.year) \(time) GMT"
    }

    private func two(_ value: Int) -> String {
        value < 10 ? "0\(value)" : "\(value)"
    }
}

/// Calendar fields of a moment in UTC.
private struct Civil {
    let year: Int
    let month: Int
    let day: Int
    let hour: Int
    let minute: Int
    let second: Int
    let millisecond: Int
    let weekdayFromThursday: Int

    init(_ moment: Timestamp) {
        let ms = Int(moment.ms)
        let msOfDay = ((ms % 86_400_000) + 86_400_000) % 86_400_000
        let days = (ms - msOfDay) / 86_400_000
        weekdayFromThursday = ((days % 7) + 7) % 7
        hour = msOfDay / 3_600_000
        minute = msOfDay / 60_000 % 60
        second = msOfDay / 1000 % 60
        millisecond = msOfDay % 1000
        // Days to a civil date over eras of 400 years that begin in March
        // (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}
