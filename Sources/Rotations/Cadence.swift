/// What makes a secret come due, before windows, freezes and spread are looked at.
package enum Cadence: Hashable, Sendable {
    /// An interval after each rotation; with `from`, at that instant and every interval after it.
    case every(Interval, from: Timestamp?)
    /// By the calendar of a zone, named as IANA does.
    case cron(Cron, zone: String)
    /// Once.
    case at(Timestamp)

    /// The zone whose calendar it needs.
    package var zoneName: String? {
        if case .cron(_, let zone) = self { zone } else { nil }
    }

    /// Whether the times are fixed in advance, so that one may come while an earlier one waits.
    var isRegular: Bool {
        switch self {
        case .every(_, let anchor): anchor != nil
        case .cron: true
        case .at: false
        }
    }

    /// Why it makes a secret come due.
    var reason: Due.Reason {
        switch self {
        case .every(_, from: nil): .interval
        case .every: .anchored
        case .cron: .cron
        case .at: .once
        }
    }

    /// The first time after an instant, which for an interval without an anchor counts from there.
    func next(after instant: Timestamp, in zone: Zone) -> Timestamp? {
        switch self {
        case .every(let interval, from: nil):
            return instant + interval
        case .every(let interval, let anchor?):
            guard instant >= anchor else { return anchor }
            return Self.latest(anchor, interval, instant) + interval
        case .cron(let cron, _):
            return cron.next(after: instant, in: zone)
        case .at(let once):
            return instant < once ? once : nil
        }
    }

    /// The last regular time at or before an instant; nil when there is none.
    func latest(atOrBefore instant: Timestamp, in zone: Zone) -> Timestamp? {
        switch self {
        case .every(_, from: nil), .at:
            return nil
        case .every(let interval, let anchor?):
            return instant < anchor ? nil : Self.latest(anchor, interval, instant)
        case .cron(let cron, _):
            return cron.latest(atOrBefore: instant, in: zone)
        }
    }

    /// How long until the next time, where `instant` is a time or stands for one; nil for once.
    func step(from instant: Timestamp, in zone: Zone) -> Interval? {
        switch self {
        case .every(let interval, _): interval
        case .cron(let cron, _): cron.next(after: instant, in: zone).map(instant.age(at:))
        case .at: nil
        }
    }

    /// The last of `anchor + k * interval` at or before an instant that is not before the anchor.
    private static func latest(
        _ anchor: Timestamp, _ interval: Interval, _ instant: Timestamp
    ) -> Timestamp {
        let step = max(interval.seconds, 1)
        let passed = anchor.age(at: instant).seconds
        return anchor + Interval(seconds: passed / step * step)
    }
}

extension Cadence: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case every, from, cron, zone, at
    }

    /// Decodes `every` with or without `from`, or `cron` with `zone`, or `at`; never two of them.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch (container.contains(.every), container.contains(.cron), container.contains(.at)) {
        case (true, false, false):
            self = .every(
                try container.decode(Interval.self, forKey: .every),
                from: try container.decodeIfPresent(Timestamp.self, forKey: .from))
        case (false, true, false):
            self = .cron(
                try container.decode(Cron.self, forKey: .cron),
                zone: try container.decode(String.self, forKey: .zone))
        case (false, false, true):
            self = .at(try container.decode(Timestamp.self, forKey: .at))
        default:
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "expected one of every, cron and at"))
        }
    }

    /// Encodes the keys that a policy uses.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .every(let interval, let anchor):
            try container.encode(interval, forKey: .every)
            try container.encodeIfPresent(anchor, forKey: .from)
        case .cron(let cron, let zone):
            try container.encode(cron, forKey: .cron)
            try container.encode(zone, forKey: .zone)
        case .at(let once):
            try container.encode(once, forKey: .at)
        }
    }
}
