import Testing

@testable import Rotations

struct CronFieldTests {
    private func values(_ field: CronField, _ text: String) throws -> [Int] {
        let set = try field.parse(text)
        return (0...63).filter { set >> UInt64($0) & 1 == 1 }
    }

    @Test(arguments: [
        (CronField.minute, "0", [0]), (.minute, "59", [59]), (.minute, "*/20", [0, 20, 40]),
        (.minute, "5-9/2", [5, 7, 9]), (.minute, "1,3-4,50-59/9", [1, 3, 4, 50, 59]),
        (.minute, "*/99", [0]), (.minute, "07", [7]), (.hour, "*/6", [0, 6, 12, 18]),
        (.dayOfMonth, "*/10", [1, 11, 21, 31]), (.month, "jan,DEC", [1, 12]),
        (.month, "Mar-may", [3, 4, 5]), (.month, "feb-11/3", [2, 5, 8, 11]),
        (.dayOfWeek, "0", [0]), (.dayOfWeek, "7", [0]), (.dayOfWeek, "sun", [0]),
        (.dayOfWeek, "5-7", [0, 5, 6]), (.dayOfWeek, "fri-sun", [0, 5, 6]),
        (.dayOfWeek, "mon-FRI", [1, 2, 3, 4, 5]), (.dayOfWeek, "sun-tue", [0, 1, 2]),
        (.dayOfWeek, "*", [0, 1, 2, 3, 4, 5, 6]), (.dayOfWeek, "*/2", [0, 2, 4, 6]),
        (.dayOfWeek, "0-7", [0, 1, 2, 3, 4, 5, 6]), (.dayOfWeek, "0-0", [0]),
    ])
    func `a field names its values`(_ field: CronField, _ text: String, _ expected: [Int]) throws {
        #expect(try values(field, text) == expected)
    }

    @Test(arguments: [
        (CronField.minute, "60", "0 to 59"), (.minute, "-1", "0 to 59"), (.minute, "", "0 to 59"),
        (.minute, "1,", "0 to 59"), (.minute, "a", "0 to 59"), (.minute, "1-", "0 to 59"),
        (.minute, "1-2-3", "0 to 59"), (.minute, "?", "0 to 59"), (.minute, "٣", "0 to 59"),
        (.minute, "99999999999999999999", "0 to 59"), (.hour, "24", "0 to 23"),
        (.dayOfMonth, "0", "1 to 31"), (.dayOfMonth, "L", "1 to 31"),
        (.dayOfMonth, "15W", "1 to 31"),
        (.month, "13", "1 to 12, or jan to dec"), (.month, "mon", "1 to 12, or jan to dec"),
        (.month, "january", "1 to 12, or jan to dec"),
        (.dayOfWeek, "8", "0 to 7 (0 and 7 are Sunday), or sun to sat"),
        (.dayOfWeek, "5#2", "0 to 7 (0 and 7 are Sunday), or sun to sat"),
        (.minute, "5-1", "a range from low to high"),
        (.dayOfWeek, "fri-mon", "a range from low to high"),
        (.minute, "5/10", "* or a range such as 1-5 before /"),
        (.minute, "*/0", "a step of 1 or more after /"),
        (.minute, "*/", "a step of 1 or more after /"),
        (.minute, "*/2/3", "a step of 1 or more after /"),
        (.minute, "*/-2", "a step of 1 or more after /"),
    ])
    func `what is refused names the field, its text and what was expected`(
        _ field: CronField, _ text: String, _ expected: String
    ) {
        #expect(throws: CronError.field(field, found: text, expected: expected)) {
            try field.parse(text)
        }
    }

    @Test func `errors read as sentences`() {
        let error = CronError.field(.dayOfWeek, found: "8", expected: "0 to 7")
        #expect("\(error)" == "day of week: expected 0 to 7, found 8")
        #expect("\(CronError.fieldCount(4))".hasSuffix("found 4"))
        #expect("\(CronError.unknownName("@reboot"))".hasSuffix("found @reboot"))
        #expect("\(CronError.never(daysOfMonth: "31", months: "feb"))".contains("day 31"))
    }
}
