import Linux

/// A file that anybody may read and few may write: configuration.
package enum PublicFile {
    /// Reads at most `limit` bytes, and refuses what others could have written: the file belongs
    /// to root or to us, neither group nor world may write it, and the same holds for its
    /// directory, where a sticky bit is enough. Symbolic links are followed, as Kubernetes makes
    /// them.
    ///
    /// Throws `tooLarge` and every cause of looseness (open(2), fstat(2)).
    package static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        let place = try FilePath(path)
        let parent = try at(path) { () throws(SystemError) in
            try Descriptor.open(place.parent, for: .directory, lastLink: .followed).status()
        }
        guard parent.mode & Trust.writableByOthers == 0 || parent.mode & 0o1000 != 0 else {
            throw FileError(path, .parentWritableByOthers(path: place.parent))
        }
        guard Trust.isOwner(parent.userID) else {
            throw FileError(path, .parentWrongOwner(path: place.parent, found: parent.userID))
        }
        let file = try at(path) { () throws(SystemError) in
            try Descriptor.open(path, for: .reading, lastLink: .followed)
        }
        let status = try at(path) { () throws(SystemError) in try file.status() }
        guard status.kind == .regular else { throw FileError(path, .notRegular) }
        guard Trust.isOwner(status.userID) else {
            throw FileError(
                path, .wrongOwner(expected: Caller.effectiveUserID, found: status.userID))
        }
        guard status.mode & Trust.writableByOthers == 0 else {
            throw FileError(path, .writableByOthers(mode: status.mode))
        }
        let bytes = try at(path) { () throws(SystemError) in try file.readAll(limit: limit) }
        guard let bytes else { throw FileError(path, .tooLarge(limit: limit)) }
        return bytes
    }
}
