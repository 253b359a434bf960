import Linux

/// A file that only grows, such as a list of checkpoints.
package struct AppendOnlyFile: ~Copyable, Sendable {
    private let path: String
    private let file: Descriptor

    /// Opens it for adding at its end (O_APPEND), and makes it when it is absent. Throws what is
    /// loose about the file or its directory.
    package init(_ path: String, mode: UInt32 = 0o600) throws(FileError) {
        let place = try FilePath(path)
        let parent = try place.openParent()
        let parentStatus = try at(path) { () throws(SystemError) in try parent.status() }
        try Trust.requireParent(parentStatus, of: place)
        let file = try at(path) { () throws(SystemError) in
            try parent.open(place.name, for: .appending(mode: mode))
        }
        let status = try at(path) { () throws(SystemError) in try file.status() }
        guard status.kind == .regular else { throw FileError(path, .notRegular) }
        guard status.linkCount == 1 else { throw FileError(path, .hardLinked) }
        guard Trust.isOwner(status.userID) else {
            throw FileError(
                path, .wrongOwner(expected: Caller.effectiveUserID, found: status.userID))
        }
        guard status.mode & Trust.writableByOthers == 0 else {
            throw FileError(path, .writableByOthers(mode: status.mode))
        }
        // A name that is made now is on the disk before the first line is.
        try at(path) { () throws(SystemError) in try parent.sync() }
        self.path = path
        self.file = file
    }

    /// Adds `bytes`; they are on the disk when this returns. When it throws, a part of them may
    /// be there: who reads the file must know a torn end.
    package borrowing func append(_ bytes: Span<UInt8>) throws(FileError) {
        do {
            try file.write(bytes)
            try file.sync()
        } catch {
            throw FileError(path, error)
        }
    }
}
