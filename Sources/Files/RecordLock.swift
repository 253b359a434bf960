import Linux

/// Locks on parts of a file (fcntl(2), F_SETLK), as SQLite takes them.
package enum RecordLock {
    /// A process that keeps this part of the file at `path` from being written; nil: there is none,
    /// or it is hidden from us.
    ///
    /// Not for a file on which this process has such locks: they would end with the look.
    package static func holder(
        of range: Range<Int64>, in path: String
    ) throws(FileError) -> ProcessIdentity? {
        let place = try FilePath(path)
        let parent = try place.openParent()
        return try at(path) { () throws(SystemError) in
            try parent.open(place.name, for: .reading).recordLockHolder(of: range)
        }
    }
}
