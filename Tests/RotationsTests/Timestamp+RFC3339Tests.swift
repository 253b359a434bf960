import Testing

@testable import Rotations

struct TimestampRFC3339Tests {
    @Test(arguments: [
        ("2026-05-04T09:30:00Z", "2026-05-04T09:30:00.000Z"),
        ("2026-05-04t09:30:00z", "2026-05-04T09:30:00.000Z"),
        ("2026-05-04T09:30:00+02:00", "2026-05-04T07:30:00.000Z"),
        ("2026-05-04T00:30:00+05:45", "2026-05-03T18:45:00.000Z"),
        ("2026-05-04T23:30:00-04:00", "2026-05-05T03:30:00.000Z"),
        ("2026-05-04T09:30:00-00:00", "2026-05-04T09:30:00.000Z"),
        ("2026-05-04T09:30:00.1Z", "2026-05-04T09:30:00.100Z"),
        ("2026-05-04T09:30:00.123456789Z", "2026-05-04T09:30:00.123Z"),
        ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"),
        ("2026-05-04", "2026-05-04T00:00:00.000Z"),
        ("0000-01-01", "0000-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        // RFC 3339, 5.8: a leap second in UTC and in Pacific time.
        ("1990-12-31T23:59:60Z", "1991-01-01T00:00:00.000Z"),
        ("1990-12-31T15:59:60.7-08:00", "1991-01-01T00:00:00.000Z"),
        ("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870Z"),
    ])
    func `instants are read and written in UTC`(_ text: String, _ utc: String) {
        #expect(Timestamp(rfc3339: text)?.rfc3339 == utc)
    }

    @Test(arguments: [
        "", "2026", "2026-05", "2026-5-4", "26-05-04", "2026-05-04 09:30:00Z", "2026-05-04T09:30Z",
        "2026-05-04T09:30:00", "2026-05-04T24:00:00Z", "2026-05-04T09:60:00Z",
        "2026-05-04T09:30:61Z",
        "2026-05-04T09:30:60Z", "2026-05-04T23:59:60Z", "2026-02-29", "2026-05-04T09:30:00.Z",
        "2026-05-04T09:30:00,5Z", "2026-05-04T09:30:00+0200", "2026-05-04T09:30:00+24:00",
        "2026-05-04T09:30:00+02:60", "2026-05-04T09:30:00ZZ", "2026-05-04Z", " 2026-05-04",
        "2026-05-04T", "-2026-05-04", "+2026-05-04", "٢٠٢٦-05-04", "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z", "2026-00-01", "2026-01-00",
    ])
    func `anything else is nil`(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func `every instant survives being written`() {
        var generator = SeededGenerator(seed: 2)
        let range = Timestamp.earliest.milliseconds...Timestamp.latest.milliseconds
        for _ in 0..<5000 {
            let instant = Timestamp(milliseconds: .random(in: range, using: &generator))
            #expect(Timestamp(rfc3339: instant.rfc3339) == instant)
        }
    }

    @Test func `texts sort as their instants do`() {
        var generator = SeededGenerator(seed: 3)
        let range = Timestamp.earliest.milliseconds...Timestamp.latest.milliseconds
        let instants = (0..<500).map { _ in
            Timestamp(milliseconds: .random(in: range, using: &generator))
        }
        #expect(instants.sorted().map(\.rfc3339) == instants.map(\.rfc3339).sorted())
    }
}
