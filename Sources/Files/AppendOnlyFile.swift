import Linux

/// A file that only grows, such as a list of checkpoints.
package struct AppendOnlyFile: ~Copyable, Sendable {
    /// What it is opened for.
    package enum Purpose: Hashable, Sendable {
        case reading
        /// To add at its end (O_APPEND), which a file marked append-only (chattr(1), +a) allows.
        case appending
    }

    private let path: String
    private let file: Descriptor

    /// Opens a file that is there. Throws `notFound`, and what is loose about the file or its
    /// directory: whoever may write there may put another file in this one's place.
    package init(_ path: String, for purpose: Purpose) throws(FileError) {
        let place = try FilePath(path)
        let parent = try place.openParent()
        let parentStatus = try at(path) { () throws(SystemError) in try parent.status() }
        try Trust.requireParent(parentStatus, of: place)
        let file = try at(path) { () throws(SystemError) in
            try parent.open(place.name, for: purpose == .reading ? .reading : .appending)
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
        self.path = path
        self.file = file
    }

    /// Which file it is, and how long: the same twice when nobody has added to it or replaced it.
    package struct Extent: Hashable, Sendable {
        private let device: UInt64
        private let inode: UInt64
        /// The length in bytes.
        package let byteCount: Int

        fileprivate init(_ status: FileStatus) {
            device = status.device
            inode = status.inode
            byteCount = Int(status.byteCount)
        }

        /// Whether it is the same file, perhaps of another length.
        package func isSameFile(as other: Extent) -> Bool {
            (device, inode) == (other.device, other.inode)
        }
    }

    /// Which file it is, and how long now.
    package var extent: Extent {
        borrowing get throws(FileError) {
            Extent(try at(path) { () throws(SystemError) in try file.status() })
        }
    }

    /// At most `limit` bytes from this place on; fewer at its end.
    package borrowing func read(from offset: Int, limit: Int) throws(FileError) -> [UInt8] {
        do {
            return try file.read(from: offset, limit: limit)
        } catch {
            throw FileError(path, error)
        }
    }

    /// Adds `bytes`; they are on the disk after `sync`. When it throws, a part of them may be there:
    /// who reads the file must know a torn end.
    package borrowing func append(_ bytes: Span<UInt8>) throws(FileError) {
        try at(path) { () throws(SystemError) in try file.write(bytes) }
    }

    /// Puts on the disk what anybody has added so far.
    package borrowing func sync() throws(FileError) {
        try at(path) { () throws(SystemError) in try file.sync() }
    }
}
