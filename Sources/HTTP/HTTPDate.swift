/// Dates in headers: the one form that may be sent, `Sun, 06 Nov 1994 08:49:37 GMT`
/// (IMF-fixdate, RFC 9110, 5.6.7). The two obsolete forms are not read.
enum HTTPDate {
    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Milliseconds since 1970, or nil when the text is no such date. The name of the day must be
    /// one, and need not be the right one.
    static func milliseconds(_ text: String) -> Int64? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].hasSuffix(","), parts[5] == "GMT",
            days.contains(String(parts[0].dropLast())),
            let day = number(parts[1], digits: 2),
            let month = months.firstIndex(of: String(parts[2])).map({ Int64($0) + 1 }),
            let year = number(parts[3], digits: 4), year >= 1970,
            (1...length(ofMonth: month, in: year)).contains(day)
        else { return nil }
        let clock = parts[4].split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, let hour = number(clock[0], digits: 2), hour < 24,
            let minute = number(clock[1], digits: 2), minute < 60,
            let second = number(clock[2], digits: 2), second <= 60  // a leap second
        else { return nil }
        let seconds = hour * 3600 + minute * 60 + second
        return (daysSince1970(year, month, day) * 86_400 + seconds) * 1000
    }

    /// The seconds that a Retry-After asks for: a number, or a date less the answer's own date.
    static func secondsToWait(_ text: String, since date: Int64?) -> Int? {
        if (1...9).contains(text.utf8.count), text.utf8.allSatisfy(\.isDigit) {
            return Int(text)
        }
        guard let until = milliseconds(text), let date else { return nil }
        return Int(max(0, (until - date) / 1000))
    }

    private static func number(_ text: Substring, digits: Int) -> Int64? {
        guard text.utf8.count == digits, text.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int64(text)
    }

    private static func isLeap(_ year: Int64) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    private static func length(ofMonth month: Int64, in year: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Counted in years that begin in March, so that the leap day is the last of its year.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }
}
