import Testing

@testable import Rotations

struct ZoneTests {
    @Test(arguments: [
        ("Europe/Berlin", "2026-01-15T00:00:00Z", 3600, "CET"),
        ("Europe/Berlin", "2026-07-15T00:00:00Z", 7200, "CEST"),
        ("Europe/Berlin", "1945-06-01T00:00:00Z", 10_800, "CEMT"),
        ("Europe/Berlin", "1880-01-01T00:00:00Z", 3208, "LMT"),
        ("Europe/Berlin", "2500-07-15T00:00:00Z", 7200, "CEST"),
        ("America/New_York", "2026-03-08T06:59:59.999Z", -18_000, "EST"),
        ("America/New_York", "2026-03-08T07:00:00Z", -14_400, "EDT"),
        ("Australia/Lord_Howe", "2026-01-15T00:00:00Z", 39_600, "+11"),
        ("Australia/Lord_Howe", "2026-07-15T00:00:00Z", 37_800, "+1030"),
        ("Asia/Kathmandu", "2026-01-15T00:00:00Z", 20_700, "+0545"),
        ("Africa/Casablanca", "2026-02-20T00:00:00Z", 0, "+00"),
        ("America/Sao_Paulo", "2018-01-15T00:00:00Z", -7200, "-02"),
        ("America/Sao_Paulo", "2026-01-15T00:00:00Z", -10_800, "-03"),
    ])
    func `offsets and names are those of tzdata`(
        _ name: String, _ instant: String, _ offset: Int, _ abbreviation: String
    ) throws {
        let zone = try knownZone(name)
        #expect(zone.name == name)
        #expect(zone.offset(at: at(instant)) == offset)
        // tzdata has had +00 and WET, -02 and BRST for these.
        #expect(zone.abbreviation(at: at(instant)) == abbreviation)
    }

    @Test func `UTC is at zero and shows what it is asked`() {
        let clock = Zone.utc.clock(at: at("2026-05-04T09:30:01.999Z"))
        #expect(Zone.utc.offset(at: .latest) == 0)
        #expect(Zone.utc.abbreviation(at: .earliest) == "UTC")
        #expect(clock.date == date("2026-05-04"))
        #expect(clock.secondOfDay == 34_201)
    }

    @Test func `the clock shows the date of the zone`() throws {
        let clock = try knownZone("America/New_York").clock(at: at("2026-01-01T03:00:00Z"))
        #expect(clock.date == date("2025-12-31"))
        #expect(clock.secondOfDay == 22 * 3600)
    }

    @Test(arguments: [
        "UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "EST5EDT", "GB-Eire",
        "America/Port-au-Prince",
    ])
    func `names of zones are known by their form`(_ name: String) {
        #expect(Zone.isName(name))
    }

    @Test(arguments: [
        "", "/etc/passwd", "../passwd", "Europe/../../x", "Europe/", "Europe//Berlin", ".", "a b",
        "Zür",
        "-x", "x\0y", String(repeating: "a", count: 65),
    ])
    func `what could lead elsewhere is no name`(_ name: String) {
        #expect(!Zone.isName(name))
    }

    @Test(arguments: zoneNames)
    func `stretches join without a hole and each has another offset`(_ name: String) throws {
        let zone = try knownZone(name)
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<300 {
            let first = Int64.random(in: -4_000_000_000...9_000_000_000, using: &generator)
            let last = first + 400 * 86_400
            let stretches = zone.stretches(from: first, through: last)
            #expect(stretches.first?.begin == first)
            for (left, right) in zip(stretches, stretches.dropFirst()) {
                #expect(left.begin < right.begin)
                #expect(left.offset != right.offset)
                #expect(zone.offset(at: Timestamp(seconds: right.begin - 1)) == left.offset)
                #expect(zone.offset(at: Timestamp(seconds: right.begin)) == right.offset)
            }
            for _ in 0..<20 {
                let second = Int64.random(in: first...last, using: &generator)
                let stretch = stretches.last { $0.begin <= second }
                #expect(stretch?.offset == zone.offset(at: Timestamp(seconds: second)))
            }
        }
    }
}
