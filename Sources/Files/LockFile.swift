import Linux

/// A lock that the kernel keeps: it ends with its holder, however that dies, and is never stolen.
package struct LockFile: ~Copyable, Sendable {
    /// Shared with others, or alone.
    package typealias Kind = LockKind

    private let file: Descriptor
    private let kind: LockKind

    /// Takes the lock at `path` if it is free, and makes its file, 0600, when it is absent. Nil:
    /// somebody else has it. A holder that has it alone writes down who it is. It is released when
    /// the value ends.
    ///
    /// The file itself stays: a lock whose file could vanish would be two locks.
    package static func tryLock(
        _ path: String, _ kind: LockKind
    ) throws(FileError) -> LockFile? {
        let place = try FilePath(path)
        let parent = try place.openParent()
        let parentStatus = try at(path) { () throws(SystemError) in try parent.status() }
        try Trust.requireParent(parentStatus, of: place)
        let file = try at(path) { () throws(SystemError) in
            try parent.open(place.name, for: .locking(mode: 0o600))
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
        let isOurs = try at(path) { () throws(SystemError) in try file.tryLock(kind) }
        guard isOurs else { return nil }
        if kind == .exclusive, let own = try? ProcessIdentity.current() {
            // The lock holds without the name, also on a full disk; only nobody can tell whose.
            try? file.rewrite("\(own)\n")
        }
        return LockFile(file: file, kind: kind)
    }

    private init(file: consuming Descriptor, kind: LockKind) {
        self.file = file
        self.kind = kind
    }

    deinit {
        // A stale name would do no harm, since its start time is asked; it is only untidy.
        if kind == .exclusive { try? file.rewrite("") }
        // What cannot be given back ends with the descriptor.
        try? file.unlock()
    }

    /// The process that has the lock at `path` alone, if it wrote its name and is alive.
    package static func holder(_ path: String) throws(FileError) -> ProcessIdentity? {
        let place = try FilePath(path)
        return try unlessMissing { () throws(FileError) -> ProcessIdentity? in
            let parent = try place.openParent()
            let bytes = try at(path) { () throws(SystemError) in
                try parent.open(place.name, for: .reading).readAll(limit: 256)
            }
            guard let bytes, bytes.last == UInt8(ascii: "\n"),
                let holder = ProcessIdentity(String(decoding: bytes.dropLast(), as: UTF8.self)),
                holder.isAlive
            else { return nil }
            return holder
        }
    }
}
