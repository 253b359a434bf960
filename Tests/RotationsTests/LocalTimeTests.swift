import Testing

@testable import Rotations

struct LocalTimeTests {
    @Test func `every minute of the day survives being written`() throws {
        for minute in 0...1440 {
            let hour = minute / 60
            let text = "\(hour < 10 ? "0" : "")\(hour):\(minute % 60 < 10 ? "0" : "")\(minute % 60)"
            let time = try LocalTime(parsing: text)
            #expect(time.minuteOfDay == minute)
            #expect(time.secondOfDay == minute * 60)
            #expect(time.description == text)
        }
    }

    @Test(arguments: [
        "", "2:00", "02:0", "0200", "02:60", "24:01", "25:00", "-1:00", "+2:00", "02:00:00",
        "02.00",
        "٠٢:٠٠", " 02:00", "99:99",
    ])
    func `anything else is refused with its text`(_ text: String) {
        #expect(throws: WindowError.notATime(text)) { try LocalTime(parsing: text) }
    }

    @Test func `it is JSON text`() throws {
        let time = try LocalTime(parsing: "24:00")
        #expect(try json([time]) == #"["24:00"]"#)
        #expect(try value([LocalTime].self, json: #"["24:00"]"#) == [.endOfDay])
        #expect(throws: WindowError.notATime("9:00")) {
            try value([LocalTime].self, json: #"["9:00"]"#)
        }
    }
}
