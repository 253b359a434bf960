import Testing

@testable import Rotations

struct TimestampTests {
    @Test func `it is one integer in JSON`() throws {
        #expect(try json([Timestamp(milliseconds: -5)]) == "[-5]")
        #expect(
            try value([Timestamp].self, json: "[1777887000000]") == [at("2026-05-04T09:30:00Z")])
    }

    @Test(arguments: ["[253402300800000]", "[-62167219200001]", "[1.5]", #"["2026-05-04"]"#])
    func `JSON outside the years 0000 to 9999 is refused`(_ text: String) {
        #expect(throws: (any Error).self) { try value([Timestamp].self, json: text) }
    }

    @Test func `sums stop at the ends of time`() {
        #expect(Timestamp.latest + .longest == .latest)
        #expect(Timestamp.earliest - .longest == .earliest)
        #expect(Timestamp.earliest + .longest > .latest - Interval(seconds: 1))
        #expect(Timestamp(milliseconds: .max) == .latest)
        #expect(Timestamp(milliseconds: .min) == .earliest)
        #expect(Timestamp(seconds: .max) == .latest)
        #expect(Timestamp(seconds: .min) == .earliest)
    }

    @Test func `age is in whole seconds and zero before its time`() {
        let born = at("2026-05-04T09:30:00.500Z")
        #expect(born.age(at: born + .days(30)) == .days(30))
        #expect(born.age(at: at("2026-05-04T09:30:01.499Z")) == .zero)
        #expect(born.age(at: at("2026-05-04T09:30:01.500Z")) == Interval(seconds: 1))
        #expect(born.age(at: at("2020-01-01")) == .zero)
        #expect(Timestamp.earliest.age(at: .latest) <= .longest)
    }

    @Test func `adding and subtracting are inverse`() {
        let instant = at("1969-12-31T23:59:59.999Z")
        #expect(instant + .days(3) - .days(3) == instant)
        #expect(instant.seconds == -1)
    }
}
