import CLinux
import Glibc

/// Waiting for descriptors.
package enum Poll {
    /// Waits until one of the descriptors can be read or is at its end, or `timeout` has passed
    /// (poll(2)). Says which; a negative number is never ready. Blocks its thread.
    package static func wait(
        for descriptors: [Int32], timeout: Duration
    ) throws(SystemError) -> [Bool] {
        let clock = ContinuousClock()
        let end = clock.now + timeout
        var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while true {
            let left = max(.zero, clock.now.duration(to: end))
            let parts = left.components
            // Rounded up: waking early would only ask again.
            let milliseconds =
                parts.seconds >= 86_400
                ? 86_400_000 : parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000 + 1
            let count = poll(
                &polled, nfds_t(polled.count), left == .zero ? 0 : Int32(milliseconds))
            if count >= 0 { return polled.map { $0.revents != 0 } }
            guard errno == EINTR else { throw SystemError("poll") }
        }
    }

    /// Waits until there is a line, or the end, to be read from a terminal. False: the program is to
    /// end instead, which is asked about four times a second, since a read that a signal interrupts
    /// goes on.
    package static func waitForLine(on number: Int32, unless isStopping: () -> Bool) -> Bool {
        while !isStopping() {
            // What cannot be waited for can be read, and says why it cannot.
            guard let ready = try? wait(for: [number], timeout: .milliseconds(250)) else {
                return true
            }
            if ready[0] { return true }
        }
        return false
    }
}
