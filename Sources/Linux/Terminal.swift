import CLinux
import Glibc
import Secrets

/// Why a person or a pipe gave no secret.
package enum InputError: Error, Hashable, Sendable {
    /// There is no terminal to ask on.
    case noTerminal
    /// The input ended before a line did.
    case ended
    /// More came than fits.
    case tooLong(limit: Int)
    /// The secure heap is full.
    case outOfSecureMemory
    /// A signal asked the program to end meanwhile.
    case interrupted
    /// The system refused.
    case system(SystemError)
}

/// The terminal that a person sits at.
package enum Terminal {
    /// A stream of this program.
    package enum Stream: Hashable, Sendable {
        case standardInput
        case standardOutput
        case standardError

        package var number: Int32 {
            switch self {
            case .standardInput: STDIN_FILENO
            case .standardOutput: STDOUT_FILENO
            case .standardError: STDERR_FILENO
            }
        }
    }

    /// Whether the stream is a terminal (isatty(3)).
    package static func isTerminal(_ stream: Stream) -> Bool { isatty(stream.number) == 1 }

    /// The columns of the terminal that standard output is, or nil (TIOCGWINSZ(2const)).
    package static var width: Int? {
        let columns = cl_terminal_width(STDOUT_FILENO)
        return columns > 0 ? Int(columns) : nil
    }

    /// Writes `prompt` to /dev/tty and reads one line of at most `limit` bytes from it without
    /// showing it. The line's end is not part of it. The echo is back when this returns or throws,
    /// and when SIGINT, SIGTERM, SIGHUP or SIGQUIT ends the program meanwhile.
    /// - Parameter isStopping: whether a signal has come that is only remembered; then `interrupted` is
    ///   thrown.
    package static func readLine(
        prompt: String, limit: Int, isStopping: () -> Bool
    ) throws(InputError) -> SecretBytes {
        do {
            let opened = cl_openat(AT_FDCWD, "/dev/tty", O_RDWR, 0)
            guard opened >= 0 else { throw InputError.noTerminal }
            let terminal = Descriptor(adopting: opened)
            try terminal.write(Array(prompt.utf8).span)
            return try readLine(from: terminal, limit: limit, isStopping: isStopping)
        } catch let error as SystemError {
            throw .system(error)
        } catch let error as InputError {
            throw error
        } catch {
            throw .noTerminal
        }
    }

    /// The same from an open terminal, without a prompt.
    static func readLine(
        from terminal: borrowing Descriptor, limit: Int, isStopping: () -> Bool = { false }
    ) throws(InputError) -> SecretBytes {
        guard isatty(terminal.number) == 1 else { throw .noTerminal }
        guard cl_echo_off(terminal.number) == 0 else { throw .system(SystemError("tcsetattr")) }
        // What goes wrong here leaves nothing that this program could still do about it.
        defer { _ = cl_echo_restore() }
        return try StandardInput.readLine(
            from: terminal, limit: limit, isStopping: isStopping)
    }
}
