import Testing

@testable import Rotations

struct WeekdayTests {
    @Test(arguments: [
        ("daily", "daily"), ("Mon-Sun", "daily"), ("Mon-Fri", "Mon-Fri"), ("mon,WED", "Mon,Wed"),
        ("Sat-Sun", "Sat,Sun"), ("Sat-Mon", "Mon,Sat,Sun"), ("Fri", "Fri"), ("Tue-Tue", "Tue"),
        ("Sun,Mon-Wed", "Mon-Wed,Sun"),
    ])
    func `days are read and written in their shortest form`(_ text: String, _ shortest: String)
        throws
    {
        let days = try Weekday.days(text)
        #expect(Weekday.text(days) == shortest)
        #expect(try Weekday.days(shortest) == days)
    }

    @Test(arguments: [
        "", "Mon-", "-Fri", "Monday", "Mon,,Tue", "Mon Tue", "1-5", "Mon-Wed-Fri", ",",
    ])
    func `what names no days is refused with its text`(_ text: String) {
        #expect(throws: WindowError.unknownDays(text)) { try Weekday.days(text) }
    }

    @Test func `every set of days survives being written`() throws {
        for bits in 1..<128 {
            let days = Set(Weekday.allCases.filter { bits >> ($0.rawValue - 1) & 1 == 1 })
            #expect(try Weekday.days(Weekday.text(days)) == days)
        }
    }

    @Test func `monday follows sunday`() {
        #expect(Weekday.sunday.next == .monday)
        #expect(Weekday.monday < .sunday)
    }
}
