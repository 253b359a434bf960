/// When what failed is tried again, and when it no longer is (P29).
package enum Retry {
    /// No wait is longer, whatever the count of failures and whatever the provider asks for.
    package static let longestWait = Interval.hours(12)

    /// The earliest instant of the next try, after this many failures in a row, the last of them now.
    ///
    /// At once after the first failure; then 1, 5, 15 and 60 minutes, and from there twice as long each
    /// time. A provider's Retry-After (RFC 9110, 10.2.3) can make the wait longer, never shorter.
    package static func nextTry(
        after failures: Int, at now: Timestamp, retryAfter: Interval?
    ) -> Timestamp {
        now + min(max(wait(after: failures), retryAfter ?? .zero), longestWait)
    }

    /// Whether a rotation that failed this often stays where it is until a person takes it up.
    package static func isParked(failures: Int, attempts: Int) -> Bool {
        failures > 0 && failures >= attempts
    }

    private static func wait(after failures: Int) -> Interval {
        switch failures {
        case ...1: .zero
        case 2: .minutes(1)
        case 3: .minutes(5)
        case 4: .minutes(15)
        case 5...8: .hours(1 << Int64(failures - 5))
        default: longestWait
        }
    }
}
