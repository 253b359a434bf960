import Files
import Linux
import Processes

/// The lock of one secret (P2), for as long as somebody refers to it.
final class HeldLock: Sendable {
    private let lock: LockFile

    private init(_ lock: consuming LockFile) { self.lock = lock }

    /// Takes the lock; nil when another process has it.
    static func take(_ path: String) throws(Failure) -> HeldLock? {
        do throws(FileError) {
            guard let lock = try LockFile.tryLock(path, .exclusive) else { return nil }
            return HeldLock(lock)
        } catch {
            throw Failure(error)
        }
    }

    /// Ends the process that holds the lock: what it was doing is settled as after any crash
    /// (invariant 6). False when nobody says that it is the holder, when that is this process, or
    /// when it may not be ended.
    static func endHolder(of path: String) async -> Bool {
        guard let holder = (try? LockFile.holder(path)) ?? nil,
            holder != (try? ProcessIdentity.current())
        else { return false }
        return (try? await Stray.kill(holder)) ?? false
    }
}
