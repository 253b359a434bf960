import Linux

/// A file without secrets that is written part by part and appears under its name only when it is
/// whole; never through a symbolic link. What is not finished leaves nothing behind.
package struct ExportFile: ~Copyable, Sendable {
    private let path: String
    private let name: String
    private let temporaryName: String
    private let directory: Descriptor
    private let file: Descriptor
    private var isFinished = false

    /// - Parameter suffix: of letters, digits and `-`, for the name that it has until it is whole.
    package static func create(
        _ path: String, mode: UInt32 = 0o600, suffix: String
    ) throws(FileError) -> ExportFile {
        let place = try FilePath(path)
        return try create(
            path, place.name, in: place.openParent(), mode: mode, suffix: suffix)
    }

    static func create(
        _ path: String, _ name: String, in directory: consuming Descriptor, mode: UInt32,
        suffix: String
    ) throws(FileError) -> ExportFile {
        try requireReplaceable(name, in: directory, path: path)
        let temporaryName = DestinationFile.temporaryName(for: name, suffix: suffix)
        let file = try make(temporaryName, in: directory, path: path, mode: mode)
        return ExportFile(
            path: path, name: name, temporaryName: temporaryName, directory: directory, file: file)
    }

    private init(
        path: String, name: String, temporaryName: String, directory: consuming Descriptor,
        file: consuming Descriptor
    ) {
        self.path = path
        self.name = name
        self.temporaryName = temporaryName
        self.directory = directory
        self.file = file
    }

    deinit {
        // Whoever did not finish it has told why.
        if !isFinished { try? directory.remove(temporaryName) }
    }

    /// Nothing, or a regular file: a rename would replace a link or a device without a word.
    private static func requireReplaceable(
        _ name: String, in directory: borrowing Descriptor, path: String
    ) throws(FileError) {
        let status: FileStatus
        do {
            status = try directory.status(of: name)
        } catch {
            guard error.cause == .notFound else { throw FileError(path, error) }
            return
        }
        switch status.kind {
        case .regular: return
        case .symbolicLink: throw FileError(path, .isSymbolicLink)
        case .directory, .special: throw FileError(path, .notRegular)
        }
    }

    private static func make(
        _ name: String, in directory: borrowing Descriptor, path: String, mode: UInt32
    ) throws(FileError) -> Descriptor {
        do {
            let file = try directory.open(name, for: .creating(mode: 0o600))
            try file.setMode(mode)
            return file
        } catch {
            throw FileError(path, error)
        }
    }

    /// Adds to its end.
    package borrowing func append(_ bytes: Span<UInt8>) throws(FileError) {
        do {
            try file.write(bytes)
        } catch {
            throw FileError(path, error)
        }
    }

    /// Gives it its name. It is on the disk with its name when this returns.
    package mutating func finish() throws(FileError) {
        do {
            try file.sync()
            try giveName()
            try directory.sync()
        } catch {
            throw FileError(path, error)
        }
    }

    /// Gives it its name, and leaves it to the caller to force all of it to the disk.
    mutating func finishWithoutSync() throws(FileError) {
        do {
            try giveName()
        } catch {
            throw FileError(path, error)
        }
    }

    private mutating func giveName() throws(SystemError) {
        try directory.rename(temporaryName, to: name)
        isFinished = true
    }
}
