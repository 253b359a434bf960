/// When a clock on the wall shows a time: once as a rule, never or twice when clocks are changed.
package enum LocalResolution: Hashable, Sendable {
    case once(Timestamp)
    /// Never: at `at` the clock jumps over it, from `before` to `after` seconds east of UTC.
    case gap(before: Int, after: Int, at: Timestamp)
    /// Before the clock is put back, and again after.
    case twice(first: Timestamp, second: Timestamp)

    /// The first instant at which the clock shows the time, or has jumped over it.
    package var earliest: Timestamp {
        switch self {
        case .once(let instant), .gap(_, _, at: let instant), .twice(first: let instant, _): instant
        }
    }

    /// The last instant at which the clock shows the time; in a gap, the instant of the jump.
    package var latest: Timestamp {
        switch self {
        case .once(let instant), .gap(_, _, at: let instant), .twice(_, second: let instant):
            instant
        }
    }
}

extension Zone {
    /// When a clock in this zone shows this second of this date.
    ///
    /// `secondOfDay` is 0 to 86,400, where the last is the midnight that ends the date. A time that a
    /// zone shows more than twice counts as its first and its last.
    package func resolve(date: CivilDate, secondOfDay: Int) -> LocalResolution {
        LocalDay(date, in: self).resolve(secondOfDay: secondOfDay)
    }
}

/// One date in a zone, for resolving many of its times.
struct LocalDay {
    private let midnight: Int64
    private let stretches: [Zone.Stretch]

    init(_ date: CivilDate, in zone: Zone) {
        midnight = Int64(date.dayNumber) * 86_400
        // No offset is a whole 27 hours, so whatever shows a time of this date lies in here.
        let margin: Int64 = 27 * 3600
        stretches = zone.stretches(from: midnight - margin, through: midnight + 86_400 + margin)
    }

    /// When the clock shows this second, 0 to 86,400.
    func resolve(secondOfDay: Int) -> LocalResolution {
        let local = midnight + Int64(secondOfDay)
        var first: Int64?
        var last: Int64?
        var gap: (before: Int, after: Int, at: Int64)?
        for (index, stretch) in stretches.enumerated() {
            let instant = local - Int64(stretch.offset)
            let isLast = index + 1 == stretches.count
            if instant >= stretch.begin || index == 0 {
                guard isLast || instant < stretches[index + 1].begin else { continue }
                first = first ?? instant
                last = instant
            } else if gap == nil, index > 0 {
                // The clock already shows more when this stretch begins, so it came or jumped past.
                gap = (stretches[index - 1].offset, stretch.offset, stretch.begin)
            }
        }
        guard let first, let last else {
            let jump = gap ?? (0, 0, local)
            return .gap(before: jump.before, after: jump.after, at: Timestamp(seconds: jump.at))
        }
        return first == last
            ? .once(Timestamp(seconds: first))
            : .twice(first: Timestamp(seconds: first), second: Timestamp(seconds: last))
    }
}
