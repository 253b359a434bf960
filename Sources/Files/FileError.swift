import Linux
import Secrets

/// Why a file was not read, written or trusted. It names the file and the cause, and holds nothing
/// of any content.
package struct FileError: Error, Hashable, Sendable {
    /// The file that was asked for.
    package let path: String
    /// What is wrong.
    package let cause: Cause

    /// What can be wrong with a file.
    package enum Cause: Hashable, Sendable {
        case notFound
        /// Relative, empty, or with a part that is `..`, or a name that cannot be a file's.
        case notAbsolute
        /// It, or a directory on the way to it, is a symbolic link.
        case isSymbolicLink
        case notRegular
        case notDirectory
        /// It has a second name, through which others may reach it.
        case hardLinked
        /// Root is always accepted besides the expected one.
        case wrongOwner(expected: UInt32, found: UInt32)
        case writableByOthers(mode: UInt32)
        case readableByOthers(mode: UInt32)
        /// The world may look into the directory.
        case openToOthers(mode: UInt32)
        /// Whoever may write there may put another file in this one's place.
        case parentWritableByOthers(path: String)
        case parentWrongOwner(path: String, found: UInt32)
        /// This program has no right to give a file to that user or group.
        case ownerNotSettable(user: UInt32?, group: UInt32?)
        case onNetworkFileSystem
        /// What lies there reaches a disk.
        case notInMemory
        case noSpace
        case readOnlyFileSystem
        case permissionDenied
        case tooLarge(limit: Int)
        case exists
        /// Other bytes, or another file, were found than had been written.
        case differs
        /// The secure heap is full.
        case outOfSecureMemory
        case system(number: Int32, operation: String)
    }

    /// The named cause at this path.
    package init(_ path: String, _ cause: Cause) {
        self.path = path
        self.cause = cause
    }

    /// What a failed system call means for the file at `path`.
    init(_ path: String, _ error: SystemError) {
        let cause: Cause =
            switch error.cause {
            case .notFound: .notFound
            case .exists: .exists
            case .permissionDenied: .permissionDenied
            case .tooManyLinks: .isSymbolicLink
            case .notDirectory: .notDirectory
            case .isDirectory: .notRegular
            case .noSpace: .noSpace
            case .readOnlyFileSystem: .readOnlyFileSystem
            case .notEmpty, .unsupported, .wouldBlock, .noSuchProcess, .other:
                .system(number: error.number, operation: error.operation)
            }
        self.init(path, cause)
    }
}

/// Runs `body` and says of a system call's failure that it happened to the file at `path`.
func at<R: ~Copyable>(
    _ path: String, _ body: () throws(SystemError) -> R
) throws(FileError) -> R {
    do {
        return try body()
    } catch {
        throw FileError(path, error)
    }
}

/// Runs `body`, and returns nil when it finds that what it looks for does not exist.
func unlessMissing<R: ~Copyable>(
    _ body: () throws(FileError) -> R?
) throws(FileError) -> R? {
    do {
        return try body()
    } catch {
        guard error.cause == .notFound else { throw error }
        return nil
    }
}

/// Room for a secret of the file at `path`.
func secretBuffer(_ capacity: Int, for path: String) throws(FileError) -> SecretBytes {
    do {
        return try SecretBytes(capacity: capacity)
    } catch {
        throw FileError(path, .outOfSecureMemory)
    }
}
