import Linux

/// What is too long to be kept in memory until it is handed on, without a secret in it. The file has
/// no name, so that nothing is left of it, however the program ends.
package struct SpillFile: ~Copyable, Sendable {
    private let path: String
    private let file: Descriptor

    /// - Parameter path: the name that it has for an instant; nothing may have it.
    package static func create(_ path: String) throws(FileError) -> SpillFile {
        let place = try FilePath(path)
        let directory = try place.openParent()
        let file = try at(path) { () throws(SystemError) in
            let file = try directory.open(place.name, for: .scratch)
            try directory.remove(place.name)
            return file
        }
        return SpillFile(path: path, file: file)
    }

    private init(path: String, file: consuming Descriptor) {
        self.path = path
        self.file = file
    }

    /// Adds to its end.
    package borrowing func append(_ bytes: Span<UInt8>) throws(FileError) {
        do {
            try file.write(bytes)
        } catch {
            throw FileError(path, error)
        }
    }

    /// What stands from a place on, at most `count` bytes; none at the end.
    package borrowing func read(from offset: Int, upTo count: Int) throws(FileError) -> [UInt8] {
        do {
            return try file.read(upTo: count, at: offset)
        } catch {
            throw FileError(path, error)
        }
    }
}
