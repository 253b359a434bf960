import Glibc
import Secrets

/// What is piped into this program.
package enum StandardInput {
    /// All of standard input, which must not be more than `limit` bytes.
    /// - Parameter isStopping: as for `Terminal.readLine`.
    package static func readAll(
        limit: Int, isStopping: () -> Bool = { false }
    ) throws(InputError) -> SecretBytes {
        try read(from: STDIN_FILENO) { (input) throws(InputError) in
            try readAll(from: input, limit: limit, isStopping: isStopping)
        }
    }

    /// The first line of standard input, of at most `limit` bytes, without its end. The input may
    /// end instead of the line.
    package static func readLine(limit: Int) throws(InputError) -> SecretBytes {
        try read(from: STDIN_FILENO) { (input) throws(InputError) in
            try readLine(from: input, limit: limit)
        }
    }

    /// Lends a descriptor that stays open.
    private static func read(
        from number: Int32, _ body: (borrowing Descriptor) throws(InputError) -> SecretBytes
    ) throws(InputError) -> SecretBytes {
        let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw .system(SystemError("fcntl")) }
        return try body(Descriptor(adopting: copy))
    }

    static func readAll(
        from input: borrowing Descriptor, limit: Int, isStopping: () -> Bool = { false }
    ) throws(InputError) -> SecretBytes {
        // One byte more than allowed tells a full buffer from too much.
        guard var buffer = try? SecretBytes(capacity: limit + 1) else { throw .outOfSecureMemory }
        while buffer.count <= limit, try readSome(from: input, into: &buffer, isStopping) {}
        guard buffer.count <= limit else { throw .tooLong(limit: limit) }
        return buffer
    }

    /// Reads byte by byte, so that nothing behind the line is taken from who reads next.
    static func readLine(
        from input: borrowing Descriptor, limit: Int, isStopping: () -> Bool = { false }
    ) throws(InputError) -> SecretBytes {
        guard var line = try? SecretBytes(capacity: limit),
            var byte = try? SecretBytes(capacity: 1)
        else { throw .outOfSecureMemory }
        while true {
            byte.removeAll()
            guard try readSome(from: input, into: &byte, isStopping) else {
                if line.isEmpty { throw .ended }
                return line
            }
            if byte.bytes[0] == UInt8(ascii: "\n") { return line }
            guard line.append(byte.bytes[0]) else { throw .tooLong(limit: limit) }
        }
    }

    /// False at the end.
    private static func readSome(
        from input: borrowing Descriptor, into buffer: inout SecretBytes,
        _ isStopping: () -> Bool
    ) throws(InputError) -> Bool {
        // A person may type a part of a line, and then give up.
        guard isatty(input.number) == 0 || Poll.waitForLine(on: input.number, unless: isStopping)
        else { throw .interrupted }
        do {
            while true {
                switch try input.read(into: &buffer) {
                case .bytes: return true
                case .end: return false
                // Somebody made it non-blocking.
                case .nothingYet: _ = try Poll.wait(for: [input.number], timeout: .seconds(60))
                }
            }
        } catch {
            throw .system(error)
        }
    }
}
