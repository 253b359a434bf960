import Linux

/// What a dead keeper left running.
package enum Stray {
    /// Ends a command that another process of ours started and did not see the end of (P23): asks
    /// its group, waits `grace`, then ends its whole session. False: it was gone already, or its
    /// number is somebody else's now.
    ///
    /// Throws when the process may not be signalled.
    package static func end(
        _ process: ProcessIdentity, grace: Duration = .seconds(5)
    ) async throws(SystemError) -> Bool {
        try await onOwnThread { () -> Result<Bool, SystemError> in
            Result { () throws(SystemError) in
                guard let handle = try ProcessHandle(process),
                    let entry = try ProcessTable.entry(of: process.pid)
                else { return false }
                guard entry.session == process.pid else {
                    // It leads nothing that bears its number; it alone is meant.
                    return try end(handle, grace: grace)
                }
                let session = Session(leader: process.pid)
                let descendants = session.descendants()
                session.ask()
                _ = try handle.waitForExit(timeout: grace)
                // While the leader is there, or has ended just now, its number means its session.
                session.kill(and: descendants)
                return try handle.waitForExit(timeout: .seconds(10))
            }
        }.get()
    }

    private static func end(
        _ handle: borrowing ProcessHandle, grace: Duration
    ) throws(SystemError) -> Bool {
        try handle.send(.terminate)
        if try handle.waitForExit(timeout: grace) { return true }
        try handle.send(.kill)
        return try handle.waitForExit(timeout: .seconds(10))
    }

    /// Kills one process, such as the holder of a lock that an emergency cannot wait for (P2), and
    /// waits until it is gone. False: it still was there after `patience`.
    ///
    /// Throws when the process may not be signalled.
    package static func kill(
        _ process: ProcessIdentity, patience: Duration = .seconds(10)
    ) async throws(SystemError) -> Bool {
        try await onOwnThread { () -> Result<Bool, SystemError> in
            Result { () throws(SystemError) in
                guard let handle = try ProcessHandle(process) else { return true }
                try handle.send(.kill)
                return try handle.waitForExit(timeout: patience)
            }
        }.get()
    }
}
