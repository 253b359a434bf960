import Testing

@testable import Rotations

struct TimeZoneFileTests {
    @Test(arguments: [0, UInt8(ascii: "2"), UInt8(ascii: "3"), UInt8(ascii: "4")])
    func `each version is read`(_ version: UInt8) throws {
        var file = TZif()
        file.version = version
        file.times = [-100, 100]
        file.kinds = [1, 0]
        file.types = [(3600, 0, 0), (7200, 1, 4)]
        file.names = Array("CET\0CEST\0".utf8)
        file.footer = Array("\nCET-1\n".utf8)
        let zone = try Zone(name: "X", tzif: file.bytes)
        #expect(zone.offset(at: Timestamp(seconds: -101)) == 3600)
        #expect(zone.offset(at: Timestamp(milliseconds: -99_001)) == 7200)
        #expect(zone.offset(at: Timestamp(seconds: 99)) == 7200)
        #expect(zone.abbreviation(at: Timestamp(seconds: 99)) == "CEST")
        #expect(zone.offset(at: Timestamp(seconds: 100)) == 3600)
        #expect(zone.abbreviation(at: .latest) == "CET")
    }

    @Test func `a footer that says nothing leaves the last type`() throws {
        var file = TZif()
        file.times = [0]
        file.kinds = [1]
        file.types = [(0, 0, 0), (60, 0, 0)]
        #expect(try Zone(name: "X", tzif: file.bytes).offset(at: .latest) == 60)
    }

    private func error(_ change: (inout TZif) -> Void) -> ZoneError? {
        var file = TZif()
        change(&file)
        do throws(ZoneError) {
            _ = try TimeZoneFile(file.bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test func `what is not as RFC 9636 has it is refused by name`() {
        #expect(error { _ in } == nil)
        #expect(error { $0.version = 1 } == .unknownVersion(1))
        #expect(error { $0.version = 0xFF } == .unknownVersion(0xFF))
        #expect(error { $0.types = [] } == .malformed("header"))
        #expect(error { $0.names = [] } == .malformed("header"))
        #expect(error { $0.standard = [0, 0] } == .malformed("header"))
        #expect(error { $0.universal = [0, 0] } == .malformed("header"))
        #expect(error { $0.leaps = 1 } == .leapSeconds)
        #expect(
            error { ($0.times, $0.kinds) = ([5, 5], [0, 0]) } == .malformed("transition times"))
        #expect(
            error { ($0.times, $0.kinds) = ([5, 4], [0, 0]) } == .malformed("transition times"))
        #expect(error { ($0.times, $0.kinds) = ([5], [1]) } == .malformed("transition types"))
        #expect(error { $0.types = [(0, 2, 0)] } == .malformed("local time types"))
        #expect(error { $0.types = [(0, 0, 4)] } == .malformed("local time types"))
        #expect(error { $0.types = [(.min, 0, 0)] } == .malformed("local time types"))
        #expect(error { $0.types = [(93_600, 0, 0)] } == .malformed("local time types"))
        #expect(error { $0.names = Array("UTC".utf8) } == .malformed("abbreviations"))
        #expect(error { $0.footer = [] } == .truncated)
        #expect(error { $0.footer = Array("UTC0\n".utf8) } == .malformed("footer"))
        #expect(error { $0.footer = Array("\nUTC0".utf8) } == .malformed("footer"))
        #expect(error { $0.footer = Array("\nUTC\n".utf8) } == .unreadableRule("UTC"))
        #expect(throws: ZoneError.notTZif) { try TimeZoneFile([]) }
        #expect(throws: ZoneError.notTZif) { try TimeZoneFile(Array("GIF89a".utf8)) }
    }

    @Test func `counts larger than the file reserve nothing`() {
        // The first header is 44 bytes and its block 10; counts begin 20 bytes into a header.
        var second = TZif().bytes
        for index in (54 + 32)..<(54 + 36) { second[index] = 0x7F }
        #expect(throws: ZoneError.truncated) { try TimeZoneFile(second) }
        var first = TZif().bytes
        for index in 20..<44 { first[index] = 0xFF }
        #expect(throws: ZoneError.truncated) { try TimeZoneFile(first) }
    }

    @Test(arguments: zoneNames)
    func `a file cut anywhere is refused`(_ name: String) throws {
        let bytes = try zoneFile(name)
        for count in 0..<bytes.count {
            #expect(throws: ZoneError.self) { try TimeZoneFile(Array(bytes[..<count])) }
        }
    }

    @Test(arguments: zoneNames)
    func `a damaged file is refused or read, and never traps`(_ name: String) throws {
        let bytes = try zoneFile(name)
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<500 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let index =
                    Bool.random(using: &generator)
                    ? Int.random(in: 0..<min(110, bytes.count), using: &generator)
                    : Int.random(in: 0..<bytes.count, using: &generator)
                damaged[index] = .random(in: .min ... .max, using: &generator)
            }
            guard let zone = try? Zone(name: name, tzif: damaged) else { continue }
            for _ in 0..<10 {
                let range = Timestamp.earliest.milliseconds...Timestamp.latest.milliseconds
                let instant = Timestamp(milliseconds: .random(in: range, using: &generator))
                #expect((-89_999...93_599).contains(zone.offset(at: instant)))
                let clock = zone.clock(at: instant)
                _ = zone.resolve(date: clock.date, secondOfDay: clock.secondOfDay)
            }
            for edge in [Timestamp.earliest, .latest] {
                _ = zone.resolve(date: zone.clock(at: edge).date, secondOfDay: 86_400)
            }
        }
    }
}
