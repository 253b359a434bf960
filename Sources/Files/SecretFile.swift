import Linux
import Secrets

/// A file that holds key material.
package enum SecretFile {
    /// Reads at most `limit` bytes of a key file, and refuses, never warns, when the file is a
    /// symbolic link or no regular file, has a second name, belongs to another than root or us, or
    /// may be read or written by anybody else. A systemd credential that an access list opens to
    /// this user alone passes (systemd.exec(5), `LoadCredential=`).
    package static func read(_ path: String, limit: Int) throws(FileError) -> SecretBytes {
        _ = try FilePath(path)
        let file = try at(path) { () throws(SystemError) in
            try Descriptor.open(path, for: .reading)
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
        if status.mode & 0o077 != 0 {
            let isForUsAlone = try at(path) { () throws(SystemError) in
                try AccessList.opensOnlyToCaller(file)
            }
            // The bits of the group are then the list's mask, and say nothing of a group.
            guard status.mode & 0o007 == 0, isForUsAlone else {
                throw FileError(path, .readableByOthers(mode: status.mode))
            }
        }
        return try contents(of: file, path: path, limit: limit)
    }

    /// Makes a key file that must not exist yet: owner alone, on the disk with its name when this
    /// returns. What could not be finished is removed again.
    ///
    /// Throws `exists`, `noSpace` and every looseness of the directory.
    package static func create(
        _ path: String, contents: borrowing SecretBytes, mode: UInt32 = 0o400
    ) throws(FileError) {
        precondition(mode & 0o077 == 0, "a secret is for its owner alone")
        try PlainFile.create(path, contents: contents.bytes, mode: mode)
    }

    /// All of an open file.
    static func contents(
        of file: borrowing Descriptor, path: String, limit: Int
    ) throws(FileError) -> SecretBytes {
        // One byte more than allowed tells a full buffer from too much.
        var bytes = try secretBuffer(limit + 1, for: path)
        do {
            while bytes.count <= limit {
                switch try file.read(into: &bytes) {
                case .bytes: continue
                case .end, .nothingYet: return bytes
                }
            }
        } catch {
            throw FileError(path, error)
        }
        throw FileError(path, .tooLarge(limit: limit))
    }
}
