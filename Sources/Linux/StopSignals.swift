import CLinux

/// SIGINT, SIGTERM and SIGHUP, which ask the program to end once what it is doing is written down.
package enum StopSignals {
    /// From now on these signals end nothing; they are remembered.
    package static func remember() throws(SystemError) {
        try require(cl_remember_stop_signals() == 0, "sigaction")
    }

    /// The number of the first one that came.
    package static var first: Int32? {
        let number = cl_stop_signal()
        return number == 0 ? nil : number
    }
}
