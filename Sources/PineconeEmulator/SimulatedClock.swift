import Synchronization

/// A clock that stands still until it is told to move. Hand `{ clock.now }` to an emulator.
package final class SimulatedClock: Sendable {
    private let ms: Mutex<Int64>

    /// A clock that shows `startMs`, in milliseconds since 1970; by default a fixed day of 2026.
    package init(startMs: Int64 = 1_777_886_400_000) {
        ms = Mutex(startMs)
    }

    /// The time shown, in milliseconds since 1970.
    package var now: Int64 {
        ms.withLock { $0 }
    }

    /// Moves the clock; a negative number moves it back.
    package func advance(ms: Int64) {
        self.ms.withLock { $0 += ms }
    }
}
