import Glibc

/// A directory for one test, 0700, that ends with it.
package final class TemporaryDirectory: Sendable {
    /// Where it is, with no symbolic link in the path.
    package let path: String

    /// A new directory in /tmp, or in `parent`.
    package init(in parent: String = "/tmp") throws {
        var template = Array("\(parent)/keyturn-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestFailure.system(errno) }
        path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } } ?? ""
    }

    deinit {
        removeTree(path)
    }

    /// A path in it.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a file with this text, mode and owner, and returns its path.
    @discardableResult
    package func make(
        _ name: String, _ text: String = "", mode: UInt32 = 0o600, owner: UInt32? = nil
    ) throws -> String {
        let path = file(name)
        let opened = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw TestFailure.system(errno) }
        defer { close(opened) }
        let bytes = Array(text.utf8)
        guard write(opened, bytes, bytes.count) == bytes.count,
            fchown(opened, owner ?? .max, .max) == 0, fchmod(opened, mode) == 0
        else { throw TestFailure.system(errno) }
        return path
    }

    /// Makes a directory, and returns its path.
    @discardableResult
    package func makeDirectory(
        _ name: String, mode: UInt32 = 0o700, owner: UInt32? = nil
    ) throws -> String {
        let path = file(name)
        guard mkdir(path, 0o700) == 0, chown(path, owner ?? .max, .max) == 0,
            chmod(path, mode) == 0
        else { throw TestFailure.system(errno) }
        return path
    }

    /// Makes a symbolic link, and returns its path.
    @discardableResult
    package func link(_ name: String, to target: String) throws -> String {
        let path = file(name)
        guard symlink(target, path) == 0 else { throw TestFailure.system(errno) }
        return path
    }

    /// Removes a file.
    package func remove(_ name: String) throws {
        guard unlink(file(name)) == 0 else { throw TestFailure.system(errno) }
    }

    /// What a file holds, or nil.
    package func text(_ name: String) -> String? { Self.text(at: file(name)) }

    /// What a file holds, or nil.
    package static func text(at path: String) -> String? {
        let opened = open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { return nil }
        defer { close(opened) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(opened, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The permission bits of a name in it, which may be a link; nil when there is none.
    package func mode(_ name: String) -> UInt32? {
        var status = stat()
        return lstat(file(name), &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    /// The names in it, sorted.
    package var names: [String] { Self.names(at: path).sorted() }

    /// The names in a directory, in no order.
    package static func names(in path: String) -> [String] { names(at: path) }

    private static func names(at path: String) -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private func removeTree(_ path: String) {
        for name in Self.names(at: path) where unlink("\(path)/\(name)") != 0 {
            removeTree("\(path)/\(name)")
        }
        rmdir(path)
    }
}

/// Why a test could not be set up.
package enum TestFailure: Error {
    case system(Int32)
}

/// Whether the tests run as root: some need another user.
package let isRoot = geteuid() == 0
