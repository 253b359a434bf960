import Testing

@testable import Rotations

struct DaylightRuleTests {
    private func zone(_ rule: String) throws -> Zone { try Zone(name: "X", tzif: TZif.rule(rule)) }

    /// RFC 9636, 3.3.1 and section 4 have most of these.
    @Test(arguments: [
        // The last Sundays of March and October, at 01:00 UTC.
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2060-03-28T00:59:59Z", 3600, "CET"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2060-03-28T01:00:00Z", 7200, "CEST"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2060-10-31T00:59:59Z", 7200, "CEST"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2060-10-31T01:00:00Z", 3600, "CET"),
        // Negative daylight saving time: Irish winters.
        ("IST-1GMT0,M10.5.0,M3.5.0/1", "2060-01-15T00:00:00Z", 0, "GMT"),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", "2060-07-15T00:00:00Z", 3600, "IST"),
        ("<+03>-3", "2060-01-15T00:00:00Z", 10_800, "+03"),
        ("<+0545>-5:45", "2060-01-15T00:00:00Z", 20_700, "+0545"),
        ("<-00>0", "2060-01-15T00:00:00Z", 0, "-00"),
        ("XXX12:34:56", "2060-01-15T00:00:00Z", -45_296, "XXX"),
        // Times before the day and far after it: Greenland, and Godthab until 2023.
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2060-03-28T00:59:59Z", -7200, "-02"),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2060-03-28T01:00:00Z", -3600, "-01"),
        // Gaza: the Saturday before the last Sunday, as 50 hours after a Thursday.
        ("EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-27T23:59:59Z", 7200, "EET"),
        ("EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-28T00:00:00Z", 10_800, "EEST"),
        // Daylight saving time all year (RFC 9636, 3.3.1).
        ("XXX3EDT4,0/0,J365/23", "2060-01-01T02:59:59Z", -14_400, "EDT"),
        ("XXX3EDT4,0/0,J365/23", "2060-01-01T03:00:00Z", -14_400, "EDT"),
        ("XXX3EDT4,0/0,J365/23", "2060-12-31T23:59:59Z", -14_400, "EDT"),
        ("EST5EDT,0/0,J365/25", "2061-01-01T05:00:00Z", -14_400, "EDT"),
        // J60 is the first of March in every year, 59 only in common ones.
        ("AAA0BBB,J60/0,J300", "2060-02-29T23:59:59Z", 0, "AAA"),
        ("AAA0BBB,J60/0,J300", "2060-03-01T00:00:00Z", 3600, "BBB"),
        ("AAA0BBB,J60/0,J300", "2061-03-01T00:00:00Z", 3600, "BBB"),
        ("AAA0BBB,59/0,J300", "2060-02-29T00:00:00Z", 3600, "BBB"),
        ("AAA0BBB,59/0,J300", "2061-02-28T23:59:59Z", 0, "AAA"),
        ("AAA0BBB,59/0,J300", "2061-03-01T00:00:00Z", 3600, "BBB"),
        ("AAA0BBB,J59/0,J300", "2060-02-28T00:00:00Z", 3600, "BBB"),
        // 167 hours before and after a day.
        ("AAA0BBB,M3.2.1/-167,J300", "2026-03-02T00:59:59Z", 0, "AAA"),
        ("AAA0BBB,M3.2.1/-167,J300", "2026-03-02T01:00:00Z", 3600, "BBB"),
        ("AAA0BBB,M3.2.1/167:59:59,J300", "2026-03-15T23:59:58Z", 0, "AAA"),
        ("AAA0BBB,M3.2.1/167:59:59,J300", "2026-03-15T23:59:59Z", 3600, "BBB"),
    ])
    func `a rule gives local time`(
        _ rule: String, _ instant: String, _ offset: Int, _ name: String
    ) throws {
        let zone = try zone(rule)
        #expect(zone.offset(at: at(instant)) == offset)
        #expect(zone.abbreviation(at: at(instant)) == name)
    }

    @Test func `the file holds until its last change and the rule from there`() throws {
        // Casablanca lists its changes up to 2087 and then stays at +01.
        let zone = try knownZone("Africa/Casablanca")
        #expect(zone.offset(at: at("2026-03-01T00:00:00Z")) == 0)
        #expect(zone.offset(at: at("2026-05-01T00:00:00Z")) == 3600)
        #expect(zone.offset(at: at("2150-03-01T00:00:00Z")) == 3600)
    }

    @Test func `a rule has an answer at the ends of time`() throws {
        for rule in ["CET-1CEST,M3.5.0,M10.5.0/3", "AAA24BBB,0/-167,J365/167"] {
            let zone = try zone(rule)
            for edge in [Timestamp.earliest, .latest] {
                let clock = zone.clock(at: edge)
                let found = zone.resolve(date: clock.date, secondOfDay: clock.secondOfDay)
                #expect(found.earliest.seconds == edge.seconds)
            }
        }
    }
}
