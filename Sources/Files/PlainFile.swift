import Linux

/// A file without a secret in it, or one whose content is the caller's affair.
package enum PlainFile {
    /// Makes an empty file that must not exist yet, such as a database before SQLite sees it: its
    /// journal takes the same mode. Throws `exists`.
    package static func createEmpty(_ path: String, mode: UInt32 = 0o600) throws(FileError) {
        let nothing: [UInt8] = []
        try create(path, contents: nothing.span, mode: mode)
    }

    /// Makes a file that must not exist yet; it is on the disk with its name when this returns.
    /// What could not be finished is removed again. Throws `exists` and `noSpace`, and every
    /// looseness of the directory.
    package static func create(
        _ path: String, contents: Span<UInt8>, mode: UInt32
    ) throws(FileError) {
        let place = try FilePath(path)
        let parent = try place.openParent()
        let parentStatus = try at(path) { () throws(SystemError) in try parent.status() }
        try Trust.requireParent(parentStatus, of: place)
        let file = try at(path) { () throws(SystemError) in
            try parent.open(place.name, for: .creating(mode: mode & 0o600))
        }
        do {
            // The umask may have taken bits away; none was ever too many.
            try file.setMode(mode)
            try file.write(contents)
            try file.sync()
            try parent.sync()
        } catch {
            // The first failure is the one to tell.
            try? parent.remove(place.name)
            throw FileError(path, error)
        }
    }

    /// Gives the file this content, at once: a crash leaves the old one or the new one, and perhaps
    /// `path.part`, which the next replacement removes.
    package static func replace(
        _ path: String, contents: Span<UInt8>, mode: UInt32
    ) throws(FileError) {
        let part = path + ".part"
        _ = try remove(part)
        try create(part, contents: contents, mode: mode)
        try rename(part, to: path)
    }

    /// Removes a file, and the removal is on the disk. False: there was none.
    package static func remove(_ path: String) throws(FileError) -> Bool {
        try remove(nil, besides: FilePath(path))
    }

    /// Removes `name`, or the file itself, from the directory of `place`.
    static func remove(_ name: String?, besides place: FilePath) throws(FileError) -> Bool {
        let removed = try unlessMissing { () throws(FileError) -> Bool? in
            let parent = try place.openParent()
            try at(place.text) { () throws(SystemError) in
                try parent.remove(name ?? place.name)
                try parent.sync()
            }
            return true
        }
        return removed ?? false
    }

    /// Gives a file another name in its directory, replacing what has that name; the change is on
    /// the disk when this returns.
    package static func rename(_ path: String, to newPath: String) throws(FileError) {
        let place = try FilePath(path)
        let newPlace = try FilePath(newPath)
        precondition(place.parent == newPlace.parent, "a rename stays in its directory")
        let parent = try place.openParent()
        try at(path) { () throws(SystemError) in
            try parent.rename(place.name, to: newPlace.name)
            try parent.sync()
        }
    }

    /// What the file is, a link not followed; nil: there is none, or it is no regular file.
    package static func state(_ path: String) throws(FileError) -> FileState? {
        let place = try FilePath(path)
        return try unlessMissing { () throws(FileError) -> FileState? in
            let parent = try place.openParent()
            let status = try at(path) { () throws(SystemError) in
                try parent.status(of: place.name)
            }
            return status.kind == .regular ? FileState(status) : nil
        }
    }
}

/// Who has a file, and how.
package struct FileState: Hashable, Sendable {
    /// The owner.
    package let userID: UInt32
    /// The group.
    package let groupID: UInt32
    /// The permission bits.
    package let mode: UInt32
    /// The length in bytes.
    package let byteCount: Int64

    init(_ status: FileStatus) {
        userID = status.userID
        groupID = status.groupID
        mode = status.mode
        byteCount = status.byteCount
    }
}
