import Linux
import OpenSSL

/// How a command ended, and what may be said of what it wrote.
package struct Ended: Hashable, Sendable {
    /// How it ended.
    package let result: Result
    /// What it wrote to its standard output.
    package let standardOutput: Output
    /// What it wrote to its standard error.
    package let standardError: Output
    /// How long it took.
    package let milliseconds: Int

    /// How a command ended.
    package enum Result: Hashable, Sendable {
        /// By itself, with this status.
        case exited(code: Int32)
        /// By this signal, which was not ours.
        case signaled(number: Int32)
        /// It was ended when its time was over, whatever it said then.
        case timedOut
        /// Nothing of it ran.
        case notStarted(NotStarted)
        /// It was started, and its end was not learned.
        case unsettled
    }

    /// What was written to one stream: it may hold a secret, so it is measured and not kept.
    package struct Output: Hashable, Sendable {
        /// The bytes that are hashed.
        package static let limit = 65_536

        /// All bytes that were written, also beyond the limit.
        package let byteCount: Int
        /// The SHA-256 of the first 65,536 bytes, 64 hexadecimal digits.
        package let sha256: String

        /// Whether more was written than is hashed.
        package var isTruncated: Bool { byteCount > Self.limit }
    }

    /// Whether it ended by itself with status 0.
    package var isSuccess: Bool { result == .exited(code: 0) }
}

/// Why nothing of a command ran.
package enum NotStarted: Error, Hashable, Sendable {
    case programNotFound
    case permissionDenied
    /// A relative path, or a zero byte in an argument or the environment.
    case invalid
    /// Another user was asked for, and `/usr/bin/setpriv` is not there.
    case userNotChangeable
    case system(number: Int32, operation: String)

    init(_ error: SystemError) {
        self =
            switch error.cause {
            case .notFound, .notDirectory: .programNotFound
            case .permissionDenied: .permissionDenied
            case .exists, .tooManyLinks, .isDirectory, .notEmpty, .noSpace, .readOnlyFileSystem,
                .unsupported, .wouldBlock, .noSuchProcess, .other:
                .system(number: error.number, operation: error.operation)
            }
    }

    /// One clause, for example `the program may not be run by this user`.
    package var description: String {
        switch self {
        case .programNotFound: "the program, or the interpreter that it names, does not exist"
        case .permissionDenied: "the program may not be run by this user"
        case .invalid: "the program's path is not absolute, or a zero byte is in its arguments"
        case .userNotChangeable: "it is to run as another user, and /usr/bin/setpriv is missing"
        case .system(let number, let operation):
            "\(SystemError(number: number, operation: operation))"
        }
    }
}

/// Why a command gave no secret.
package enum CommandError: Error, Hashable, Sendable {
    /// It did not end by itself with status 0.
    case failed(Ended)
    /// It wrote more than was allowed.
    case tooLong(limit: Int)
    /// The secure heap is full.
    case outOfSecureMemory
}

/// Measures a stream as it passes.
struct OutputMeter: ~Copyable {
    private var hash = SHA256()
    private var byteCount = 0

    mutating func add(_ bytes: Span<UInt8>) {
        let hashed = min(bytes.count, max(0, Ended.Output.limit - byteCount))
        if hashed > 0 { hash.update(bytes.extracting(first: hashed)) }
        byteCount += bytes.count
    }

    consuming func finish() -> Ended.Output {
        Ended.Output(byteCount: byteCount, sha256: Self.hexadecimal(hash.finalize()))
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }
}
