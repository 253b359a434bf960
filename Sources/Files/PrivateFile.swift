import Linux
import Secrets

/// A file with a secret for one program that wants a path, in a directory of its own. It is in memory,
/// nobody else can look into its directory, and it ends with the program.
package enum PrivateFile {
    private static let name = "secret"
    private static let prefix = "hook-"

    /// The directory that a program's file will be in: the caller writes it down before it exists, so
    /// that it can be found after a crash.
    /// - Parameter suffix: letters and digits, never used twice.
    package static func place(in base: String, suffix: String) -> String {
        "\(base)/\(prefix)\(suffix)"
    }

    /// Whether a path has the form of those that `place` makes.
    package static func isPlace(_ path: String, in base: String) -> Bool {
        guard path.hasPrefix("\(base)/\(prefix)") else { return false }
        return path.dropFirst(base.utf8.count + 1 + prefix.utf8.count).utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
    }

    /// Whether a file could be made under this directory now: it is there, ours or root's, written by
    /// nobody else, and in memory. Throws what is not; `notFound` where there is none yet.
    package static func check(_ base: String) throws(FileError) {
        let directory = try at(base) { () throws(SystemError) in
            try Descriptor.openDirectoryWithoutLinks(base)
        }
        let status = try at(base) { () throws(SystemError) in try directory.status() }
        guard Trust.isOwner(status.userID) else {
            throw FileError(
                base, .wrongOwner(expected: Caller.effectiveUserID, found: status.userID))
        }
        guard status.mode & Trust.writableByOthers == 0 else {
            throw FileError(base, .writableByOthers(mode: status.mode))
        }
        try at(base) { () throws(SystemError) in try directory.requireWritableDirectory() }
        let fileSystem = try at(base) { () throws(SystemError) in
            try directory.fileSystemStatus()
        }
        guard fileSystem.isInMemory else { throw FileError(base, .notInMemory) }
    }

    /// Makes the directory and in it the file, 0400, whose path is returned.
    /// - Parameter owner: who will read it; nil: this program's user. Another one may pass through
    ///   the directory, whose name nobody knows and nobody can list, and no third may open the file.
    package static func create(
        _ place: String, contents: borrowing SecretBytes, owner: UInt32?
    ) throws(FileError) -> String {
        try Directory.create(place, mode: owner == nil ? 0o700 : 0o711)
        let path = "\(place)/\(name)"
        try DestinationFile(path: path, owner: owner, mode: 0o400)
            .replace(
                with: contents,
                temporaryName: DestinationFile.temporaryName(for: path, suffix: "new"))
        return path
    }

    /// Removes the directory with what is in it. False: there was none.
    package static func remove(_ place: String) throws(FileError) -> Bool {
        let names = try unlessMissing { () throws(FileError) -> [String]? in
            try Directory.names(place)
        }
        for name in names ?? [] { _ = try PlainFile.remove("\(place)/\(name)") }
        return try Directory.removeEmpty(place)
    }
}
