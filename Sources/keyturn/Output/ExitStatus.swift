/// What the exit status says. The first that holds, in this order, is the verdict of a run.
enum ExitStatus: Int32, CaseIterable {
    /// Done, or nothing was due.
    case success = 0
    /// All that was tried failed; or a required delivery, or a debt's retry; a lock-out was refused;
    /// the API cannot be reached.
    case failure = 1
    /// Some failed, some succeeded.
    case partialFailure = 3
    /// Something is unsettled: nobody knows yet whether it happened.
    case unsettled = 4
    /// Another process is busy with it, for 30 seconds.
    case busy = 5
    /// The audit trail is broken, or an anchor shows another history; nothing is signed.
    case brokenTrail = 6
    /// It works, and needs attention: parked, overdue, changed by somebody else, moved to another
    /// machine, a doubtful clock, an anchor that does not show all.
    case attention = 7
    /// The command line is wrong.
    case usage = 64
    /// A file or directory may be read or written by others.
    case loosePermissions = 77
    /// The configuration is wrong, the key is not the right one, the database is newer, an admin is
    /// missing.
    case configuration = 78

    /// The line of the README's table.
    var meaning: String {
        switch self {
        case .success: "done, or nothing was due"
        case .failure: "failed: all that was tried, or a required delivery; API unreachable"
        case .partialFailure: "some failed, some succeeded"
        case .unsettled: "something is unsettled: it may or may not have happened"
        case .busy: "another process was busy with it for 30 seconds"
        case .brokenTrail: "the audit trail is broken, or an anchor shows another history"
        case .attention:
            "attention: parked, overdue, foreign, moved, a doubtful clock, or an anchor behind"
        case .usage: "the command line is wrong"
        case .loosePermissions: "loose permissions: others may read or write something"
        case .configuration: "configuration, wrong key, newer database, missing admin"
        }
    }
}
