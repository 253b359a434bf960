extension Timestamp: CustomStringConvertible {
    /// Reads an RFC 3339 date-time with `Z` or an offset, or a bare date as its midnight in UTC.
    ///
    /// Fractions may have any number of digits; what is finer than a millisecond is cut off. A leap
    /// second, which only the last minute of a month in UTC may have (RFC 3339, 5.7), is the instant
    /// after it. Anything else, a date that no calendar has included, is nil.
    package init?(rfc3339 text: String) {
        var reader = Reader(text)
        guard let year = reader.number(4), reader.take("-"),
            let month = reader.number(2), reader.take("-"),
            let day = reader.number(2),
            let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        let midnight = Int64(date.dayNumber) * 86_400
        if reader.isAtEnd {
            self.init(seconds: midnight)
            return
        }
        guard reader.take("T") || reader.take("t"),
            let hour = reader.number(2), hour < 24, reader.take(":"),
            let minute = reader.number(2), minute < 60, reader.take(":"),
            let second = reader.number(2), second <= 60,
            let fraction = reader.fraction(),
            let offset = reader.offset(), reader.isAtEnd
        else { return nil }
        let seconds = midnight + Int64(hour * 3600 + minute * 60 + second - offset)
        if second == 60 {
            let (number, rest) = seconds.floorDivided(by: 86_400)
            guard rest == 0, CivilDate(dayNumber: Int(number)).day == 1 else { return nil }
        }
        let milliseconds = seconds * 1000 + Int64(second == 60 ? 0 : fraction)
        self.init(milliseconds: milliseconds)
        guard self.milliseconds == milliseconds else { return nil }
    }

    /// The instant in UTC, always with milliseconds and `Z`: `2026-05-04T09:30:00.000Z`.
    package var rfc3339: String { text("0000-00-00T00:00:00.000Z") }

    /// To the second, in UTC, as a table shows it: `2026-05-04 09:30:00Z`.
    package var secondText: String { text("0000-00-00 00:00:00Z") }

    /// To the minute, in UTC, as a table shows it: `2026-05-04 09:30Z`.
    package var minuteText: String { text("0000-00-00 00:00Z") }

    /// The digits of the instant in the places of the pattern's zeros, which may end early.
    private func text(_ pattern: String) -> String {
        let (number, rest) = milliseconds.floorDivided(by: 86_400_000)
        let date = CivilDate(dayNumber: Int(number))
        let second = Int(rest / 1000)
        var bytes = Array(pattern.utf8)
        for (place, width, value) in [
            (0, 4, date.year), (5, 2, date.month), (8, 2, date.day), (11, 2, second / 3600),
            (14, 2, second / 60 % 60), (17, 2, second % 60), (20, 3, Int(rest % 1000)),
        ] where place + width <= bytes.count {
            var value = value
            for index in stride(from: place + width - 1, through: place, by: -1) {
                bytes[index] = UInt8(ascii: "0") + UInt8(value % 10)
                value /= 10
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The same as `rfc3339`.
    package var description: String { rfc3339 }
}

/// Reads the parts of a date-time from left to right.
private struct Reader {
    private var rest: ArraySlice<UInt8>

    init(_ text: String) { rest = Array(text.utf8)[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ expected: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: expected) else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func digit() -> Int? {
        guard let byte = rest.first, byte.isDigit else { return nil }
        rest.removeFirst()
        return Int(byte - UInt8(ascii: "0"))
    }

    /// Exactly this many digits.
    mutating func number(_ count: Int) -> Int? {
        var value = 0
        for _ in 0..<count {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// Milliseconds; zero when no fraction is there, nil for a point without digits.
    mutating func fraction() -> Int? {
        guard take(".") else { return 0 }
        guard let tenths = digit() else { return nil }
        var milliseconds = tenths * 100
        var scale = 10
        while let digit = digit() {
            milliseconds += digit * scale
            scale /= 10
        }
        return milliseconds
    }

    /// Seconds east of UTC.
    mutating func offset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let sign = take("-") ? -1 : 1
        guard sign < 0 || take("+"), let hours = number(2), hours < 24, take(":"),
            let minutes = number(2), minutes < 60
        else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
