import CLinux
import Glibc
import OpenSSL
import Secrets

extension Descriptor {
    /// Writes all of `bytes`, however often the kernel takes only a part (write(2)).
    package borrowing func write(_ bytes: Span<UInt8>) throws(SystemError) {
        try Self.write(bytes, toOpen: number)
    }

    /// Whether whoever started this program handed this descriptor over: what is opened here is closed
    /// on exec (FD_CLOEXEC), so that none of its own files is taken for one.
    package static func isInherited(_ number: Int32) -> Bool {
        let flags = fcntl(number, F_GETFD)
        return flags >= 0 && flags & FD_CLOEXEC == 0
    }

    /// The same to a descriptor that somebody else owns, such as the shell that started this program.
    package static func write(
        _ bytes: Span<UInt8>, toOpen number: Int32
    ) throws(SystemError) {
        let number = number
        try bytes.withUnsafeBufferPointer { (bytes) throws(SystemError) in
            guard var next = bytes.baseAddress else { return }
            var left = bytes.count
            while left > 0 {
                let written = Glibc.write(number, next, left)
                if written < 0 {
                    if errno == EINTR { continue }
                    throw SystemError("write")
                }
                next += written
                left -= written
            }
        }
    }

    /// Adds what can be read now to the end of `buffer`, at most its free room (read(2)).
    package borrowing func read(into buffer: inout SecretBytes) throws(SystemError) -> ReadResult {
        let room = buffer.capacity - buffer.count
        precondition(room > 0, "no room to read into")
        // SecretBytes shows nobody its free room, so the kernel writes into a second such buffer.
        guard var scratch = try? SecureBuffer(capacity: min(room, 16_384)) else {
            throw SystemError(number: ENOMEM, operation: "secure heap")
        }
        let number = number
        var result = ReadResult.end
        try scratch.fill { (target) throws(SystemError) in
            while true {
                let count = Glibc.read(number, target.baseAddress, target.count)
                if count > 0 { result = .bytes(count) }
                if count >= 0 { return count }
                switch errno {
                case EINTR: continue
                case EAGAIN:
                    result = .nothingYet
                    return 0
                default: throw SystemError("read")
                }
            }
        }
        buffer.append(scratch.bytes)
        return result
    }

    /// All that is left to read, or nil when it is more than `limit` bytes.
    package borrowing func readAll(limit: Int) throws(SystemError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        let number = number
        let count = try bytes.withUnsafeMutableBufferPointer {
            (bytes) throws(SystemError) -> Int in
            var filled = 0
            while filled < bytes.count {
                let count = Glibc.read(
                    number, bytes.baseAddress.map { $0 + filled }, bytes.count - filled)
                if count == 0 { break }
                if count < 0 {
                    if errno == EINTR { continue }
                    throw SystemError("read")
                }
                filled += count
            }
            return filled
        }
        guard count <= limit else { return nil }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// At most `limit` bytes from this place on, or fewer at the end of the file (pread(2)).
    package borrowing func read(from offset: Int, limit: Int) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        let number = number
        let count = try bytes.withUnsafeMutableBufferPointer {
            (bytes) throws(SystemError) -> Int in
            var filled = 0
            while filled < bytes.count {
                let count = pread(
                    number, bytes.baseAddress.map { $0 + filled }, bytes.count - filled,
                    off_t(offset + filled))
                if count == 0 { break }
                if count < 0 {
                    if errno == EINTR { continue }
                    throw SystemError("pread")
                }
                filled += count
            }
            return filled
        }
        bytes.removeLast(limit - count)
        return bytes
    }

    /// The next bytes, at most `count` of them and none at the end; waits for a pipe (read(2)).
    package borrowing func read(upTo count: Int) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let number = number
        while true {
            let count = bytes.withUnsafeMutableBytes {
                Glibc.read(number, $0.baseAddress, $0.count)
            }
            if count >= 0 {
                bytes.removeLast(bytes.count - count)
                return bytes
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: _ = try Poll.wait(for: [number], timeout: .seconds(60))
            default: throw SystemError("read")
            }
        }
    }

    /// The bytes of a file from this place on, at most `count` of them and none at the end (pread(2)).
    package borrowing func read(upTo count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let number = number
        while true {
            let count = bytes.withUnsafeMutableBytes {
                pread(number, $0.baseAddress, $0.count, off_t(offset))
            }
            if count >= 0 {
                bytes.removeLast(bytes.count - count)
                return bytes
            }
            guard errno == EINTR else { throw SystemError("pread") }
        }
    }

    /// Forces all of the file system that it is on to the disk (syncfs(2)).
    package borrowing func syncFileSystem() throws(SystemError) {
        try require(cl_sync_file_system(number) == 0, "syncfs")
    }

    /// Forces the contents, or a directory's names, to the disk (fsync(2)). An error means that
    /// what was written may be lost; asking again proves nothing.
    package borrowing func sync() throws(SystemError) {
        while fsync(number) != 0 {
            guard errno == EINTR else { throw SystemError("fsync") }
        }
    }

    /// Cuts the file to nothing and writes `text` at its start (ftruncate(2), pwrite(2)).
    package borrowing func rewrite(_ text: String) throws(SystemError) {
        try require(ftruncate(number, 0) == 0, "ftruncate")
        var text = text
        let number = number
        let written = text.withUTF8 { pwrite(number, $0.baseAddress, $0.count, 0) == $0.count }
        try require(written, "pwrite")
    }
}

/// What came of one read.
package enum ReadResult: Hashable, Sendable {
    /// So many bytes were added.
    case bytes(Int)
    /// The other side is gone, or the file is at its end.
    case end
    /// Nothing is there yet (O_NONBLOCK).
    case nothingYet
}
