import CLinux
import Glibc

/// What this program does to itself before it reads a key.
package enum Hardening {
    /// Leaves no memory behind and hides its own from others, for itself and for every child: not
    /// dumpable (PR_SET_DUMPABLE(2const)), no core files (RLIMIT_CORE), files for the owner alone
    /// (umask(2) 077); and orphans of its children become its own (PR_SET_CHILD_SUBREAPER(2const)).
    /// Once, at the start, before there are threads that make files.
    package static func apply() throws(SystemError) {
        try require(cl_set_dumpable(0) == 0, "prctl")
        try require(cl_forbid_core_dumps() == 0, "setrlimit")
        // Swift's own crash reports print what registers point at, which may be a secret.
        try require(cl_crash_in_silence() == 0, "signal")
        try require(cl_set_child_subreaper(1) == 0, "prctl")
        umask(0o077)
    }

    /// Whether the parts that can be asked for are in force.
    package static var isApplied: Bool {
        var limit = rlimit()
        let core = __rlimit_resource_t(RLIMIT_CORE.rawValue)
        guard getrlimit(core, &limit) == 0 else { return false }
        return cl_get_dumpable() == 0 && cl_get_child_subreaper() == 1 && limit.rlim_max == 0
    }
}
