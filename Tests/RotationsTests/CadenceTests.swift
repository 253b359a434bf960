import Testing

@testable import Rotations

struct CadenceTests {
    private let anchor = at("2026-05-01T02:00:00Z")

    @Test func `an interval counts from the rotation`() {
        let cadence = Cadence.every(.days(30), from: nil)
        #expect(cadence.next(after: anchor, in: .utc) == anchor + .days(30))
        #expect(cadence.latest(atOrBefore: .latest, in: .utc) == nil)
    }

    @Test func `an anchored interval keeps to its grid`() {
        let cadence = Cadence.every(.days(7), from: anchor)
        let almost = Timestamp(milliseconds: anchor.milliseconds - 1)
        #expect(cadence.next(after: at("2020-01-01"), in: .utc) == anchor)
        #expect(cadence.next(after: almost, in: .utc) == anchor)
        #expect(cadence.next(after: anchor, in: .utc) == anchor + .days(7))
        #expect(cadence.next(after: anchor + .days(16), in: .utc) == anchor + .days(21))
        #expect(cadence.next(after: almost + .days(21), in: .utc) == anchor + .days(21))
        #expect(cadence.latest(atOrBefore: almost, in: .utc) == nil)
        #expect(cadence.latest(atOrBefore: anchor, in: .utc) == anchor)
        #expect(cadence.latest(atOrBefore: anchor + .days(20), in: .utc) == anchor + .days(14))
    }

    @Test func `once is once`() {
        #expect(Cadence.at(anchor).next(after: at("2020-01-01"), in: .utc) == anchor)
        #expect(Cadence.at(anchor).next(after: anchor, in: .utc) == nil)
        #expect(Cadence.at(anchor).step(from: anchor, in: .utc) == nil)
    }

    @Test func `cron counts in its zone`() throws {
        let cadence = Cadence.cron(try Cron("0 3 * * *"), zone: "Europe/Berlin")
        let zone = try knownZone("Europe/Berlin")
        #expect(cadence.zoneName == "Europe/Berlin")
        #expect(cadence.next(after: anchor, in: zone) == at("2026-05-02T01:00:00Z"))
        #expect(cadence.latest(atOrBefore: anchor, in: zone) == at("2026-05-01T01:00:00Z"))
        #expect(cadence.step(from: at("2026-10-24T01:00:00Z"), in: zone) == .hours(25))
    }

    @Test(arguments: [
        #"{"every":"30d"}"#, #"{"every":"30d","from":1777600800000}"#, #"{"at":1777600800000}"#,
        #"{"cron":"0 3 * * mon","zone":"Europe/Berlin"}"#,
    ])
    func `JSON has the keys of a policy`(_ text: String) throws {
        #expect(try json(value(Cadence.self, json: text)) == text)
    }

    @Test(arguments: [
        "{}", #"{"every":"30d","at":0}"#, #"{"every":"30d","cron":"@daily","zone":"UTC"}"#,
        #"{"cron":"@daily"}"#, #"{"from":0}"#, #"{"every":"30"}"#,
        #"{"cron":"61 * * * *","zone":"UTC"}"#,
    ])
    func `JSON with none or two of them is refused`(_ text: String) {
        #expect(throws: (any Error).self) { try value(Cadence.self, json: text) }
    }
}
