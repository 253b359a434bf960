/// When a secret is to be rotated, and why then.
package struct Due: Hashable, Sendable {
    /// Why a rotation falls on its instant.
    package enum Reason: String, CaseIterable, Codable, Hashable, Sendable {
        case interval
        case anchored
        case cron
        case once
        case neverRotated = "never-rotated"
        case maxAge = "max-age"
        case window
        case freeze
        case pause

        /// The reason in plain English, for tables and entries.
        package var text: String {
            switch self {
            case .interval: "its interval has passed since the last rotation"
            case .anchored: "a time of its anchored interval has come"
            case .cron: "a time of its cron expression has come"
            case .once: "the time it was set for has come"
            case .neverRotated: "it has never been rotated"
            case .maxAge: "it reaches its max-age before its window or the end of a freeze"
            case .window: "it came due outside its window and waited for it to open"
            case .freeze: "it came due in a freeze and waited for its end"
            case .pause: "it came due while it was paused and waited for the end of that"
            }
        }
    }

    /// The rotation may happen from here on; past when it is overdue.
    package let at: Timestamp
    /// Why then.
    package let why: Reason
    /// When the secret reaches its max-age, which no window and no freeze can move.
    package let mustBeBefore: Timestamp?

    /// How much of the wait is the spread.
    package let spread: Interval

    /// A rotation that may happen from `at` on.
    package init(
        at: Timestamp, why: Reason, mustBeBefore: Timestamp?, spread: Interval = .zero
    ) {
        self.at = at
        self.why = why
        self.mustBeBefore = mustBeBefore
        self.spread = spread
    }

    /// The same, at another instant.
    func moved(to instant: Timestamp) -> Due {
        Due(at: instant, why: why, mustBeBefore: mustBeBefore, spread: spread)
    }

    /// Whether its time has come.
    package func isNow(_ now: Timestamp) -> Bool { at <= now }
}
