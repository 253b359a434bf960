/// The present, and waiting for a later one: handed to everything that needs either, so that tests
/// have a time of their own.
package struct WallClock: Sendable {
    /// The time now.
    package let now: @Sendable () -> Timestamp
    /// Returns after so much time.
    package let wait: @Sendable (Interval) async -> Void

    package init(
        now: @escaping @Sendable () -> Timestamp,
        wait: @escaping @Sendable (Interval) async -> Void
    ) {
        self.now = now
        self.wait = wait
    }
}
