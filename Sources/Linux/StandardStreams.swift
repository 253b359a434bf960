import Glibc

/// What this program writes to whoever started it.
package enum StandardStreams {
    /// Writes to standard output, all of it. False when nobody reads any longer, or the disk behind
    /// it is full.
    @discardableResult
    package static func writeOutput(_ bytes: Span<UInt8>) -> Bool {
        write(bytes, to: STDOUT_FILENO)
    }

    /// Writes to standard error, all of it.
    @discardableResult
    package static func writeError(_ bytes: Span<UInt8>) -> Bool { write(bytes, to: STDERR_FILENO) }

    private static func write(_ bytes: Span<UInt8>, to number: Int32) -> Bool {
        bytes.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return true }
            var written = 0
            while written < buffer.count {
                let count = Glibc.write(number, start + written, buffer.count - written)
                if count < 0 {
                    if errno == EINTR { continue }
                    return false
                }
                written += count
            }
            return true
        }
    }
}
