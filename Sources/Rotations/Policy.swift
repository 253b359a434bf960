/// What must be rotated, when, how, and who receives it.
package struct Policy: Codable, Hashable, Sendable {
    /// Matches `[a-z][a-z0-9._-]{0,62}`, or is `CONNECTION/NAME` for an admin credential.
    package let name: String
    package let target: Target
    package let schedule: Schedule
    package let labels: [String: String]
    package let terms: Terms
    /// What is done after deliveries, in this order; nil for nothing.
    package let after: [Reaction]?

    package init(
        name: String, target: Target, schedule: Schedule, labels: [String: String], terms: Terms,
        after: [Reaction]? = nil
    ) {
        self.after = after
        self.name = name
        self.target = target
        self.schedule = schedule
        self.labels = labels
        self.terms = terms
    }
}

/// The part of a policy that a rotation copies when it begins, and keeps to its end (P4).
package struct Terms: Codable, Hashable, Sendable {
    package var strategy: Strategy
    /// How long the old credential lives on beside the new one. Overlap only.
    package var overlap: Interval
    /// In the order of delivery.
    package var destinations: [Destination]
    package var environmentNames: EnvironmentNames
    /// How many values stay in the vault, the current one counted.
    package var keep: Int
    /// Failures after which the rotation is parked.
    package var attempts: Int
    /// Whether a person must say that the consumers have moved before the old one is retired (P25).
    package var acknowledge: Bool
    /// How long after its date the old one waits for deliveries and acknowledgement; nil for as long
    /// as it takes.
    package var gateDeadline: Interval?
    /// What happens when they have not come by then.
    package var onDeadline: OnDeadline

    /// What becomes of a retirement whose gate did not open in time (P25).
    package enum OnDeadline: String, Codable, Sendable, CaseIterable {
        /// The rotation is parked, and the old credential lives on.
        case park
        /// The old credential is retired all the same.
        case retire
    }

    package init(
        strategy: Strategy, overlap: Interval = .hours(24), destinations: [Destination] = [],
        environmentNames: EnvironmentNames = EnvironmentNames(), keep: Int = 2, attempts: Int = 5,
        acknowledge: Bool = false, gateDeadline: Interval? = nil, onDeadline: OnDeadline = .park
    ) {
        self.strategy = strategy
        self.overlap = overlap
        self.destinations = destinations
        self.environmentNames = environmentNames
        self.keep = keep
        self.attempts = attempts
        self.acknowledge = acknowledge
        self.gateDeadline = gateDeadline
        self.onDeadline = onDeadline
    }

    private enum CodingKeys: String, CodingKey {
        case strategy, overlap, destinations, environmentNames, keep, attempts
        case acknowledge, gateDeadline, onDeadline
    }

    /// Reads terms as they are stored. What an older schema did not know has its default.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        strategy = try values.decode(Strategy.self, forKey: .strategy)
        overlap = try values.decode(Interval.self, forKey: .overlap)
        destinations = try values.decode([Destination].self, forKey: .destinations)
        environmentNames = try values.decode(EnvironmentNames.self, forKey: .environmentNames)
        keep = try values.decode(Int.self, forKey: .keep)
        attempts = try values.decode(Int.self, forKey: .attempts)
        acknowledge = try values.decodeIfPresent(Bool.self, forKey: .acknowledge) ?? false
        gateDeadline = try values.decodeIfPresent(Interval.self, forKey: .gateDeadline)
        onDeadline = try values.decodeIfPresent(OnDeadline.self, forKey: .onDeadline) ?? .park
    }
}
