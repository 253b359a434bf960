import Glibc
import Linux
import TestSupport

/// A process beside the test's, which ends with it.
final class OtherProcess {
    let pid: pid_t

    /// Runs a script in a shell.
    init(_ script: String) throws {
        let arguments: [UnsafeMutablePointer<CChar>?] = [
            strdup("/bin/sh"), strdup("-c"), strdup(script), nil,
        ]
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let status = posix_spawn(&pid, "/bin/sh", nil, nil, arguments, environ)
        guard status == 0 else { throw TestFailure.system(status) }
        self.pid = pid
    }

    deinit {
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
    }

    /// Its name for ever.
    var identity: String {
        get throws { try ProcessIdentity.of(pid: pid).description }
    }

    /// Whether it runs.
    var isAlive: Bool { (try? ProcessIdentity.of(pid: pid))?.isAlive ?? false }
}
