import CLinux
import Glibc

/// A signal that this program sends.
package enum Signal: Hashable, Sendable {
    /// A request to end.
    case terminate
    /// The end.
    case kill
    /// A request to read its configuration again.
    case hangUp
    /// What the program makes of it.
    case user1
    case user2
    /// Nothing: asks only whether it could be sent.
    case none

    var number: Int32 {
        switch self {
        case .terminate: SIGTERM
        case .kill: SIGKILL
        case .hangUp: SIGHUP
        case .user1: SIGUSR1
        case .user2: SIGUSR2
        case .none: 0
        }
    }
}

/// One process, held by a descriptor, so that no other process can be meant by mistake
/// (pidfd_open(2)).
package struct ProcessHandle: ~Copyable, Sendable {
    /// Readable when the process has ended.
    package let descriptor: Descriptor

    /// Holds the process with this number, whichever it is: for a child that is not yet collected.
    package init(child pid: Int32) throws(SystemError) {
        let opened = cl_pidfd_open(pid)
        try require(opened >= 0, "pidfd_open")
        descriptor = Descriptor(adopting: opened)
    }

    /// Holds the named process, or is nil when it is gone. The identity is asked after the process
    /// is held, so it cannot change between.
    package init?(_ identity: ProcessIdentity) throws(SystemError) {
        let opened = cl_pidfd_open(identity.pid)
        if opened < 0, errno == ESRCH { return nil }
        try require(opened >= 0, "pidfd_open")
        let descriptor = Descriptor(adopting: opened)
        guard identity.isAlive else { return nil }
        self.descriptor = descriptor
    }

    /// Sends a signal. False: it has ended (pidfd_send_signal(2)).
    @discardableResult
    package borrowing func send(_ signal: Signal) throws(SystemError) -> Bool {
        if cl_pidfd_send_signal(descriptor.number, signal.number) == 0 { return true }
        if errno == ESRCH { return false }
        throw SystemError("pidfd_send_signal")
    }

    /// Waits until it has ended; false when `timeout` came first. Blocks its thread.
    package borrowing func waitForExit(timeout: Duration) throws(SystemError) -> Bool {
        try Poll.wait(for: [descriptor.number], timeout: timeout)[0]
    }

    /// Collects it when it has ended and is ours; else does nothing (waitid(2), P_PIDFD).
    package borrowing func collect() throws(SystemError) {
        try require(cl_reap(descriptor.number) == 0, "waitid")
    }

    /// Sends a signal to every process of a group; false when there is none (kill(2)). The caller
    /// knows that the group's number was not given out again.
    @discardableResult
    package static func send(_ signal: Signal, toGroup group: Int32) throws(SystemError) -> Bool {
        precondition(group > 1, "a group of ours has a number above 1")
        if kill(-group, signal.number) == 0 { return true }
        if errno == ESRCH { return false }
        throw SystemError("kill")
    }
}
