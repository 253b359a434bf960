extension DaylightRule {
    /// Reads `std offset [dst [offset] , start [/time] , end [/time]]`; nil when it is anything else.
    ///
    /// Names are three letters or more, or letters, digits and signs in angle brackets. Offsets count
    /// west of UTC, up to 24 hours; times of changes run from -167 to 167 hours (RFC 9636, 3.3.1).
    init?(posix text: ArraySlice<UInt8>) {
        var reader = Reader(rest: text)
        guard let name = reader.name(), let west = reader.time(hours: 24) else { return nil }
        standard = TimeZoneFile.LocalType(offset: -west, abbreviation: name)
        if reader.rest.isEmpty {
            daylight = nil
            return
        }
        guard let name = reader.name() else { return nil }
        var offset = standard.offset + 3600
        if reader.rest.first != UInt8(ascii: ",") {
            guard let west = reader.time(hours: 24) else { return nil }
            offset = -west
        }
        guard let begins = reader.change(), let ends = reader.change(), reader.rest.isEmpty
        else { return nil }
        let local = TimeZoneFile.LocalType(offset: offset, abbreviation: name)
        daylight = Daylight(local: local, begins: begins, ends: ends)
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: character) else { return false }
            rest.removeFirst()
            return true
        }

        /// Takes bytes while they are of this kind.
        private mutating func take(while matches: (UInt8) -> Bool) -> ArraySlice<UInt8> {
            let taken = rest.prefix(while: matches)
            rest = rest.dropFirst(taken.count)
            return taken
        }

        mutating func name() -> String? {
            let quoted = take("<")
            let name = take {
                $0.isLetter || quoted && ($0.isDigit || "+-".utf8.contains($0))
            }
            guard name.count >= 3, !quoted || take(">") else { return nil }
            return String(decoding: name, as: UTF8.self)
        }

        /// One to three digits with a value in the range.
        mutating func number(_ range: ClosedRange<Int>) -> Int? {
            let digits = take(while: \.isDigit)
            guard (1...3).contains(digits.count) else { return nil }
            let value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
            return range.contains(value) ? value : nil
        }

        /// `[+-]hh[:mm[:ss]]` in seconds.
        mutating func time(hours limit: Int) -> Int? {
            let sign = take("-") ? -1 : 1
            if sign > 0 { _ = take("+") }
            guard let hours = number(0...limit) else { return nil }
            var seconds = hours * 3600
            if take(":") {
                guard let minutes = number(0...59) else { return nil }
                seconds += minutes * 60
                if take(":") {
                    guard let rest = number(0...59) else { return nil }
                    seconds += rest
                }
            }
            return sign * seconds
        }

        /// `,day[/time]`, at 02:00 when no time is given.
        mutating func change() -> Change? {
            guard take(","), let day = day() else { return nil }
            guard take("/") else { return Change(day: day, second: 7200) }
            guard let second = time(hours: 167) else { return nil }
            return Change(day: day, second: second)
        }

        private mutating func day() -> Change.Day? {
            if take("J") { return number(1...365).map(Change.Day.ordinal) }
            guard take("M") else { return number(0...365).map(Change.Day.zeroBased) }
            guard let month = number(1...12), take("."), let week = number(1...5), take("."),
                let day = number(0...6)
            else { return nil }
            return .weekday(month: month, week: week, day: day)
        }
    }
}
