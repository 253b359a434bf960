import Testing

@testable import Rotations

struct CronTests {
    /// The next times in UTC, to the minute.
    private func next(
        _ text: String, _ zone: String, _ instant: String, count: Int = 1
    ) throws -> [String] {
        let (cron, zone) = (try Cron(text), try systemZone(zone))
        var times: [String] = []
        var last = at(instant)
        while times.count < count, let time = cron.next(after: last, in: zone) {
            times.append(String(time.rfc3339.prefix(16)))
            last = time
        }
        return times
    }

    @Test(arguments: [
        ("0 3 * * *", "2026-05-04T03:00:00Z", "2026-05-05T03:00"),
        ("0 3 * * *", "2026-05-04T02:59:59.999Z", "2026-05-04T03:00"),
        ("*/15 8-18/2 * * mon-fri", "2026-05-04T08:45:00Z", "2026-05-04T10:00"),
        ("0 0 1 1 *", "2026-05-04T00:00:00Z", "2027-01-01T00:00"),
        ("0 0 31 * *", "2026-05-31T00:00:00Z", "2026-07-31T00:00"),
        ("0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00"),
        ("0 0 29 2 */7", "2072-03-01T00:00:00Z", "2088-02-29T00:00"),
        ("59 23 31 12 *", "2026-12-31T23:59:00Z", "2027-12-31T23:59"),
        ("@hourly", "2026-05-04T03:00:00Z", "2026-05-04T04:00"),
        ("@daily", "2026-05-04T03:00:00Z", "2026-05-05T00:00"),
        ("@weekly", "2026-05-04T03:00:00Z", "2026-05-10T00:00"),
        ("@monthly", "2026-05-04T03:00:00Z", "2026-06-01T00:00"),
        ("@YEARLY", "2026-05-04T03:00:00Z", "2027-01-01T00:00"),
        // Both day fields restricted: the 13th, or any Friday.
        ("0 0 13 * fri", "2026-05-04T00:00:00Z", "2026-05-08T00:00"),
        ("0 0 13 * fri", "2026-05-08T00:00:00Z", "2026-05-13T00:00"),
        // A star with a step leaves a field unrestricted: an odd day that is a Friday.
        ("0 0 */2 * fri", "2026-05-04T00:00:00Z", "2026-05-15T00:00"),
        ("0 0 13 * */5", "2026-05-04T00:00:00Z", "2026-09-13T00:00"),
        // The 31st of February never comes, Mondays in February do.
        ("0 0 31 2 mon", "2026-05-04T00:00:00Z", "2027-02-01T00:00"),
    ])
    func `the next time in UTC`(_ text: String, _ instant: String, _ expected: String) throws {
        #expect(try next(text, "UTC", instant) == [expected])
    }

    @Test func `a time that is jumped over runs at the first instant after the jump, once`() throws
    {
        let (zone, eve) = ("Europe/Berlin", "2026-03-28T12:00:00Z")
        #expect(
            try next("30 2 * * *", zone, eve, count: 2) == ["2026-03-29T01:00", "2026-03-30T00:30"])
        #expect(
            try next("*/20 2-3 * * *", zone, eve, count: 3)
                == ["2026-03-29T01:00", "2026-03-29T01:20", "2026-03-29T01:40"])
    }

    @Test func `a time that is shown twice runs once, the first time`() throws {
        let (zone, eve) = ("Europe/Berlin", "2026-10-24T23:00:00Z")
        #expect(
            try next("30 2 * * *", zone, eve, count: 2) == ["2026-10-25T00:30", "2026-10-26T01:30"])
        #expect(
            try next("@hourly", zone, eve, count: 3)
                == ["2026-10-25T00:00", "2026-10-25T02:00", "2026-10-25T03:00"])
        // Asked in the repeated hour, it does not run again.
        #expect(try next("30 2 * * *", zone, "2026-10-25T01:00:00Z") == ["2026-10-26T01:30"])
    }

    @Test func `a day that a zone leaves out runs when the next begins`() throws {
        #expect(
            try next("0 6 * * *", "Pacific/Apia", "2011-12-29T16:00:00Z", count: 2)
                == ["2011-12-30T10:00", "2011-12-30T16:00"])
    }

    @Test(arguments: [
        ("", CronError.fieldCount(0)), ("* * * *", .fieldCount(4)), ("0 0 * * * *", .fieldCount(6)),
        ("@reboot", .unknownName("@reboot")), ("@daily 5", .fieldCount(2)),
        ("0 24 * * *", .field(.hour, found: "24", expected: "0 to 23")),
        ("0 0 31 2 *", .never(daysOfMonth: "31", months: "2")),
        ("0 0 30-31 feb *", .never(daysOfMonth: "30-31", months: "feb")),
        ("0 0 31 apr,jun,9,11 *", .never(daysOfMonth: "31", months: "apr,jun,9,11")),
        ("0 0 31 2 */2", .never(daysOfMonth: "31", months: "2")),
    ])
    func `what cannot run is refused with its cause`(_ text: String, _ error: CronError) {
        #expect(throws: error) { try Cron(text) }
    }

    @Test func `time ends before some`() throws {
        let cron = try Cron("0 0 1 1 *")
        #expect(cron.next(after: at("9999-01-01T00:00:00Z"), in: .utc) == nil)
        #expect(cron.next(after: .latest, in: .utc) == nil)
        #expect(try Cron("0 0 2 1 *").latest(atOrBefore: .earliest, in: .utc) == nil)
    }

    @Test func `it is its text in JSON`() throws {
        let cron = try Cron("  0 3\t* *  mon-fri ")
        #expect(cron.text == "0 3 * * mon-fri")
        #expect(try json([cron]) == #"["0 3 * * mon-fri"]"#)
        #expect(try value([Cron].self, json: json([cron])) == [cron])
        #expect(throws: CronError.fieldCount(1)) { try value([Cron].self, json: #"["x"]"#) }
    }

    @Test(arguments: zoneNames)
    func `times ascend, nothing lies between them, and the latest is the one before`(
        _ name: String
    ) throws {
        let zone = try knownZone(name)
        var generator = SeededGenerator(seed: 9)
        let texts = ["*/10 * * * *", "30 2 * * *", "0 0-4 * * *", "15 1,2 */2 * *", "0 0 1 * sun"]
        for text in texts {
            let cron = try Cron(text)
            for _ in 0..<40 {
                let instant = Timestamp(
                    milliseconds: .random(in: 0...4_000_000_000_000, using: &generator))
                let first = try #require(cron.next(after: instant, in: zone))
                let second = try #require(cron.next(after: first, in: zone))
                #expect(instant < first)
                #expect(first < second)
                #expect(cron.latest(atOrBefore: first, in: zone) == first)
                let justBefore = Timestamp(milliseconds: second.milliseconds - 1)
                #expect(cron.latest(atOrBefore: justBefore, in: zone) == first)
                #expect(cron.next(after: justBefore, in: zone) == second)
            }
        }
    }
}
