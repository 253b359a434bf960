/// A policy's pause: its schedule is held until then.
package struct Hold: Hashable, Sendable {
    package let until: Timestamp
    /// Whether even max-age does not end it (P32).
    package let isAbsolute: Bool

    package init(until: Timestamp, isAbsolute: Bool) {
        self.until = until
        self.isAbsolute = isAbsolute
    }
}

/// What a schedule will do, if each rotation is done when its time comes.
package struct Forecast: Hashable, Sendable {
    /// In order. What is due already comes first, and is due now.
    package let times: [Due]
    /// Whether there are more than were asked for.
    package let isCut: Bool
}

extension Schedule {
    /// The times up to `horizon`, as far as they can be told now: at most `limit` of them.
    ///
    /// The rest as in `next`.
    package func forecast<Failure: Error>(
        lastRotated: Timestamp?, registered: Timestamp, now: Timestamp, until horizon: Timestamp,
        limit: Int, hold: Hold?, phase: UInt64, freezes: [Freeze],
        zones: (String) throws(Failure) -> Zone
    ) throws(Failure) -> Forecast {
        var times: [Due] = []
        var last = lastRotated
        var present = now
        while true {
            guard
                let due = try next(
                    lastRotated: last, registered: registered, now: present, phase: phase,
                    freezes: freezes, hold: hold, zones: zones)
            else { break }
            let time = due.at < present ? due.moved(to: present) : due
            guard time.at <= horizon else { break }
            guard times.count < limit else { return Forecast(times: times, isCut: true) }
            times.append(time)
            // Had it been rotated before the clock was set back, its time would not move on.
            last = max(time.at, last ?? .earliest)
            present = time.at
        }
        return Forecast(times: times, isCut: false)
    }

    /// When the secret is to be rotated next while its policy may be paused: no earlier than the end of
    /// the pause, and then as though that were the present; at its max-age all the same.
    package func next<Failure: Error>(
        lastRotated: Timestamp?, registered: Timestamp, now: Timestamp, phase: UInt64,
        freezes: [Freeze], hold: Hold?, zones: (String) throws(Failure) -> Zone
    ) throws(Failure) -> Due? {
        func next(_ now: Timestamp) throws(Failure) -> Due? {
            try self.next(
                lastRotated: lastRotated, registered: registered, now: now, phase: phase,
                freezes: freezes, zones: zones)
        }
        guard let due = try next(now) else { return nil }
        guard let hold, due.at < hold.until, now < hold.until else { return due }
        if let deadline = due.mustBeBefore, deadline < hold.until, !hold.isAbsolute {
            return Due(at: deadline, why: .maxAge, mustBeBefore: deadline)
        }
        // A pause without an end.
        guard hold.until < .latest else { return nil }
        guard let later = try next(hold.until) else { return nil }
        return later.at > hold.until
            ? later : Due(at: hold.until, why: .pause, mustBeBefore: later.mustBeBefore)
    }
}
