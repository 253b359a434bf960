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

    init(database: Database, now: Timestamp, trail: Trail) {
        self.database = database
        self.now = now
        self.trail = trail
    }

    /// Appends an entry to the audit trail.
    package func append(_ event: Event) throws {
        try trail.append(event, at: now, to: database)
    }

    /// Takes the trail back to where a savepoint found it.
    func restore(_ trail: Trail) { self.trail = trail }
}
