import FaultyDisk

/// The simulated disk of one machine: SQLite's files in a directory.
final class Disk: Sendable {
    nonisolated(unsafe) private let handle: OpaquePointer

    /// How the process that uses it comes to its end.
    struct Death: Sendable {
        /// At which of its operations.
        let operation: Int
        /// After the operation, or instead of it.
        let isAfter: Bool
    }

    /// An operation that fails, some number of times.
    struct Fault: Sendable {
        let operation: faultydisk_operation
        let skip: Int
        let times: Int
    }

    init(_ directory: String) {
        guard faultydisk_register() == 0, let disk = faultydisk_make(directory) else {
            preconditionFailure("too many disks")
        }
        handle = disk
    }

    deinit { faultydisk_end(handle) }

    /// What will happen to the process that starts now.
    func prepare(_ fate: Invocation.Fate) {
        if case .disk(let death) = fate.death {
            faultydisk_kill_at(handle, Int32(death.operation), death.isAfter ? 1 : 0)
        }
        if let fault = fate.diskFault {
            faultydisk_fail(
                handle, fault.operation, Int32(fault.skip), Int32(fault.times))
        }
    }

    /// The process is dead: nothing works for it any longer, here or anywhere.
    func kill() { faultydisk_kill(handle) }

    var isDead: Bool { faultydisk_is_dead(handle) == 1 }

    /// Waits until the last process has let go of it, and starts it for the next.
    /// - Parameter powerCut: says what of the unsynced writes is gone; nil when the power stayed on.
    func restart(powerCut: UInt64?) async {
        while faultydisk_open_files(handle) > 0 { await Task.yield() }
        faultydisk_start(handle, powerCut.map { max($0, 1) } ?? 0)
    }
}
