/// What must be rotated, when, how, and who receives it.
package struct Policy: Codable, Hashable, Sendable {
    /// Matches `[a-z][a-z0-9._-]{0,62}`, or is `CONNECTION/NAME` for an admin credential.
    package let name: String
    package let target: Target
    package let schedule: Schedule
    package let labels: [String: String]
    package let terms: Terms

    package init(
        name: String, target: Target, schedule: Schedule, labels: [String: String], terms: Terms
    ) {
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

    package init(
        strategy: Strategy, overlap: Interval = .hours(24), destinations: [Destination] = [],
        environmentNames: EnvironmentNames = EnvironmentNames(), keep: Int = 2, attempts: Int = 5
    ) {
        self.strategy = strategy
        self.overlap = overlap
        self.destinations = destinations
        self.environmentNames = environmentNames
        self.keep = keep
        self.attempts = attempts
    }
}
