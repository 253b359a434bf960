import Testing

@testable import Rotations

/// What must hold for every schedule, tried on many that a seed makes.
struct SchedulePropertyTests {
    private struct Case {
        let schedule: Schedule
        let freezes: [Freeze]
        let phase: UInt64
        let registered: Timestamp
        var last: Timestamp?

        func next(_ now: Timestamp) throws -> Due? {
            try schedule.next(
                lastRotated: last, registered: registered, now: now, phase: phase,
                freezes: freezes, zones: knownZone)
        }

        /// The earliest instant that the cadence alone allows.
        func cadenceTime() throws -> Timestamp? {
            if last == nil, case .at(let once) = schedule.cadence { return once }
            if last == nil, schedule.first == .due { return registered }
            let zone = try schedule.cadence.zoneName.map(knownZone) ?? .utc
            return schedule.cadence.next(after: last ?? registered, in: zone)
        }

        /// Whether windows and freezes allow the instant.
        func allows(_ instant: Timestamp) throws -> Bool {
            guard !freezes.contains(where: { $0.isActive(at: instant) }) else { return false }
            guard let window = schedule.window else { return true }
            let zone = try knownZone(window.zone)
            return window.opening(atOrAfter: instant, in: zone)?.contains(instant) == true
        }
    }

    private func makeCase(_ generator: inout SeededGenerator) throws -> Case {
        let base = Timestamp(
            milliseconds: .random(in: 1_700_000_000_000...2_100_000_000_000, using: &generator))
        func hours(_ range: ClosedRange<Int64>) -> Interval {
            .minutes(
                .random(
                    in: (range.lowerBound * 60 + 1)...(range.upperBound * 60), using: &generator))
        }
        let zone = changingZoneNames.randomElement(using: &generator) ?? "Europe/Berlin"
        let crons = ["0 3 * * *", "*/30 * * * *", "15 2 * * mon", "0 1,4 1-7 * *", "@monthly"]
        let cadence: Cadence
        switch Int.random(in: 0...3, using: &generator) {
        case 0: cadence = .every(hours(0...900), from: nil)
        case 1: cadence = .every(hours(0...900), from: base - hours(0...2000))
        case 2:
            cadence = .cron(
                try Cron(crons.randomElement(using: &generator) ?? "@daily"), zone: zone)
        default: cadence = .at(base + hours(0...900))
        }
        var freezes: [Freeze] = []
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
            let from = base + hours(0...1200)
            freezes.append(
                try Freeze(
                    from: from, until: from + hours(0...300), owner: "o", reason: "r", names: .all))
        }
        return Case(
            schedule: try Schedule(
                cadence: cadence,
                window: Bool.random(using: &generator)
                    ? .random(zone: zone, using: &generator) : nil,
                spread: Bool.random(using: &generator) ? hours(0...48) : .zero,
                maxAge: Int.random(in: 0...2, using: &generator) == 0 ? hours(0...1500) : nil,
                first: Bool.random(using: &generator) ? .due : .afterInterval),
            freezes: freezes, phase: generator.next(), registered: base,
            last: Bool.random(using: &generator) ? base : nil)
    }

    @Test func `all zones whose clocks are changed are among those that are tried`() {
        #expect(changingZoneNames.count > 90)
        #expect(changingZoneNames.contains("Europe/Berlin"))
        #expect(!changingZoneNames.contains("Asia/Tokyo"))
    }

    /// Runs every few hours and rotates what is due, as a timer would.
    @Test(arguments: UInt64(100)..<140)
    func `never early, never outside the window save by max-age, and always later`(
        _ seed: UInt64
    ) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<25 {
            var one = try makeCase(&generator)
            var now = one.registered
            for _ in 0..<25 {
                guard let due = try one.next(now) else { break }
                let deadline = one.schedule.maxAge.map { (one.last ?? one.registered) + $0 }
                #expect(due.mustBeBefore == deadline)
                if let deadline { #expect(due.at <= deadline) }
                if let last = one.last { #expect(last < due.at) }
                if due.why == .maxAge {
                    #expect(due.at == deadline)
                } else {
                    let earliest = try #require(try one.cadenceTime())
                    #expect(earliest <= due.at)
                    #expect(try one.allows(due.at) || due.at < now)
                }
                if due.isNow(now) {
                    #expect(try due.why == .maxAge || one.allows(now))
                    one.last = now
                } else if Bool.random(using: &generator) {
                    now = due.at
                    continue
                }
                now = now + .minutes(.random(in: 1...6000, using: &generator))
            }
        }
    }

    @Test(arguments: UInt64(200)..<230)
    func `what is announced holds until its time, and then it is due`(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<30 {
            let one = try makeCase(&generator)
            let now = one.registered + .minutes(.random(in: 0...120_000, using: &generator))
            guard let due = try one.next(now), due.at > now else { continue }
            for _ in 0..<5 {
                let between = Timestamp(
                    milliseconds: .random(
                        in: now.milliseconds..<due.at.milliseconds, using: &generator))
                #expect(try one.next(between)?.at == due.at, "\(one) from \(now), at \(between)")
            }
            #expect(try one.next(due.at)?.isNow(due.at) == true)
        }
    }

    @Test(arguments: UInt64(300)..<303)
    func `who runs often enough rotates, whatever the spread`(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let window = try Window(
            days: Set(Weekday.allCases), start: LocalTime(parsing: "02:00"),
            end: LocalTime(parsing: "05:00"), zone: "Europe/Berlin")
        for text in ["*/10 * * * *", "0 * * * *", "30 1,3 * * *"] {
            var one = Case(
                schedule: try Schedule(
                    cadence: .cron(Cron(text), zone: "Europe/Berlin"), window: window,
                    spread: .hours(12)),
                freezes: [], phase: generator.next(), registered: at("2026-03-20"),
                last: at("2026-03-20"))
            var days: Set<CivilDate> = []
            // Every ten minutes for ten days, the change to summer among them.
            for tick in 0..<1440 {
                let now = at("2026-03-21") + .minutes(Int64(tick) * 10)
                guard try one.next(now)?.isNow(now) == true else { continue }
                one.last = now
                days.insert(Zone.utc.clock(at: now).date)
            }
            #expect(days.count == 10)
        }
    }
}
