import Files
import Linux
import Processes
import Rotations
import Storage

extension Program {
    /// The state for an emergency, which waits for no one: a process of ours that keeps the database
    /// for longer than a person waits is ended, as the holder of a secret's lock is (P2).
    func openInEmergency() async throws(Failure) -> Store {
        if let store = try await openIfFree() { return store }
        if let holder = try holder() {
            try await end(holder)
            // Whatever it has sent is carried out by then, or never.
            await clock.wait(Worker.limit)
        }
        return try await open()
    }

    /// The state, if the database can be written now.
    private func openIfFree() async throws(Failure) -> Store? {
        do throws(Failure) {
            let store = try await open()
            try await storing { () async throws(StorageError) in try await store.waitUntilFree() }
            return store
        } catch {
            guard error.status == .busy else { throw error }
            return nil
        }
    }

    /// A process that keeps the database from being written, once no store is open here.
    private func holder() throws(Failure) -> ProcessIdentity? {
        do throws(FileError) {
            return try RecordLock.holder(of: Store.lockBytes, in: directory.database)
        } catch {
            throw Failure(error)
        }
    }

    private func end(_ holder: ProcessIdentity) async throws(Failure) {
        let name = Self.name(of: holder)
        // Nobody is ended but whoever recovers from it (invariant 6).
        guard name == Self.name(of: try? ProcessIdentity.current()),
            (try? await Stray.kill(holder)) ?? false
        else {
            throw Failure(
                "the process \(holder.pid) (\(name ?? "unknown")) keeps the database busy",
                hint: "end it, and give the command again", .busy)
        }
        console.warn("the process \(holder.pid), which kept the database busy, was ended")
    }

    /// The name of its program; nil when it is gone.
    private static func name(of process: ProcessIdentity?) -> String? {
        guard let process else { return nil }
        return ((try? ProcessTable.entry(of: process.pid)) ?? nil)?.name
    }
}
