/// When a policy wants its secret rotated. A value: `next` decides, from its arguments alone.
package struct Schedule: Hashable, Sendable {
    /// What a secret that was never rotated waits for.
    package enum FirstRotation: String, CaseIterable, Codable, Hashable, Sendable {
        /// Nothing: it is due at once, in its first window.
        case due
        /// Its age starts when it was registered.
        case afterInterval = "after-interval"
    }

    /// What makes the secret come due.
    package let cadence: Cadence
    /// When rotations may happen; always when nil.
    package let window: Window?
    /// Rotations that would come together are spread over so much time.
    package let spread: Interval
    /// The secret is rotated at this age, whatever windows and freezes say.
    package let maxAge: Interval?
    /// What a secret that was never rotated waits for.
    package let first: FirstRotation

    /// A schedule whose interval and max-age are not zero and whose zone has the form of one.
    package init(
        cadence: Cadence, window: Window? = nil, spread: Interval = .zero,
        maxAge: Interval? = nil, first: FirstRotation = .due
    ) throws(ScheduleError) {
        if case .every(let interval, _) = cadence, interval == .zero { throw .noInterval }
        if let zone = cadence.zoneName, !Zone.isName(zone) { throw .notAZone(zone) }
        if maxAge == .zero { throw .noMaxAge }
        self.cadence = cadence
        self.window = window
        self.spread = spread
        self.maxAge = maxAge
        self.first = first
    }
}

/// Why a schedule is refused.
package enum ScheduleError: Error, Hashable {
    /// `every: 0s`.
    case noInterval
    /// `max-age: 0s`.
    case noMaxAge
    /// Not the form of an IANA name.
    case notAZone(String)
}

extension Schedule: Codable {
    private enum CodingKeys: String, CodingKey {
        case cadence, window, spread
        case maxAge = "max-age"
        case first
    }

    /// Decodes and checks as `init` does.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            cadence: container.decode(Cadence.self, forKey: .cadence),
            window: container.decodeIfPresent(Window.self, forKey: .window),
            spread: container.decode(Interval.self, forKey: .spread),
            maxAge: container.decodeIfPresent(Interval.self, forKey: .maxAge),
            first: container.decode(FirstRotation.self, forKey: .first))
    }

    /// Encodes `cadence`, `window`, `spread`, `max-age` and `first`; what is nil is left out.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(cadence, forKey: .cadence)
        try container.encodeIfPresent(window, forKey: .window)
        try container.encode(spread, forKey: .spread)
        try container.encodeIfPresent(maxAge, forKey: .maxAge)
        try container.encode(first, forKey: .first)
    }
}
