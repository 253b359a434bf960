import Files

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
}
