import Testing

@testable import Rotations

struct CivilDateTests {
    @Test func `every day of the calendar follows the one before it`() throws {
        var expected = (year: 1599, month: 12, day: 31)
        let first = try #require(CivilDate(year: 1599, month: 12, day: 31)).dayNumber
        // 801 years: two whole cycles of leap years.
        for number in first..<(first + 801 * 366) {
            let date = CivilDate(dayNumber: number)
            #expect((date.year, date.month, date.day) == expected)
            #expect(date.dayNumber == number)
            expected.day += 1
            if expected.day > CivilDate.lastDay(ofMonth: expected.month, year: expected.year) {
                expected = (expected.year, expected.month + 1, 1)
            }
            if expected.month > 12 { expected = (expected.year + 1, 1, 1) }
        }
    }

    @Test(arguments: [
        (1970, 1, 1, Weekday.thursday), (2000, 2, 29, .tuesday), (2026, 5, 4, .monday),
        (1600, 1, 1, .saturday), (9999, 12, 31, .friday), (0, 1, 1, .saturday),
    ])
    func `weekdays are those of the calendar`(_ year: Int, _ month: Int, _ day: Int, _ is: Weekday)
    {
        #expect(CivilDate(year: year, month: month, day: day)?.weekday == `is`)
    }

    @Test(arguments: [
        (2023, 2, 29), (2100, 2, 29), (2026, 4, 31), (2026, 13, 1), (2026, 0, 1), (2026, 1, 0),
        (2026, 1, -5), (10_001, 1, 1), (-2, 1, 1),
    ])
    func `a date that no calendar has is nil`(_ year: Int, _ month: Int, _ day: Int) {
        #expect(CivilDate(year: year, month: month, day: day) == nil)
    }

    @Test func `day numbers outside the years are pinned`() {
        #expect(CivilDate(dayNumber: .max) == CivilDate(year: 10_000, month: 12, day: 31))
        #expect(CivilDate(dayNumber: .min) == CivilDate(year: -1, month: 1, day: 1))
        #expect(CivilDate(dayNumber: 5).advanced(by: .max).year == 10_000)
        #expect(CivilDate(dayNumber: -5).advanced(by: .min).year == -1)
    }

    @Test func `dates compare by the calendar`() {
        #expect(date("2026-01-31") < date("2026-02-01"))
        #expect(date("2025-12-31") < date("2026-01-01"))
        #expect(date("2026-02-28").advanced(by: 1) == date("2026-03-01"))
    }
}
