import Testing

@testable import Rotations

struct ScheduleTests {
    @Test func `what makes no schedule is refused`() throws {
        #expect(throws: ScheduleError.noInterval) {
            try Schedule(cadence: .every(.zero, from: nil))
        }
        #expect(throws: ScheduleError.noMaxAge) {
            try Schedule(cadence: .every(.days(1), from: nil), maxAge: .zero)
        }
        let cron = try Cron("@daily")
        #expect(throws: ScheduleError.notAZone("..")) {
            try Schedule(cadence: .cron(cron, zone: ".."))
        }
    }

    @Test func `it survives being written`() throws {
        let window = try Window(
            days: [.monday], start: LocalTime(parsing: "02:00"), end: LocalTime(parsing: "05:00"),
            zone: "Europe/Berlin")
        let schedule = try Schedule(
            cadence: .every(.days(30), from: nil), window: window, spread: .hours(6),
            maxAge: .days(45), first: .afterInterval)
        let text = """
            {"cadence":{"every":"30d"},"first":"after-interval","max-age":"45d","spread":"6h",\
            "window":{"days":"Mon","from":"02:00","to":"05:00","zone":"Europe/Berlin"}}
            """
        #expect(try json(schedule) == text)
        #expect(try value(Schedule.self, json: text) == schedule)
        let plain = try Schedule(cadence: .at(at("2026-05-04")))
        #expect(
            try json(plain) == #"{"cadence":{"at":1777852800000},"first":"due","spread":"0s"}"#)
        #expect(try value(Schedule.self, json: json(plain)) == plain)
    }

    @Test func `JSON is checked as well`() {
        let text = #"{"cadence":{"every":"0s"},"first":"due","spread":"0s"}"#
        #expect(throws: ScheduleError.noInterval) { try value(Schedule.self, json: text) }
    }
}
