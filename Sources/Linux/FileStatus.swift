import CLinux
import Glibc

/// What stat(2) says of a file, as far as this program asks.
package struct FileStatus: Hashable, Sendable {
    /// What a file is.
    package enum Kind: Hashable, Sendable {
        case regular
        case directory
        case symbolicLink
        /// A device, FIFO or socket.
        case special
    }

    /// What it is.
    package let kind: Kind
    /// The permission bits, 0o7777 at most.
    package let mode: UInt32
    /// The owner.
    package let userID: UInt32
    /// The group.
    package let groupID: UInt32
    /// The number of its names.
    package let linkCount: UInt64
    /// Its length in bytes.
    package let byteCount: Int64
    /// The file system and the number in it: together the file itself, whatever its name.
    package let device: UInt64
    package let inode: UInt64

    init(_ raw: stat) {
        kind =
            switch raw.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            default: .special
            }
        mode = raw.st_mode & 0o7777
        userID = raw.st_uid
        groupID = raw.st_gid
        linkCount = UInt64(raw.st_nlink)
        byteCount = Int64(raw.st_size)
        device = UInt64(raw.st_dev)
        inode = UInt64(raw.st_ino)
    }

    /// Whether this is the same file as `other`, by whatever name.
    package func isSameFile(as other: FileStatus) -> Bool {
        device == other.device && inode == other.inode
    }
}

extension Descriptor {
    /// The status of the open file (fstat(2)).
    package borrowing func status() throws(SystemError) -> FileStatus {
        var raw = stat()
        try require(fstat(number, &raw) == 0, "fstat")
        return FileStatus(raw)
    }

    /// The status of a name in this directory; of a link itself (fstatat(2)).
    package borrowing func status(of name: String) throws(SystemError) -> FileStatus {
        var raw = stat()
        try require(fstatat(number, name, &raw, AT_SYMLINK_NOFOLLOW) == 0, "fstatat")
        return FileStatus(raw)
    }

    /// Gives the open file to another user or group; nil leaves one as it is (fchown(2)). Clears
    /// set-user-ID bits, so the mode comes after it.
    package borrowing func setOwner(user: UInt32?, group: UInt32?) throws(SystemError) {
        try require(fchown(number, user ?? .max, group ?? .max) == 0, "fchown")
    }

    /// Sets the permission bits, whatever the umask (fchmod(2)).
    package borrowing func setMode(_ mode: UInt32) throws(SystemError) {
        try require(fchmod(number, mode) == 0, "fchmod")
    }

    /// Whether this program may write into this directory as it is now (faccessat(2), AT_EACCESS).
    package borrowing func requireWritableDirectory() throws(SystemError) {
        try require(cl_may_write_directory(number) == 0, "faccessat")
    }

    /// An extended attribute, or nil when the file has none or the file system knows none
    /// (fgetxattr(2)). Longer ones than 64 KiB do not exist.
    package borrowing func attribute(_ name: String) throws(SystemError) -> [UInt8]? {
        var value = [UInt8](repeating: 0, count: 65_536)
        let count = cl_get_attribute(number, name, &value, value.count)
        guard count >= 0 else {
            if errno == ENODATA || errno == EOPNOTSUPP { return nil }
            throw SystemError("fgetxattr")
        }
        value.removeLast(value.count - count)
        return value
    }

    /// Sets an extended attribute (fsetxattr(2)).
    package borrowing func setAttribute(
        _ name: String, _ value: [UInt8]
    ) throws(SystemError) {
        try require(cl_set_attribute(number, name, value, value.count) == 0, "fsetxattr")
    }
}
