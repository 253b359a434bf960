import Glibc

/// Names one process for ever: numbers are given out again, but not together with the start time,
/// and the start time not together with the boot.
package struct ProcessIdentity: Hashable, Sendable, CustomStringConvertible {
    /// The process number.
    package let pid: Int32
    /// Clock ticks between the boot and its start (proc_pid_stat(5), field 22).
    package let startTime: UInt64
    /// `/proc/sys/kernel/random/boot_id`.
    package let bootID: String

    /// The identity with these parts.
    package init(pid: Int32, startTime: UInt64, bootID: String) {
        self.pid = pid
        self.startTime = startTime
        self.bootID = bootID
    }

    /// Reads what `description` wrote; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, let pid = Int32(parts[0]), pid > 0,
            let startTime = UInt64(parts[1]), Host.isUUID(parts[2])
        else { return nil }
        self.init(pid: pid, startTime: startTime, bootID: String(parts[2]))
    }

    /// `PID STARTTIME BOOTID`, one line without its end.
    package var description: String { "\(pid) \(startTime) \(bootID)" }

    /// This process.
    package static func current() throws(SystemError) -> ProcessIdentity {
        try of(pid: getpid())
    }

    /// The process that has this number now. Throws `noSuchProcess` when none has.
    package static func of(pid: Int32) throws(SystemError) -> ProcessIdentity {
        guard let entry = try ProcessTable.entry(of: pid) else {
            throw SystemError(number: ESRCH, operation: "/proc/\(pid)/stat")
        }
        return ProcessIdentity(
            pid: pid, startTime: entry.startTime, bootID: try Host.bootID())
    }

    /// Whether it still runs. One that has ended and was not collected yet does not.
    package var isAlive: Bool {
        // What cannot be read is not there: /proc is hidden from us only for foreign users, whose
        // processes are never ours.
        guard let entry = try? ProcessTable.entry(of: pid), (try? Host.bootID()) == bootID else {
            return false
        }
        return entry.startTime == startTime && !entry.isZombie
    }
}
