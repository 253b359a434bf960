import Testing

@testable import Rotations

struct ScheduleNextTests {
    private let registered = at("2026-01-01T10:00:00Z")
    private let rotated = at("2026-05-04T10:00:00Z")  // a Monday

    private func window(_ start: String, _ end: String, _ days: String = "daily") throws -> Window {
        try Window(
            days: Weekday.days(days), start: LocalTime(parsing: start),
            end: LocalTime(parsing: end),
            zone: "UTC")
    }

    private func freeze(_ from: String, _ until: String) throws -> Freeze {
        try Freeze(from: at(from), until: at(until), owner: "ops", reason: "test", names: .all)
    }

    /// What `next` says, as `instant reason`, to the second.
    private func next(
        _ schedule: Schedule, last: Timestamp?, now: String, phase: UInt64 = 0,
        freezes: [Freeze] = []
    ) throws -> String {
        let due = try schedule.next(
            lastRotated: last, registered: registered, now: at(now), phase: phase,
            freezes: freezes, zones: systemZone)
        return due.map { "\($0.at.rfc3339.prefix(19)) \($0.why.rawValue)" } ?? "never"
    }

    @Test func `an interval counts from the last rotation`() throws {
        let schedule = try Schedule(cadence: .every(.days(30), from: nil))
        let expected = "2026-06-03T10:00:00 interval"
        #expect(try next(schedule, last: rotated, now: "2026-05-05") == expected)
        #expect(try next(schedule, last: rotated, now: "2027-05-05") == expected)
    }

    @Test func `missed times make one rotation, for the latest`() throws {
        let anchor = at("2026-05-01T03:00:00Z")
        let anchored = try Schedule(cadence: .every(.days(1), from: anchor))
        let cron = try Schedule(cadence: .cron(Cron("0 3 * * *"), zone: "Europe/Berlin"))
        #expect(
            try next(anchored, last: rotated, now: "2026-05-04T12:00:00Z")
                == "2026-05-05T03:00:00 anchored")
        #expect(
            try next(anchored, last: rotated, now: "2026-05-09T12:00:00Z")
                == "2026-05-09T03:00:00 anchored")
        #expect(
            try next(cron, last: rotated, now: "2026-05-09T12:00:00Z") == "2026-05-09T01:00:00 cron"
        )
        #expect(
            try next(cron, last: at("2026-05-09T12:00:00Z"), now: "2026-05-09T12:00:00Z")
                == "2026-05-10T01:00:00 cron")
    }

    @Test func `an instant is once`() throws {
        let schedule = try Schedule(cadence: .at(at("2026-06-01")))
        let expected = "2026-06-01T00:00:00 once"
        #expect(try next(schedule, last: rotated, now: "2026-05-05") == expected)
        #expect(try next(schedule, last: nil, now: "2026-05-05") == expected)
        #expect(try next(schedule, last: rotated, now: "2026-07-05") == expected)
        #expect(try next(schedule, last: at("2026-06-01"), now: "2026-07-05") == "never")
    }

    @Test func `a secret that was never rotated is due at once, or its age starts now`() throws {
        let cadence = Cadence.every(.days(30), from: nil)
        let due = try Schedule(cadence: cadence, spread: .hours(6))
        #expect(
            try next(due, last: nil, now: "2026-01-02", phase: 99)
                == "2026-01-01T10:00:00 never-rotated")
        let windowed = try Schedule(cadence: cadence, window: window("02:00", "05:00"))
        #expect(
            try next(windowed, last: nil, now: "2026-01-01T10:00:00Z")
                == "2026-01-02T02:00:00 window")
        let later = try Schedule(cadence: cadence, first: .afterInterval)
        #expect(try next(later, last: nil, now: "2026-01-02") == "2026-01-31T10:00:00 interval")
        let cron = try Schedule(
            cadence: .cron(Cron("@monthly"), zone: "UTC"), first: .afterInterval)
        #expect(try next(cron, last: nil, now: "2026-01-02") == "2026-02-01T00:00:00 cron")
    }

    @Test func `outside its window it waits, and a missed window is not made up for outside`()
        throws
    {
        let schedule = try Schedule(
            cadence: .every(.days(30), from: nil), window: window("02:00", "05:00"))
        let first = "2026-06-04T02:00:00 window"
        #expect(try next(schedule, last: rotated, now: "2026-05-05") == first)
        #expect(try next(schedule, last: rotated, now: "2026-06-04T04:59:59Z") == first)
        #expect(
            try next(schedule, last: rotated, now: "2026-06-04T05:00:00Z")
                == "2026-06-05T02:00:00 window")
        let inside = try Schedule(
            cadence: .every(.days(30), from: nil), window: window("09:00", "11:00"))
        #expect(
            try next(inside, last: rotated, now: "2026-05-05") == "2026-06-03T10:00:00 interval")
    }

    @Test func `a regular time in the window stands for the missed one that waits for it`() throws {
        let schedule = try Schedule(
            cadence: .cron(Cron("0 1,3 * * *"), zone: "UTC"), window: window("02:00", "05:00"))
        #expect(
            try next(schedule, last: rotated, now: "2026-05-04T12:00:00Z")
                == "2026-05-05T03:00:00 cron")
        #expect(
            try next(schedule, last: rotated, now: "2026-05-09T12:00:00Z")
                == "2026-05-10T03:00:00 cron")
    }

    @Test func `the spread stays short of the next time, the window's end and the max-age`() throws
    {
        func at(_ schedule: Schedule, _ phase: UInt64) throws -> String {
            try next(schedule, last: rotated, now: "2026-05-05", phase: phase)
        }
        let wide = try Schedule(cadence: .every(.days(30), from: nil), spread: .hours(6))
        #expect(try at(wide, 21_599) == "2026-06-03T15:59:59 interval")
        #expect(try at(wide, 21_600) == "2026-06-03T10:00:00 interval")
        // 2^64 - 1 is 3,615 modulo six hours.
        #expect(try at(wide, .max) == "2026-06-03T11:00:15 interval")

        let short = try Schedule(cadence: .every(.hours(1), from: nil), spread: .hours(6))
        #expect(try at(short, 3599) == "2026-05-04T11:59:59 interval")
        #expect(try at(short, 3600) == "2026-05-04T11:00:00 interval")

        let window = try window("09:00", "11:00")
        let inside = try Schedule(
            cadence: .every(.days(30), from: nil), window: window, spread: .hours(6))
        #expect(try at(inside, 3599) == "2026-06-03T10:59:59 interval")
        #expect(try at(inside, 3600) == "2026-06-03T10:00:00 interval")

        let aged = try Schedule(
            cadence: .every(.days(30), from: nil), spread: .hours(6), maxAge: .days(30))
        #expect(try at(aged, 5000) == "2026-06-03T10:00:00 interval")
    }

    @Test func `in a freeze it waits for the end`() throws {
        let schedule = try Schedule(cadence: .every(.days(30), from: nil), spread: .hours(1))
        let freezes = [
            try freeze("2026-06-01", "2026-06-10"), try freeze("2026-06-09", "2026-06-15"),
        ]
        #expect(
            try next(schedule, last: rotated, now: "2026-05-05", phase: 60, freezes: freezes)
                == "2026-06-15T00:01:00 freeze")
        // Due before the freeze and overtaken by it: at once when it ends.
        #expect(
            try next(
                schedule, last: at("2026-04-20"), now: "2026-06-05", phase: 60, freezes: freezes)
                == "2026-06-15T00:00:00 freeze")
        let windowed = try Schedule(
            cadence: .every(.days(30), from: nil), window: window("02:00", "05:00", "Mon"))
        #expect(
            try next(windowed, last: rotated, now: "2026-05-05", freezes: freezes)
                == "2026-06-15T02:00:00 window")
    }

    @Test func `max-age beats windows and freezes`() throws {
        let freezes = [try freeze("2026-06-01", "2026-12-01")]
        let schedule = try Schedule(
            cadence: .every(.days(30), from: nil), window: window("02:00", "05:00", "Sun"),
            maxAge: .days(31))
        #expect(
            try next(schedule, last: rotated, now: "2026-05-05") == "2026-06-04T10:00:00 max-age")
        #expect(
            try next(schedule, last: rotated, now: "2026-08-05", freezes: freezes)
                == "2026-06-04T10:00:00 max-age")
        // A secret of unknown age is at least as old as its policy.
        #expect(
            try next(
                schedule, last: nil, now: "2026-01-01T12:00:00Z",
                freezes: [
                    freeze("2026-01-01", "2026-12-01")
                ]) == "2026-02-01T10:00:00 max-age")
        let once = try Schedule(cadence: .at(at("2026-01-02")), maxAge: .days(90))
        #expect(try next(once, last: rotated, now: "2026-05-05") == "2026-08-02T10:00:00 max-age")
        let due = try once.next(
            lastRotated: rotated, registered: registered, now: rotated, phase: 0, freezes: [],
            zones: systemZone)
        #expect(due?.mustBeBefore == at("2026-08-02T10:00:00Z"))
    }

    @Test func `a zone that is missing is the caller's error`() throws {
        let schedule = try Schedule(cadence: .cron(Cron("@daily"), zone: "Mars/Olympus"))
        #expect(throws: SystemZoneError.self) { try next(schedule, last: nil, now: "2026-01-01") }
    }

    @Test func `the end of time is no rotation`() throws {
        let schedule = try Schedule(
            cadence: .every(.longest, from: nil), window: window("02:00", "05:00"))
        #expect(try next(schedule, last: rotated, now: "2026-05-05") == "never")
    }
}
