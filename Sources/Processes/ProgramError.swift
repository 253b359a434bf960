import Linux

/// Why a program is not run.
package struct ProgramError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The program, or the directory on the way to it, that is at fault.
    package let path: String
    /// What is wrong with it.
    package let cause: Cause

    /// What can be wrong with a program.
    package enum Cause: Hashable, Sendable {
        case notFound
        case notAbsolute
        case notRegular
        case notExecutable
        case notDirectory
        /// Neither root nor this program's user.
        case wrongOwner(found: UInt32)
        case writableByOthers(mode: UInt32)
        case tooManyLinks
        case permissionDenied
        case system(number: Int32, operation: String)
    }

    init(_ path: String, _ cause: Cause) {
        self.path = path
        self.cause = cause
    }

    init(_ path: String, _ error: SystemError) {
        let cause: Cause =
            switch error.cause {
            case .notFound: .notFound
            case .permissionDenied: .permissionDenied
            case .tooManyLinks: .tooManyLinks
            case .notDirectory: .notDirectory
            case .exists, .isDirectory, .notEmpty, .noSpace, .readOnlyFileSystem, .unsupported,
                .wouldBlock, .noSuchProcess, .other:
                .system(number: error.number, operation: error.operation)
            }
        self.init(path, cause)
    }

    /// One sentence, for example `/opt/hooks: may be written by others (mode 0775)`.
    package var description: String { "\(path): \(reason)" }

    private var reason: String {
        switch cause {
        case .notFound: "does not exist"
        case .notAbsolute: "is not an absolute path"
        case .notRegular: "is not a regular file"
        case .notExecutable: "may not be executed"
        case .notDirectory: "is not a directory"
        case .wrongOwner(let found): "belongs to user \(found), not to root or this user"
        case .writableByOthers(let mode):
            "may be written by others (mode 0\(String(mode, radix: 8)))"
        case .tooManyLinks: "has too many symbolic links in its path"
        case .permissionDenied: "permission denied"
        case .system(let number, let operation):
            "\(SystemError(number: number, operation: operation))"
        }
    }

    /// The command that mends it, or nil when no single one does.
    package var hint: String? {
        switch cause {
        case .notExecutable: "chmod a+x \(ShellWord.quoted(path))"
        case .wrongOwner: "chown root \(ShellWord.quoted(path))"
        case .writableByOthers: "chmod go-w \(ShellWord.quoted(path))"
        case .notFound, .notAbsolute, .notRegular, .notDirectory, .tooManyLinks,
            .permissionDenied, .system:
            nil
        }
    }

    /// Whether somebody may change what they should not: exit status 77.
    package var isLoosePermissions: Bool {
        switch cause {
        case .wrongOwner, .writableByOthers: true
        case .notFound, .notAbsolute, .notRegular, .notExecutable, .notDirectory, .tooManyLinks,
            .permissionDenied, .system:
            false
        }
    }
}
