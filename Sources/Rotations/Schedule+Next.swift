extension Schedule {
    /// When the secret is to be rotated next, as seen now, or nil when never.
    ///
    /// `freezes` are those that cover the secret; `phase` is the keyed hash of its name; `registered` is
    /// when its policy was; `zones` finds a zone by its IANA name, and what it throws is thrown.
    ///
    /// 1. It comes due at the first time of the cadence after `lastRotated`. Never rotated, it comes
    ///    due when it was registered, or, with `first: after-interval`, as though rotated then; with
    ///    `at`, at that time alone.
    /// 2. The spread adds `phase` modulo the spread, in whole seconds, and stays short of the next time,
    ///    the window's end and the max-age. Due for the first time, or held back only by a freeze that
    ///    began later, a secret does not wait for its spread.
    /// 3. Outside its window it waits for the next one, and in a freeze for its end; the spread then
    ///    counts from there. If a regular time falls into that window after it, that is the time.
    /// 4. A window that passed without a rotation is missed: the next one counts. Missed regular times
    ///    make one rotation, for the latest of them.
    /// 5. Max-age beats all of this: due no later than `lastRotated` (else `registered`) plus max-age.
    package func next<Failure: Error>(
        lastRotated: Timestamp?, registered: Timestamp, now: Timestamp, phase: UInt64,
        freezes: [Freeze], zones: (String) throws(Failure) -> Zone
    ) throws(Failure) -> Due? {
        var windowZone = Zone.utc
        if let window { windowZone = try zones(window.zone) }
        var cadenceZone = Zone.utc
        if let name = cadence.zoneName { cadenceZone = try zones(name) }
        let deadline = maxAge.map { (lastRotated ?? registered) + $0 }
        let planner = Planner(
            schedule: self, windowZone: windowZone, cadenceZone: cadenceZone, freezes: freezes,
            phase: phase, deadline: deadline)

        let begin: Planner.Moment? =
            if lastRotated == nil, case .at(let once) = cadence {
                Planner.Moment(at: once, why: .once)
            } else if lastRotated == nil, first == .due {
                Planner.Moment(at: registered, why: .neverRotated, isExact: true)
            } else {
                cadence.next(after: lastRotated ?? registered, in: cadenceZone)
                    .map { Planner.Moment(at: $0, why: cadence.reason) }
            }
        let regular = begin.flatMap { planner.settle($0, now: now) }
        if let deadline, regular.map({ deadline < $0.at }) ?? true {
            return Due(at: deadline, why: .maxAge, mustBeBefore: deadline)
        }
        return regular.map {
            Due(at: $0.at, why: $0.why, mustBeBefore: deadline, spread: $0.spread)
        }
    }
}

/// Finds the instant at which something that is due may happen.
private struct Planner {
    let schedule: Schedule
    let windowZone: Zone
    let cadenceZone: Zone
    let freezes: [Freeze]
    let phase: UInt64
    let deadline: Timestamp?

    /// An instant, why it is this one, and whether it is taken as it is, without the spread.
    struct Moment {
        var at: Timestamp
        var why: Due.Reason
        var isExact = false
        /// How much of the wait is the spread.
        var spread = Interval.zero
    }

    /// The instant as seen now: what was missed moves on, and the latest missed time stands for all.
    func settle(_ begin: Moment, now: Timestamp) -> Moment? {
        guard let settled = move(begin, now: now) else { return nil }
        guard settled.at <= now, begin.why == schedule.cadence.reason,
            let latest = schedule.cadence.latest(atOrBefore: now, in: cadenceZone),
            latest > begin.at,
            let collapsed = move(Moment(at: latest, why: begin.why), now: now),
            collapsed.at <= now, deadline.map({ collapsed.at <= $0 }) ?? true
        else { return settled }
        return collapsed
    }

    /// The instant as seen now: where it has passed but now is outside the window or in a freeze, it
    /// moves on.
    private func move(_ begin: Moment, now: Timestamp) -> Moment? {
        guard var moment = place(begin) else { return nil }
        if moment.at > now { return moment }
        if let window = schedule.window {
            guard let open = window.opening(atOrAfter: now, in: windowZone) else { return nil }
            if moment.at < open.lowerBound {
                guard let later = place(Moment(at: open.lowerBound, why: .window), isMoved: true)
                else { return nil }
                moment = later
                if moment.at > now { return moment }
            }
        }
        guard let freeze = freezes.first(where: { $0.isActive(at: now) }) else { return moment }
        return place(Moment(at: freeze.until, why: .freeze, isExact: true), isMoved: true)
    }

    /// The first instant at or after the moment that is in a window, in no freeze, and spread.
    private func place(_ begin: Moment, isMoved: Bool = false) -> Moment? {
        var moment = begin
        var isMoved = isMoved
        // Two turns but the last pass the end of another freeze.
        for _ in 0...(2 * freezes.count) {
            var end: Timestamp?
            if let window = schedule.window {
                guard let open = window.opening(atOrAfter: moment.at, in: windowZone) else {
                    return nil
                }
                if open.lowerBound > moment.at {
                    moment = Moment(at: open.lowerBound, why: .window)
                    isMoved = true
                }
                if isMoved, !moment.isExact,
                    let regular = regularTime(in: moment.at..<open.upperBound)
                {
                    moment = Moment(at: regular, why: schedule.cadence.reason)
                }
                end = open.upperBound
            }
            let offset = offset(from: moment, until: end)
            let spread = Moment(at: moment.at + offset, why: moment.why, spread: offset)
            guard let freeze = freezes.first(where: { $0.isActive(at: spread.at) }) else {
                return spread
            }
            // A window that opens in the freeze counts from its opening, as it will when that has come.
            if let window = schedule.window,
                let open = window.opening(atOrAfter: freeze.until, in: windowZone),
                moment.at < open.lowerBound, open.lowerBound < freeze.until
            {
                moment = Moment(at: open.lowerBound, why: .window, isExact: moment.isExact)
            } else {
                moment = Moment(at: freeze.until, why: .freeze, isExact: moment.isExact)
            }
            isMoved = true
        }
        return nil
    }

    /// The first time of the cadence in a span, where its times are fixed in advance.
    private func regularTime(in span: Range<Timestamp>) -> Timestamp? {
        guard schedule.cadence.isRegular else { return nil }
        let before = Timestamp(milliseconds: span.lowerBound.milliseconds - 1)
        guard let time = schedule.cadence.next(after: before, in: cadenceZone), span.contains(time)
        else { return nil }
        return time
    }

    /// How far the spread moves a moment: short of the next time and the window's end, and not beyond
    /// the max-age.
    private func offset(from moment: Moment, until end: Timestamp?) -> Interval {
        if moment.isExact || schedule.spread == .zero { return .zero }
        var limit = schedule.spread
        if let step = schedule.cadence.step(from: moment.at, in: cadenceZone) {
            limit = min(limit, step)
        }
        if let end { limit = min(limit, moment.at.age(at: end)) }
        if let deadline, moment.at <= deadline { limit = min(limit, moment.at.age(at: deadline)) }
        guard limit > .zero else { return .zero }
        return Interval(seconds: Int64(phase % UInt64(limit.seconds)))
    }
}
