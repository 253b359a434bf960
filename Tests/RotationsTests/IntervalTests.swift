import Testing

@testable import Rotations

struct IntervalTests {
    @Test(arguments: [
        ("30d", 2_592_000), ("24h", 86_400), ("15m", 900), ("90s", 90), ("2w", 1_209_600),
        ("0s", 0),
        ("007d", 604_800), ("315569520000s", 315_569_520_000),
    ])
    func `an integer and one unit is so many seconds`(_ text: String, _ seconds: Int64) throws {
        #expect(try Interval(parsing: text).seconds == seconds)
    }

    @Test(arguments: [
        ("", IntervalError.empty), ("d", .noNumber("d")), ("-5m", .noNumber("-5m")),
        ("+5m", .noNumber("+5m")), (" 5m", .noNumber(" 5m")), ("30", .noUnit("30")),
        ("30D", .unknownUnit("30D")), ("30 d", .unknownUnit("30 d")),
        ("1d12h", .unknownUnit("1d12h")),
        ("5ms", .unknownUnit("5ms")), ("1.5h", .unknownUnit("1.5h")), ("5y", .unknownUnit("5y")),
        ("٣d", .noNumber("٣d")), ("99999999999999999999s", .tooLong("99999999999999999999s")),
        ("9223372036854775807w", .tooLong("9223372036854775807w")),
        ("315569520001s", .tooLong("315569520001s")),
    ])
    func `anything else is refused with its cause`(_ text: String, _ error: IntervalError) {
        #expect(throws: error) { try Interval(parsing: text) }
    }

    @Test(arguments: [
        (0, "0s"), (59, "59s"), (60, "1m"), (5400, "90m"), (86_400, "1d"), (2_592_000, "30d"),
        (604_800, "1w"), (90_000, "25h"),
    ])
    func `the text is the shortest`(_ seconds: Int64, _ text: String) {
        #expect(Interval(seconds: seconds).description == text)
    }

    @Test func `every interval survives being written`() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<2000 {
            let limit = Int64(1) << Int64.random(in: 1...38, using: &generator)
            let interval = Interval(seconds: .random(in: 0..<limit, using: &generator))
            #expect(try Interval(parsing: interval.description) == interval)
            #expect(try value([Interval].self, json: json([interval])) == [interval])
        }
    }

    @Test func `it is JSON text`() throws {
        #expect(try json([Interval.days(45)]) == #"["45d"]"#)
        #expect(throws: IntervalError.noUnit("45")) {
            try value([Interval].self, json: #"["45"]"#)
        }
    }

    @Test func `what is out of reach is pinned`() {
        #expect(Interval(seconds: -1) == .zero)
        #expect(Interval(seconds: .max) == .longest)
        #expect(Interval.days(.max) == .longest)
        #expect(Interval.days(.min) == .zero)
        #expect(Interval.minutes(2) < .hours(1))
    }
}
