import Testing

@testable import Rotations

struct WindowTests {
    private func window(
        _ days: String, _ start: String, _ end: String, _ zone: String = "Europe/Berlin"
    ) throws -> Window {
        try Window(
            days: Weekday.days(days), start: LocalTime(parsing: start),
            end: LocalTime(parsing: end),
            zone: zone)
    }

    /// The opening in UTC, `begin/end`.
    private func opening(_ window: Window, _ instant: String) throws -> String {
        let zone = try systemZone(window.zone)
        guard let span = window.opening(atOrAfter: at(instant), in: zone) else { return "never" }
        return "\(span.lowerBound.rfc3339.prefix(16))/\(span.upperBound.rfc3339.prefix(16))"
    }

    // 2026-05-04 is a Monday; Berlin is two hours ahead.
    @Test(arguments: [
        ("Mon-Fri", "02:00", "05:00", "2026-05-04T00:00:00Z", "2026-05-04T00:00/2026-05-04T03:00"),
        ("Mon-Fri", "02:00", "05:00", "2026-05-04T02:59:59Z", "2026-05-04T00:00/2026-05-04T03:00"),
        ("Mon-Fri", "02:00", "05:00", "2026-05-04T03:00:00Z", "2026-05-05T00:00/2026-05-05T03:00"),
        ("Mon-Fri", "02:00", "05:00", "2026-05-02T12:00:00Z", "2026-05-04T00:00/2026-05-04T03:00"),
        // Over midnight: the window of Friday ends on Saturday.
        ("Fri", "22:00", "04:00", "2026-05-09T01:59:00Z", "2026-05-08T20:00/2026-05-09T02:00"),
        ("Fri", "22:00", "04:00", "2026-05-09T02:00:00Z", "2026-05-15T20:00/2026-05-16T02:00"),
        ("Sun", "22:00", "04:00", "2026-05-04T00:00:00Z", "2026-05-03T20:00/2026-05-04T02:00"),
        // Equal times make 24 hours, 24:00 ends the day.
        ("Sat", "06:00", "06:00", "2026-05-10T03:59:00Z", "2026-05-09T04:00/2026-05-10T04:00"),
        ("Sat", "00:00", "24:00", "2026-05-09T21:59:00Z", "2026-05-08T22:00/2026-05-09T22:00"),
        ("Sat", "00:00", "00:00", "2026-05-09T21:59:00Z", "2026-05-08T22:00/2026-05-09T22:00"),
        ("Sat", "22:00", "24:00", "2026-05-09T21:59:00Z", "2026-05-09T20:00/2026-05-09T22:00"),
        // Spring: 02:00 to 03:00 on the 29th of March does not exist.
        ("daily", "02:30", "05:00", "2026-03-29T00:00:00Z", "2026-03-29T01:00/2026-03-29T03:00"),
        ("daily", "01:00", "02:30", "2026-03-29T00:00:00Z", "2026-03-29T00:00/2026-03-29T01:00"),
        ("daily", "01:00", "05:00", "2026-03-29T00:00:00Z", "2026-03-29T00:00/2026-03-29T03:00"),
        ("daily", "02:00", "03:00", "2026-03-29T00:00:00Z", "2026-03-30T00:00/2026-03-30T01:00"),
        ("daily", "02:10", "02:50", "2026-03-29T00:00:00Z", "2026-03-30T00:10/2026-03-30T00:50"),
        ("Sun", "02:10", "02:50", "2026-03-29T00:00:00Z", "2026-04-05T00:10/2026-04-05T00:50"),
        // Autumn: 02:00 to 03:00 on the 25th of October comes twice.
        ("daily", "02:00", "03:00", "2026-10-25T00:00:00Z", "2026-10-25T00:00/2026-10-25T02:00"),
        ("daily", "02:15", "02:45", "2026-10-25T00:00:00Z", "2026-10-25T00:15/2026-10-25T01:45"),
        ("daily", "01:00", "02:30", "2026-10-25T00:00:00Z", "2026-10-24T23:00/2026-10-25T01:30"),
        // The 24-hour windows of two days overlap there, and the earlier is meant.
        ("daily", "02:30", "02:30", "2026-10-25T01:00:00Z", "2026-10-24T00:30/2026-10-25T01:30"),
        ("daily", "02:30", "02:30", "2026-10-25T01:30:00Z", "2026-10-25T00:30/2026-10-26T01:30"),
    ])
    func `a window contains the instant or comes next`(
        _ days: String, _ start: String, _ end: String, _ instant: String, _ expected: String
    ) throws {
        #expect(try opening(window(days, start, end), instant) == expected)
    }

    @Test func `a window on a day that a zone leaves out is skipped`() throws {
        // In Samoa the 30th of December 2011, a Friday, did not happen.
        let friday = try window("Fri", "02:00", "05:00", "Pacific/Apia")
        #expect(
            try opening(friday, "2011-12-29T12:00:00Z") == "2012-01-05T12:00/2012-01-05T15:00")
        let thursday = try window("Thu", "22:00", "02:00", "Pacific/Apia")
        #expect(
            try opening(thursday, "2011-12-30T09:00:00Z") == "2011-12-30T08:00/2011-12-30T10:00")
    }

    @Test func `none opens when time ends`() throws {
        let window = try window("daily", "02:00", "05:00", "UTC")
        #expect(window.opening(atOrAfter: .latest, in: .utc) == nil)
        #expect(window.opening(atOrAfter: .earliest, in: .utc) != nil)
    }

    @Test(arguments: zoneNames)
    func `openings follow one another and hold what they are asked for`(_ name: String) throws {
        let zone = try knownZone(name)
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<40 {
            let window = try Window.random(zone: name, using: &generator)
            var instant = Timestamp(
                milliseconds: .random(in: 0...4_000_000_000_000, using: &generator))
            for _ in 0..<20 {
                let span = try #require(window.opening(atOrAfter: instant, in: zone))
                #expect(!span.isEmpty)
                #expect(instant < span.upperBound)
                #expect(window.days.contains(zone.clock(at: span.lowerBound).date.weekday))
                // No clock is put back or forward by more than two hours in these years.
                let length = span.lowerBound.age(at: span.upperBound)
                #expect(length <= .hours(26))
                for probe in [
                    span.lowerBound, Timestamp(milliseconds: span.upperBound.milliseconds - 1),
                ]
                where instant <= probe {
                    let found = window.opening(atOrAfter: probe, in: zone)
                    #expect(found?.contains(probe) == true)
                }
                instant = span.upperBound
            }
        }
    }

    @Test func `what is no window is refused`() throws {
        let two = try LocalTime(parsing: "02:00")
        #expect(throws: WindowError.noDays) {
            try Window(days: [], start: two, end: two, zone: "UTC")
        }
        #expect(throws: WindowError.startsAtTheEndOfTheDay) {
            try Window(days: [.monday], start: .endOfDay, end: two, zone: "UTC")
        }
        #expect(throws: WindowError.notAZone("../x")) {
            try Window(days: [.monday], start: two, end: two, zone: "../x")
        }
    }

    @Test func `it is written as a policy writes it`() throws {
        let window = try window("Mon-Fri", "22:00", "24:00")
        let text = #"{"days":"Mon-Fri","from":"22:00","to":"24:00","zone":"Europe/Berlin"}"#
        #expect(try json(window) == text)
        #expect(try value(Window.self, json: text) == window)
        #expect(throws: WindowError.unknownDays("Mo")) {
            try value(
                Window.self, json: #"{"days":"Mo","from":"22:00","to":"24:00","zone":"UTC"}"#)
        }
    }
}

extension Window {
    /// Any window of a zone; half of them are short.
    static func random(zone: String, using generator: inout SeededGenerator) throws -> Window {
        let bits = Int.random(in: 1..<128, using: &generator)
        let start = Int.random(in: 0..<1440, using: &generator)
        let length = Int.random(
            in: 1...(Bool.random(using: &generator) ? 90 : 1440), using: &generator)
        return try Window(
            days: Set(Weekday.allCases.filter { bits >> ($0.rawValue - 1) & 1 == 1 }),
            start: .random(start), end: .random((start + length) % 1440), zone: zone)
    }
}

extension LocalTime {
    /// The time of this minute of the day.
    fileprivate static func random(_ minute: Int) throws -> LocalTime {
        let digits = { (number: Int) in (number < 10 ? "0" : "") + String(number) }
        return try LocalTime(parsing: "\(digits(minute / 60)):\(digits(minute % 60))")
    }
}
