import Linux

/// An absolute path, taken apart: the directory that a file is in, and its name there.
struct FilePath: Hashable, Sendable {
    let text: String
    let parent: String
    let name: String

    /// Throws `notAbsolute` for what has no one meaning: relative, with `..`, ending in `/`, with
    /// a part that is empty or too long for a file system, or with a control character.
    init(_ text: String) throws(FileError) {
        guard text.utf8.first == UInt8(ascii: "/"), text.utf8.allSatisfy({ $0 >= 32 && $0 != 127 })
        else { throw FileError(text, .notAbsolute) }
        let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard let last = parts.last,
            parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255 })
        else { throw FileError(text, .notAbsolute) }
        self.text = text
        name = String(last)
        parent = "/" + parts.dropLast().joined(separator: "/")
    }

    /// Opens the directory it is in, with no symbolic link anywhere on the way.
    func openParent() throws(FileError) -> Descriptor {
        try at(text) { () throws(SystemError) in
            try Descriptor.openDirectoryWithoutLinks(parent)
        }
    }
}

/// The rules by which a file or directory is trusted.
enum Trust {
    /// The bits that let a group or the world write.
    static let writableByOthers: UInt32 = 0o022

    /// The owner is root, this program's user, or one of `others`.
    static func isOwner(_ found: UInt32, orOneOf others: UInt32?...) -> Bool {
        found == 0 || found == Caller.effectiveUserID || others.contains(found)
    }

    /// The directory that a file is written into: its owner is trusted, and nobody else may put
    /// names there. A sticky bit is no excuse: others could still make names that we want.
    static func requireParent(
        _ status: FileStatus, of path: FilePath, alsoOwnedBy owner: UInt32? = nil
    ) throws(FileError) {
        guard isOwner(status.userID, orOneOf: owner) else {
            throw FileError(
                path.text, .parentWrongOwner(path: path.parent, found: status.userID))
        }
        guard status.mode & writableByOthers == 0 else {
            throw FileError(path.text, .parentWritableByOthers(path: path.parent))
        }
    }
}
