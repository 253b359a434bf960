import Testing

@testable import Rotations

struct ZoneResolveTests {
    private func resolve(_ zone: String, _ day: String, _ time: String) throws -> LocalResolution {
        let second = try LocalTime(parsing: time).secondOfDay
        return try systemZone(zone).resolve(date: date(day), secondOfDay: second)
    }

    @Test func `most times come once`() throws {
        let found = try resolve("Europe/Berlin", "2026-05-04", "09:30")
        #expect(found == .once(at("2026-05-04T07:30:00Z")))
        #expect(
            try resolve("Europe/Berlin", "2026-05-04", "24:00") == .once(at("2026-05-04T22:00:00Z"))
        )
    }

    @Test func `the clock jumps over an hour in spring`() throws {
        let jump = LocalResolution.gap(before: 3600, after: 7200, at: at("2026-03-29T01:00:00Z"))
        #expect(
            try resolve("Europe/Berlin", "2026-03-29", "01:59") == .once(at("2026-03-29T00:59:00Z"))
        )
        #expect(try resolve("Europe/Berlin", "2026-03-29", "02:00") == jump)
        #expect(try resolve("Europe/Berlin", "2026-03-29", "02:59") == jump)
        #expect(
            try resolve("Europe/Berlin", "2026-03-29", "03:00") == .once(at("2026-03-29T01:00:00Z"))
        )
    }

    @Test func `the clock shows an hour twice in autumn`() throws {
        let (first, second) = (at("2026-10-25T00:00:00Z"), at("2026-10-25T01:00:00Z"))
        let found = try resolve("Europe/Berlin", "2026-10-25", "02:00")
        #expect(found == .twice(first: first, second: second))
        #expect(found.earliest == first)
        #expect(found.latest == second)
        #expect(
            try resolve("Europe/Berlin", "2026-10-25", "03:00") == .once(at("2026-10-25T02:00:00Z"))
        )
    }

    @Test func `half an hour is enough on Lord Howe Island`() throws {
        let gap = LocalResolution.gap(before: 37_800, after: 39_600, at: at("2026-10-03T15:30:00Z"))
        #expect(try resolve("Australia/Lord_Howe", "2026-10-04", "02:15") == gap)
        let found = try resolve("Australia/Lord_Howe", "2026-04-05", "01:45")
        #expect(found.latest == found.earliest + .minutes(30))
    }

    @Test func `midnight itself may be jumped over`() throws {
        let gap = LocalResolution.gap(before: -10_800, after: -7200, at: at("2018-11-04T03:00:00Z"))
        #expect(try resolve("America/Sao_Paulo", "2018-11-04", "00:00") == gap)
        #expect(try resolve("America/Sao_Paulo", "2018-11-03", "24:00") == gap)
    }

    @Test func `a whole day may be jumped over`() throws {
        // Samoa went from the 29th to the 31st of December 2011.
        let gap = LocalResolution.gap(
            before: -36_000, after: 50_400, at: at("2011-12-30T10:00:00Z"))
        for time in ["00:00", "12:00", "23:59"] {
            #expect(try resolve("Pacific/Apia", "2011-12-30", time) == gap)
        }
        #expect(
            try resolve("Pacific/Apia", "2011-12-31", "00:00") == .once(at("2011-12-30T10:00:00Z")))
    }

    @Test(arguments: zoneNames)
    func `what the clock shows leads back to the instant`(_ name: String) throws {
        let zone = try knownZone(name)
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<3000 {
            let second = Int64.random(in: -4_000_000_000...9_000_000_000, using: &generator)
            let instant = Timestamp(seconds: second)
            let clock = zone.clock(at: instant)
            switch zone.resolve(date: clock.date, secondOfDay: clock.secondOfDay) {
            case .once(let only): #expect(only == instant)
            case .twice(let first, let last):
                #expect(first < last)
                #expect(first == instant || last == instant)
            case .gap: Issue.record("\(instant.rfc3339) is shown")
            }
        }
    }

    @Test func `later times come later`() throws {
        for name in zoneNames {
            let zone = try knownZone(name)
            for day in 0..<800 {
                let local = LocalDay(date("2025-01-01").advanced(by: day), in: zone)
                var last = Timestamp.earliest
                for second in stride(from: 0, through: 86_400, by: 900) {
                    let instant = local.resolve(secondOfDay: second).earliest
                    #expect(last <= instant)
                    last = instant
                }
            }
        }
    }
}
