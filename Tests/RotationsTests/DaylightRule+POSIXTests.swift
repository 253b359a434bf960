import Testing

@testable import Rotations

struct DaylightRulePOSIXTests {
    @Test(arguments: [
        "", "UT0", "UTC", "UTC+", "UTC0 ", ":UTC0", "<UTC0", "<UTC>", "<U>0", "<U_C>0", "UTC25",
        "UTC24:60",
        "UTC0:", "UTC1:2:3:4", "UTC0000", "CET-1CEST", "CET-1CEST,", "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,", "CET-1CEST,M3.5.0,M10.5.0/3,", "CET-1CEST,M0.5.0,M10.5.0",
        "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5,M10.5.0", "CET-1CEST,J0,J300",
        "CET-1CEST,J366,J300",
        "CET-1CEST,366,J300", "CET-1CEST,-1,J300", "CET-1CEST,M3.5.0/168,M10.5.0",
        "CET-1CEST,M3.5.0/-168,M10.5.0", "CET-1CEST,M3.5.0/,M10.5.0",
        "CET-1CEST,M3.5.0/2:60,M10.5.0",
        "CET-1CE,M3.5.0,M10.5.0", "CET-1CEST25,M3.5.0,M10.5.0", "CET-1,M3.5.0,M10.5.0", "CÉT-1",
    ])
    func `what is no rule is refused`(_ text: String) {
        #expect(DaylightRule(posix: Array(text.utf8)[...]) == nil)
    }

    @Test func `each part is read`() {
        let rule = DaylightRule(
            posix: Array("<-03>+3:30<+02>-2:00:01,J60/-1:30,365/+167".utf8)[...])
        #expect(rule?.standard == .init(offset: -12_600, abbreviation: "-03"))
        #expect(rule?.daylight?.local == .init(offset: 7201, abbreviation: "+02"))
        #expect(rule?.daylight?.begins == .init(day: .ordinal(60), second: -5400))
        #expect(rule?.daylight?.ends == .init(day: .zeroBased(365), second: 601_200))
    }

    @Test func `summer is an hour ahead and begins at two unless it says otherwise`() {
        let rule = DaylightRule(posix: Array("EST5EDT,M3.2.0,M11.1.0".utf8)[...])
        #expect(rule?.daylight?.local == .init(offset: -14_400, abbreviation: "EDT"))
        let begins = DaylightRule.Change(day: .weekday(month: 3, week: 2, day: 0), second: 7200)
        #expect(rule?.daylight?.begins == begins)
    }

    @Test func `noise is refused or read, and never traps`() {
        var generator = SeededGenerator(seed: 5)
        let alphabet = Array("AB<>+-0123456789:,./JM".utf8)
        for _ in 0..<20_000 {
            var text = Array("CET-1CEST,M3.5.0,M10.5.0/3".utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: 0..<text.count, using: &generator)
                text[index] = alphabet.randomElement(using: &generator) ?? 0
            }
            _ = DaylightRule(posix: text[...])?.local(at: 1_777_887_000)
        }
    }
}
