import Audit
import Files
import OpenSSL
import Rotations
import SQLite
import Secrets
import Synchronization
import Vault

/// The database: every SQL statement is an extension of this type.
///
/// It runs on a thread of its own, since SQLite blocks. Writers that come while a commit is under
/// way share the next one, each in a savepoint of its own (P33).
package actor Store {
    /// What to write and read with.
    package struct Environment: Sendable {
        /// The present, and waiting for other processes.
        package let clock: WallClock
        /// Who writes, for the entries.
        package let context: Entry.Context
        /// Where sealed armour goes when the disk takes nothing any longer (P14).
        package let printArmour: @Sendable (String) -> Void
        /// SQLite's file layer.
        package let vfs: String
        package let migrations: Migrations

        package init(
            clock: WallClock, context: Entry.Context,
            printArmour: @escaping @Sendable (String) -> Void, vfs: String = "unix",
            migrations: Migrations = .shipped
        ) {
            self.clock = clock
            self.context = context
            self.printArmour = printArmour
            self.vfs = vfs
            self.migrations = migrations
        }
    }

    /// How long a statement waits for another process, in milliseconds.
    static let patience = 30_000
    /// How long a secret waits for another process before it goes to the spool (P14).
    static let patienceOfSecrets = 2_000

    nonisolated let thread: SQLiteThread
    nonisolated package let directory: StateDirectory
    nonisolated let environment: Environment
    nonisolated let keys = Mutex<Keys?>(nil)
    nonisolated let sealings = Mutex<[Identifier: SealingBox]>([:])

    var database: Database
    let access: Database.Access
    private let schemaLock: LockFile
    private var waiting: [Commit] = []

    /// What the root key opens.
    struct Keys: Sendable {
        let vault: Vault
        let signer: NoteSigner
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe thread.asUnownedSerialExecutor()
    }

    init(
        _ directory: StateDirectory, _ access: Database.Access, _ environment: Environment,
        _ database: sending Database, _ schemaLock: consuming LockFile
    ) {
        self.directory = directory
        self.environment = environment
        self.access = access
        self.database = database
        self.schemaLock = schemaLock
        thread = SQLiteThread()
    }

    deinit { thread.end() }

    // MARK: Reading

    /// Reads in one consistent snapshot.
    package func read<T: Sendable>(
        _ body: @Sendable (Database) throws -> T
    ) throws(StorageError) -> T {
        do {
            try database.run("BEGIN")
            defer { try? database.run("COMMIT") }  // nothing was written
            return try body(database)
        } catch {
            throw StorageError(error)
        }
    }

    // MARK: Writing

    /// A change that waits for the next commit.
    private struct Commit {
        /// Runs in its savepoint; returns what to do once the commit is durable.
        let run: (Transaction) throws -> () -> Void
        let fail: (StorageError) -> Void
        let isUrgent: Bool
    }

    /// Runs `change` in a transaction and returns once it is durable. What it throws rolls it back
    /// alone; what the commit throws may still have been committed (P34), which is found out here.
    ///
    /// - Parameter isUrgent: wait for other processes two seconds only, for there is another place
    ///   for what is to be written (P14).
    package func commit<T: Sendable>(
        isUrgent: Bool = false, _ change: @escaping @Sendable (Transaction) throws -> T
    ) async throws(StorageError) -> T {
        let result: Result<T, StorageError> = await withCheckedContinuation { continuation in
            waiting.append(
                Commit(
                    run: { transaction in
                        let value = try change(transaction)
                        return { continuation.resume(returning: .success(value)) }
                    }, fail: { continuation.resume(returning: .failure($0)) },
                    isUrgent: isUrgent))
            // The first to wait opens the next commit; whoever comes before it runs shares it.
            if waiting.count == 1 { Task { self.commitWaiting() } }
        }
        return try result.get()
    }

    private func commitWaiting() {
        // What is urgent fails after two seconds of waiting; the others then wait on.
        let isUrgent = waiting.contains { $0.isUrgent }
        let batch = waiting
        waiting = []
        var finished: [(commit: Commit, resume: () -> Void)] = []
        do {
            database.setBusyTimeout(isUrgent ? Self.patienceOfSecrets : Self.patience)
            try database.run("BEGIN IMMEDIATE")
        } catch {
            let error = StorageError(error)
            for commit in batch where commit.isUrgent || !isUrgent || error != .busy {
                commit.fail(error)
            }
            if isUrgent, error == .busy {
                waiting = batch.filter { !$0.isUrgent }
                if !waiting.isEmpty { Task { self.commitWaiting() } }
            }
            return
        }
        var unanswered = batch[...]
        do {
            guard let keys = keys.withLock({ $0 }) else { preconditionFailure("not unlocked") }
            let transaction = Transaction(
                database: database, now: environment.clock.now(),
                trail: try Trail(database, signer: keys.signer, context: environment.context))
            while let commit = unanswered.popFirst() {
                if let resume = try savepoint(commit, in: transaction) {
                    finished.append((commit, resume))
                }
            }
            let note = transaction.trail.hasGrown ? try transaction.trail.sign(in: database) : nil
            try end(transaction, note)
        } catch {
            if database.isInTransaction { try? database.run("ROLLBACK") }  // nothing is committed
            let error = StorageError(error)
            for (commit, _) in finished { commit.fail(error) }
            // Whoever had not had a turn hears of it too: nobody waits for ever.
            for commit in unanswered { commit.fail(error) }
            return
        }
        for (_, resume) in finished { resume() }
    }

    /// Runs one change in its own savepoint; one that fails is rolled back alone (P33).
    private func savepoint(
        _ commit: Commit, in transaction: Transaction
    ) throws -> (() -> Void)? {
        let trail = transaction.trail
        try database.run("SAVEPOINT change")
        do {
            let resume = try commit.run(transaction)
            try database.run("RELEASE change")
            return resume
        } catch {
            transaction.restore(trail)
            commit.fail(StorageError(error))
            // A full disk ends the whole transaction, and then there is no savepoint.
            guard database.isInTransaction else { throw StorageError(error) }
            try database.run("ROLLBACK TO change")
            try database.run("RELEASE change")
            return nil
        }
    }

    /// Commits. An error may still be a commit: reopen and look for the note that only this
    /// transaction can have signed (P34).
    private func end(_ transaction: Transaction, _ note: String?) throws {
        do {
            try database.run("COMMIT")
        } catch {
            let failure = StorageError(error)
            guard failure == .inputOutput else { throw failure }
            database = try Self.connect(directory, access, environment)
            guard let note else { throw failure }
            let stored = try database.first(
                "SELECT note FROM audit_checkpoint WHERE size = ?",
                [.integer(Int64(transaction.trail.size))]
            ) { $0.text(0) }
            guard stored == note else { throw failure }
        }
    }
}

/// A prepared sealing on its way from `makeReady` to `keep`.
final class SealingBox: Sendable {
    private let sealing: Mutex<Sealing?>

    init(_ sealing: consuming sending Sealing) { self.sealing = Mutex(sealing) }

    /// The sealing, once.
    func take() -> sending Sealing? {
        sealing.withLock { box in
            var taken: Sealing?
            swap(&taken, &box)
            return taken
        }
    }
}
