import CLinux
import Glibc

/// What a file is opened for.
package enum OpenPurpose: Hashable, Sendable {
    /// To read. Never blocks on a FIFO, never makes a terminal ours.
    case reading
    /// To write into a new file, which must not exist yet.
    case creating(mode: UInt32)
    /// To write into a new file and to read it back.
    case scratch
    /// To add at the end of a file that is there, and to read it.
    case appending
    /// To lock, read and write; the file is made when it is absent.
    case locking(mode: UInt32)
    /// A directory, to list it and to work in it.
    case directory
    /// A place alone: its status can be asked, its contents cannot be read (O_PATH).
    case place

    var flags: Int32 {
        switch self {
        case .reading: O_RDONLY | O_NONBLOCK | O_NOCTTY
        case .creating: O_WRONLY | O_CREAT | O_EXCL
        case .scratch: O_RDWR | O_CREAT | O_EXCL
        case .appending: O_RDWR | O_APPEND | O_NONBLOCK | O_NOCTTY
        case .locking: O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY
        case .directory: O_RDONLY | cl_O_DIRECTORY
        case .place: cl_O_PATH
        }
    }

    var mode: UInt32 {
        switch self {
        case .creating(let mode), .locking(let mode): mode
        case .scratch: 0o600
        case .reading, .appending, .directory, .place: 0
        }
    }
}

/// What becomes of a symbolic link that is the last part of a path.
package enum LastLink: Hashable, Sendable {
    /// It is followed.
    case followed
    /// The call fails with `tooManyLinks`; with `place` the link itself is opened.
    case refused
}

extension Descriptor {
    /// Opens a path; links before its last part are followed (open(2)).
    package static func open(
        _ path: String, for purpose: OpenPurpose, lastLink: LastLink = .refused
    ) throws(SystemError) -> Descriptor {
        try open(path, at: AT_FDCWD, for: purpose, lastLink: lastLink)
    }

    /// Opens a name in this directory (openat(2)).
    package borrowing func open(
        _ name: String, for purpose: OpenPurpose, lastLink: LastLink = .refused
    ) throws(SystemError) -> Descriptor {
        try Self.open(name, at: number, for: purpose, lastLink: lastLink)
    }

    private static func open(
        _ path: String, at directory: Int32, for purpose: OpenPurpose, lastLink: LastLink
    ) throws(SystemError) -> Descriptor {
        let flags = purpose.flags | (lastLink == .refused ? cl_O_NOFOLLOW : 0)
        let opened = cl_openat(directory, path, flags, purpose.mode)
        try require(opened >= 0, "openat")
        return Descriptor(adopting: opened)
    }

    /// Opens the directory at an absolute path with no symbolic link anywhere in it (openat2(2),
    /// RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS), else `tooManyLinks`.
    package static func openDirectoryWithoutLinks(
        _ path: String
    ) throws(SystemError) -> Descriptor {
        let flags = OpenPurpose.directory.flags
        let opened = cl_openat2_without_links(AT_FDCWD, path, flags, 0)
        if opened >= 0 { return Descriptor(adopting: opened) }
        // Before Linux 5.6 the call is unknown; old sandboxes answer EPERM for what they do not
        // know. Going step by step asks the same question, and gets the same refusal if it is one.
        guard errno == ENOSYS || errno == EPERM else { throw SystemError("openat2") }
        return try openDirectoryStepByStep(path)
    }

    /// The same by one openat(2) with O_NOFOLLOW for each part of the path.
    static func openDirectoryStepByStep(_ path: String) throws(SystemError) -> Descriptor {
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw SystemError(number: ENOENT, operation: "openat")
        }
        var directory = try open("/", for: .directory)
        for part in path.split(separator: "/") where part != "." {
            directory = try directory.openSubdirectory(String(part))
        }
        return directory
    }

    private borrowing func openSubdirectory(_ name: String) throws(SystemError) -> Descriptor {
        do {
            return try open(name, for: .directory)
        } catch {
            // O_DIRECTORY with O_NOFOLLOW says ENOTDIR of a link; openat2 says ELOOP.
            guard error.number == ENOTDIR, try status(of: name).kind == .symbolicLink else {
                throw error
            }
            throw SystemError(number: ELOOP, operation: "openat")
        }
    }
}
