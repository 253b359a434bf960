import Linux

extension FileError: CustomStringConvertible {
    /// One sentence, for example `/etc/keyturn/root.key: may be read by others (mode 0644)`.
    package var description: String { "\(path): \(reason)" }

    private var reason: String {
        switch cause {
        case .notFound: "does not exist"
        case .notAbsolute: "is not an absolute path without `..`"
        case .isSymbolicLink: "is a symbolic link, or has one in its path"
        case .notRegular: "is not a regular file"
        case .notDirectory: "is not a directory, or has something else in its path"
        case .hardLinked: "has more than one name (hard link)"
        case .wrongOwner(let expected, let found):
            "belongs to \(Self.user(found)), not to \(Self.user(expected))"
        case .writableByOthers(let mode): "may be written by others (mode \(Self.octal(mode)))"
        case .readableByOthers(let mode): "may be read by others (mode \(Self.octal(mode)))"
        case .openToOthers(let mode): "is open to others (mode \(Self.octal(mode)))"
        case .parentWritableByOthers(let parent): "lies in \(parent), where others may write"
        case .parentWrongOwner(let parent, let found):
            "lies in \(parent), which belongs to \(Self.user(found))"
        case .ownerNotSettable(let user, let group):
            "cannot be given to \(Self.owner(user: user, group: group)) by this user"
        case .onNetworkFileSystem: "is on a network file system"
        case .notInMemory: "is on a disk, and a secret for a moment belongs into memory"
        case .noSpace: "no space is left on the device"
        case .readOnlyFileSystem: "is on a read-only file system"
        case .permissionDenied: "permission denied"
        case .tooLarge(let limit): "has more than \(limit) bytes"
        case .exists: "exists already"
        case .differs: "does not hold what was written to it"
        case .outOfSecureMemory: "does not fit into secure memory"
        case .system(let number, let operation):
            "\(SystemError(number: number, operation: operation))"
        }
    }

    /// The command that mends it, or nil when no single one does.
    package var hint: String? {
        switch cause {
        case .hardLinked: "find / -xdev -samefile \(quoted(path))"
        case .wrongOwner(let expected, _): "chown \(Self.user(expected)) \(quoted(path))"
        case .writableByOthers: "chmod go-w \(quoted(path))"
        case .readableByOthers: "chmod 0400 \(quoted(path))"
        case .openToOthers: "chmod 0700 \(quoted(path))"
        case .parentWritableByOthers(let parent): "chmod go-w \(quoted(parent))"
        case .parentWrongOwner(let parent, _): "chown root \(quoted(parent))"
        case .notInMemory: "mount -t tmpfs -o mode=0755 tmpfs /run"
        case .notFound, .notAbsolute, .isSymbolicLink, .notRegular, .notDirectory,
            .ownerNotSettable, .onNetworkFileSystem, .noSpace, .readOnlyFileSystem,
            .permissionDenied, .tooLarge, .exists, .differs, .outOfSecureMemory, .system:
            nil
        }
    }

    /// Whether somebody may read or change what they should not: exit status 77.
    package var isLoosePermissions: Bool {
        switch cause {
        case .hardLinked, .wrongOwner, .writableByOthers, .readableByOthers, .openToOthers,
            .parentWritableByOthers, .parentWrongOwner:
            true
        case .notFound, .notAbsolute, .isSymbolicLink, .notRegular, .notDirectory,
            .ownerNotSettable, .onNetworkFileSystem, .notInMemory, .noSpace, .readOnlyFileSystem,
            .permissionDenied, .tooLarge, .exists, .differs, .outOfSecureMemory, .system:
            false
        }
    }

    /// `0644`.
    static func octal(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static func user(_ id: UInt32) -> String {
        // A name is kinder than a number, and the number is what there is without one.
        (try? Account.user(id: id))?.name ?? "\(id)"
    }

    private static func owner(user id: UInt32?, group: UInt32?) -> String {
        let parts = [id.map { "user \(user($0))" }, group.map { "group \($0)" }]
        return parts.compactMap(\.self).joined(separator: " and ")
    }

    private func quoted(_ path: String) -> String { ShellWord.quoted(path) }
}
