import CLinux
import Glibc

/// A system call that failed: its errno and its name, and never a byte of what it worked on.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The errno.
    package let number: Int32
    /// The call, as its man page is named.
    package let operation: String

    /// An error of the named call with this errno.
    package init(number: Int32, operation: String) {
        self.number = number
        self.operation = operation
    }

    /// The failure that errno holds now.
    init(_ operation: String) {
        self.init(number: errno, operation: operation)
    }

    /// What the errno means to this program.
    package enum Cause: Hashable, Sendable {
        case notFound
        case exists
        case permissionDenied
        case tooManyLinks
        case notDirectory
        case isDirectory
        case notEmpty
        case noSpace
        case readOnlyFileSystem
        /// The kernel, the file system or the C library does not know it.
        case unsupported
        /// Somebody else has it, or nothing is there yet.
        case wouldBlock
        case noSuchProcess
        case other
    }

    /// What the errno means to this program.
    package var cause: Cause {
        switch number {
        case ENOENT: .notFound
        case EEXIST: .exists
        case EACCES, EPERM: .permissionDenied
        case ELOOP: .tooManyLinks
        case ENOTDIR: .notDirectory
        case EISDIR: .isDirectory
        case ENOTEMPTY: .notEmpty
        case ENOSPC, EDQUOT: .noSpace
        case EROFS: .readOnlyFileSystem
        case ENOSYS, EOPNOTSUPP: .unsupported
        case EAGAIN: .wouldBlock
        case ESRCH: .noSuchProcess
        default: .other
        }
    }

    /// For example `openat: too many open files`.
    package var description: String {
        "\(operation): \(Self.text(of: number))"
    }

    /// The C library's words for an errno, in lower case.
    package static func text(of number: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let text = cl_error_text(number, buffer.baseAddress, buffer.count) else {
                return "error \(number)"
            }
            return String(cString: text).lowercased()
        }
    }
}

/// Throws what errno says when `ok` does not hold.
func require(_ ok: Bool, _ operation: String) throws(SystemError) {
    guard ok else { throw SystemError(operation) }
}
