import Files
import Linux
import Processes
import Rotations

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

    /// The same for a person, who waits half a minute; nil when the other process has it still.
    static func take(_ path: String, waiting clock: WallClock) async throws(Failure) -> HeldLock? {
        for _ in 0..<30 {
            if let lock = try take(path) { return lock }
            await clock.wait(Interval(seconds: 1))
        }
        return nil
    }

    /// Takes the lock of a secret for a person; throws when another process works on it.
    static func take(
        of secret: SecretReference, for program: Program
    ) async throws(Failure) -> HeldLock {
        let path = program.directory.lock(secret: secret.id.text)
        if let lock = try await take(path, waiting: program.clock) { return lock }
        throw Failure(
            "another process is working on \(secret.name)",
            hint: "try again when it is done", .busy)
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
