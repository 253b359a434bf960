/// An instant, in milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Always within the years 0000 to 9999, so that RFC 3339 can write it: sums that would leave them
/// stop at their end.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let milliseconds: Int64

    /// 0000-01-01T00:00:00.000Z.
    package static let earliest = Timestamp(milliseconds: .min)
    /// 9999-12-31T23:59:59.999Z.
    package static let latest = Timestamp(milliseconds: .max)

    private static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// This many milliseconds after 1970 began in UTC, pinned to `earliest` and `latest`.
    package init(milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, Self.range.lowerBound), Self.range.upperBound)
    }

    /// This many seconds after 1970 began in UTC, pinned.
    init(seconds: Int64) {
        let (product, overflows) = seconds.multipliedReportingOverflow(by: 1000)
        self.init(milliseconds: overflows ? (seconds < 0 ? .min : .max) : product)
    }

    /// Seconds since 1970 began in UTC, rounded down.
    var seconds: Int64 { milliseconds.floorDivided(by: 1000).quotient }

    /// How long ago this was, in whole seconds rounded down; zero when it has yet to come.
    package func age(at now: Timestamp) -> Interval {
        Interval(seconds: (now.milliseconds - milliseconds) / 1000)
    }

    /// The instant an interval later, or `latest`.
    package static func + (instant: Timestamp, interval: Interval) -> Timestamp {
        Timestamp(milliseconds: instant.milliseconds + interval.seconds * 1000)
    }

    /// The instant an interval earlier, or `earliest`.
    package static func - (instant: Timestamp, interval: Interval) -> Timestamp {
        Timestamp(milliseconds: instant.milliseconds - interval.seconds * 1000)
    }

    /// Earlier.
    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }
}

extension Timestamp: Codable {
    /// Decodes the milliseconds; refuses those outside the years 0000 to 9999.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let milliseconds = try container.decode(Int64.self)
        guard Self.range.contains(milliseconds) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "outside the years 0000 to 9999")
        }
        self.init(milliseconds: milliseconds)
    }

    /// Encodes the milliseconds as one integer.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}
