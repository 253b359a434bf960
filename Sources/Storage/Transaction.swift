import Audit
import Rotations
import SQLite

/// One change of state and its entries, inside a commit that others may share (P33).
///
/// It lives only as long as the closure that it is handed to.
package final class Transaction {
    let database: Database
    /// The one time of everything in it.
    package let now: Timestamp
    private(set) var trail: Trail
    /// Changes that need no entry.
    private var notedChanges = 0

    init(database: Database, now: Timestamp, trail: Trail) {
        self.database = database
        self.now = now
        self.trail = trail
    }

    /// Appends an entry to the audit trail.
    package func append(_ event: Event) throws {
        try trail.append(event, at: now, to: database)
    }

    /// Notes for recovery beside an intent that has its entry, such as the process of a hook (P23):
    /// the one kind of change that writes no entry of its own.
    func noting(_ body: () throws -> Void) rethrows {
        let before = database.totalChanges
        try body()
        notedChanges += database.totalChanges - before
    }

    /// How much of what was changed needs an entry, and how many entries there are.
    struct Progress {
        fileprivate let changes: Int
        fileprivate let size: Int
    }

    var progress: Progress {
        Progress(changes: database.totalChanges - notedChanges, size: trail.size)
    }

    /// Throws when state was changed since and no entry says so (invariant 3).
    func requireEntry(since before: Progress) throws {
        guard progress.changes == before.changes || progress.size > before.size else {
            throw StorageError.refused("a change without an entry in the audit trail")
        }
    }

    /// Has another key sign this transaction's checkpoint and all after it.
    func hand(over signer: NoteSigner) { trail.hand(over: signer) }

    /// Takes the trail back to where a savepoint found it.
    func restore(_ trail: Trail) { self.trail = trail }
}
