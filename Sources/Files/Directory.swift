import Linux

/// A directory.
package enum Directory {
    /// Makes a directory that must not exist yet, with exactly this mode; its name is on the disk
    /// when this returns. Throws `exists`, and every looseness of the directory it is in.
    package static func create(_ path: String, mode: UInt32 = 0o700) throws(FileError) {
        let place = try FilePath(path)
        let parent = try place.openParent()
        let parentStatus = try at(path) { () throws(SystemError) in try parent.status() }
        try Trust.requireParent(parentStatus, of: place)
        try at(path) { () throws(SystemError) in
            try parent.makeDirectory(place.name, mode: mode & 0o700)
            try parent.open(place.name, for: .directory).setMode(mode)
            try parent.sync()
        }
    }

    /// Whether a directory is fit to hold the state: no symbolic link on the way, ours or root's,
    /// written by nobody else and closed to the world, with a local file system under it, since locks and syncs mean less
    /// on others. No effect.
    package static func checkState(
        _ path: String, allowingNetwork: Bool = false
    ) throws(FileError) {
        let directory = try open(path)
        let status = try at(path) { () throws(SystemError) in try directory.status() }
        guard Trust.isOwner(status.userID) else {
            throw FileError(
                path, .wrongOwner(expected: Caller.effectiveUserID, found: status.userID))
        }
        guard status.mode & Trust.writableByOthers == 0 else {
            throw FileError(path, .writableByOthers(mode: status.mode))
        }
        guard status.mode & 0o007 == 0 else {
            throw FileError(path, .openToOthers(mode: status.mode))
        }
        try at(path) { () throws(SystemError) in try directory.requireWritableDirectory() }
        let fileSystem = try at(path) { () throws(SystemError) in
            try directory.fileSystemStatus()
        }
        guard allowingNetwork || !fileSystem.isNetwork else {
            throw FileError(path, .onNetworkFileSystem)
        }
    }

    /// The names in it, sorted, without `.` and `..`.
    package static func names(_ path: String) throws(FileError) -> [String] {
        let directory = try open(path)
        return try at(path) { () throws(SystemError) in try directory.names() }
    }

    /// Removes it when it is empty, and the removal is on the disk. False: there was none.
    package static func removeEmpty(_ path: String) throws(FileError) -> Bool {
        let place = try FilePath(path)
        let removed = try unlessMissing { () throws(FileError) -> Bool? in
            let parent = try place.openParent()
            try at(path) { () throws(SystemError) in
                try parent.removeDirectory(place.name)
                try parent.sync()
            }
            return true
        }
        return removed ?? false
    }

    /// The bytes that may still be written to the file system under it.
    package static func freeBytes(_ path: String) throws(FileError) -> UInt64 {
        let directory = try open(path)
        return try at(path) { () throws(SystemError) in try directory.fileSystemStatus() }.freeBytes
    }

    private static func open(_ path: String) throws(FileError) -> Descriptor {
        _ = path == "/" ? nil : try FilePath(path)
        return try at(path) { () throws(SystemError) in
            try Descriptor.openDirectoryWithoutLinks(path)
        }
    }
}
