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
    /// Entries of the change under way. They go into the trail when it is made, and the last about
    /// each secret says what its rows are then.
    private var pending: [Event] = []
    /// What was edited beside the trail: no entry covers its rows before a person accepts them.
    private var unsigned = Unsigned()
    /// Changes that need no entry.
    private var notedChanges = 0

    init(database: Database, now: Timestamp, trail: Trail) {
        self.database = database
        self.now = now
        self.trail = trail
    }

    /// Has an entry appended to the audit trail when the change is made.
    package func append(_ event: Event) { pending.append(event) }

    /// Finds out whether the rows that are about to be changed are what the trail says: an entry
    /// must not cover with our signature what somebody edited.
    func distrustEdited(_ secrets: [SecretReference]) throws {
        try distrustEditedRows(of: secrets)
        if try !Store.Head(trail).hasStateRows(in: database) { unsigned.isState = true }
    }

    /// The same for rows of secrets alone, where those about no secret were changed before.
    func distrustEditedRows(of secrets: [SecretReference]) throws {
        let head = Store.Head(trail)
        for secret in secrets where try !head.hasRows(of: secret.id, in: database) {
            unsigned.secrets.insert(secret.id)
        }
    }

    /// Appends the entries of a change that is made.
    func flush() throws {
        var events = pending
        pending = []
        var covered: Set<Identifier> = []
        var isStateCovered = false
        for index in events.indices.reversed() {
            if let id = events[index].secret?.id, covered.insert(id).inserted,
                !unsigned.secrets.contains(id)
            {
                events[index].rows = try TableRows.digest(of: id.text, in: database)
            }
            if events[index].type.isAboutState, !isStateCovered {
                isStateCovered = true
                if !unsigned.isState {
                    events[index].stateRows = try TableRows.digestOfState(in: database)
                }
            }
        }
        for event in events { try trail.append(event, at: now, to: database) }
        unsigned = Unsigned()
    }

    private struct Unsigned {
        var secrets: Set<Identifier> = []
        var isState = false
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
        Progress(changes: database.totalChanges - notedChanges, size: trail.size + pending.count)
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
    func restore(_ trail: Trail) {
        self.trail = trail
        pending = []
        unsigned = Unsigned()
    }
}
