import CLinux
import Glibc

/// An open file: it has one owner, closes itself, and is never inherited by a child.
package struct Descriptor: ~Copyable, Sendable {
    /// The number, for calls that take one. It is valid while the descriptor lives.
    package let number: Int32

    /// Takes over an open descriptor.
    package init(adopting number: Int32) {
        self.number = number
    }

    deinit {
        close(number)
    }

    /// Gives the number away; whoever takes it closes it.
    package consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }

    /// Reads and writes return at once from now on (fcntl(2), O_NONBLOCK).
    package borrowing func setNonblocking() throws(SystemError) {
        try require(cl_set_nonblocking(number) == 0, "fcntl")
    }
}

/// A pipe (pipe2(2)), both ends close-on-exec. Each end is taken once, and closed with the pipe if
/// it never was.
package struct Pipe: ~Copyable, Sendable {
    private var readEnd: Descriptor?
    private var writeEnd: Descriptor?

    /// A new pipe.
    package init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        try require(cl_pipe(&ends) == 0, "pipe2")
        readEnd = Descriptor(adopting: ends[0])
        writeEnd = Descriptor(adopting: ends[1])
    }

    /// Where bytes come out.
    package mutating func takeReadEnd() -> Descriptor {
        guard let end = readEnd.take() else { preconditionFailure("taken before") }
        return end
    }

    /// Where bytes go in.
    package mutating func takeWriteEnd() -> Descriptor {
        guard let end = writeEnd.take() else { preconditionFailure("taken before") }
        return end
    }
}

/// Which of two kinds of lock, or of nothing, flock(2) should take.
package enum LockKind: Hashable, Sendable {
    /// Many may have it at once.
    case shared
    /// One alone has it.
    case exclusive
}

extension Descriptor {
    /// Takes the lock of the open file if it is free (flock(2), LOCK_NB). False: somebody has it.
    package borrowing func tryLock(_ kind: LockKind) throws(SystemError) -> Bool {
        let operation: Int32 =
            switch kind {
            case .shared: LOCK_SH
            case .exclusive: LOCK_EX
            }
        while true {
            if flock(number, operation | LOCK_NB) == 0 { return true }
            switch errno {
            case EWOULDBLOCK: return false
            case EINTR: continue
            default: throw SystemError("flock")
            }
        }
    }

    /// A process whose record lock keeps this part of the file from being written (fcntl(2), F_GETLK);
    /// nil: there is none, or it is hidden from us.
    package borrowing func recordLockHolder(
        of range: Range<Int64>
    ) throws(SystemError) -> ProcessIdentity? {
        let pid = cl_record_lock_holder(number, off_t(range.lowerBound), off_t(range.count))
        try require(pid >= 0, "fcntl")
        // It may have ended since.
        return pid > 0 ? try? ProcessIdentity.of(pid: pid) : nil
    }

    /// Gives the lock back (flock(2), LOCK_UN). Closing would do, were it not that a child which is
    /// being started has a copy of the descriptor for a moment.
    package borrowing func unlock() throws(SystemError) {
        try require(flock(number, LOCK_UN) == 0, "flock")
    }
}
