import Linux

/// A directory that many files without secrets are written into, each whole under its name, by one
/// process at a time. What lies in it is as open to others as it is itself.
package struct ExportDirectory: ~Copyable, Sendable {
    private let path: String
    private let directory: Descriptor
    private let mode: UInt32

    /// Opens the directory, which is made for us alone when there is none. Nil: another process is
    /// writing into it.
    package static func open(_ path: String) throws(FileError) -> ExportDirectory? {
        let place = try FilePath(path)
        let parent = try place.openParent()
        let directory = try at(path) { () throws(SystemError) in
            try parent.openOrMakeDirectory(place.name, mode: 0o700)
        }
        let status = try at(path) { () throws(SystemError) in try directory.status() }
        let isOurs = try at(path) { () throws(SystemError) in try directory.tryLock(.exclusive) }
        return isOurs
            ? ExportDirectory(path: path, directory: directory, mode: status.mode & 0o755) : nil
    }

    /// What a file in it holds, at most `limit` bytes; nil: there is none.
    package borrowing func read(_ name: String, limit: Int) throws(FileError) -> [UInt8]? {
        let whole = "\(path)/\(name)"
        let bytes: [UInt8]?
        do {
            bytes = try directory.open(name, for: .reading).readAll(limit: limit)
        } catch {
            guard error.cause == .notFound else { throw FileError(whole, error) }
            return nil
        }
        guard let bytes else { throw FileError(whole, .tooLarge(limit: limit)) }
        return bytes
    }

    /// Writes a file, whose directories are made. It is on the disk for certain after `sync`.
    package borrowing func write(
        _ relativePath: String, _ bytes: Span<UInt8>
    ) throws(FileError) {
        let whole = "\(path)/\(relativePath)"
        let parts = relativePath.split(separator: "/").map(String.init)
        precondition(!parts.isEmpty && !parts.contains("..") && !parts.contains("."))
        let parent = try at(whole) { () throws(SystemError) -> Descriptor in
            var parent = try directory.open(".", for: .directory)
            for part in parts.dropLast() {
                parent = try parent.openOrMakeDirectory(part, mode: mode | 0o700)
            }
            return parent
        }
        // No other process writes here, so what a crash left behind is ours to remove.
        let name = parts[parts.count - 1]
        let leftover = DestinationFile.temporaryName(for: name, suffix: Self.suffix)
        try? parent.remove(leftover)  // mostly there is none, and else making it again tells
        var file = try ExportFile.create(
            whole, name, in: parent, mode: mode & 0o644 | 0o600, suffix: Self.suffix)
        try file.append(bytes)
        try file.finishWithoutSync()
    }

    private static let suffix = "part"

    /// Forces everything that was written to the disk.
    package borrowing func sync() throws(FileError) {
        do {
            try directory.syncFileSystem()
        } catch {
            throw FileError(path, error)
        }
    }
}

extension Descriptor {
    /// The directory of this name, never through a symbolic link; made with this mode if need be.
    fileprivate borrowing func openOrMakeDirectory(
        _ name: String, mode: UInt32
    ) throws(SystemError) -> Descriptor {
        do {
            return try open(name, for: .directory)
        } catch {
            guard error.cause == .notFound else { throw error }
        }
        try makeDirectory(name, mode: mode)
        let made = try open(name, for: .directory)
        // The umask may have taken bits away.
        try made.setMode(mode)
        return made
    }
}
