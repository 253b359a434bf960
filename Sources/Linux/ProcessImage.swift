import CLinux
import Glibc

/// This process as another program.
package enum ProcessImage {
    /// Becomes the program, found along PATH, with this file as its standard input; the environment,
    /// the directory and the terminal stay (execvp(3)). Returns only when that fails.
    /// - Parameter words: the program and its arguments; none of them holds a secret.
    package static func replace(
        with words: [String], standardInput: consuming SealedMemory
    ) throws(SystemError) -> Never {
        let file = standardInput.release()
        try require(dup2(file, STDIN_FILENO) == STDIN_FILENO, "dup2")
        // This thread, whichever it is, may have blocked what the program expects to hear.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        execvp(words[0], &arguments)
        let failure = SystemError(number: errno, operation: "execve")
        for argument in arguments { free(argument) }
        throw failure
    }
}
