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
        /// The id of this machine (machine-id(5)); nil where it has none.
        package let machine: String?
        /// Where sealed armour goes when the disk takes nothing any longer (P14).
        package let printArmour: @Sendable (String) -> Void
        /// SQLite's file layer.
        package let vfs: String
        package let migrations: Migrations

        package init(
            clock: WallClock, context: Entry.Context, machine: String? = nil,
            printArmour: @escaping @Sendable (String) -> Void, vfs: String = "unix",
            migrations: Migrations = .shipped
        ) {
            self.clock = clock
            self.context = context
            self.machine = machine
            self.printArmour = printArmour
            self.vfs = vfs
            self.migrations = migrations
        }
    }

    /// How long a statement waits for another process, in milliseconds.
    static let patience = 30_000
    /// A writer waits for other processes in parts of so many milliseconds, so that a secret which
    /// comes meanwhile is not kept waiting behind it.
    static let partOfPatience = 1_000
    /// In how many parts a secret waits before it goes to the spool: two seconds (P14).
    private static let partsOfSecrets = 2

    nonisolated let thread: SQLiteThread
    nonisolated package let directory: StateDirectory
    nonisolated let environment: Environment
    nonisolated let keys = Mutex<Keys?>(nil)
    nonisolated let sealings = Mutex<[Identifier: SealingBox]>([:])

    var database: Database
    /// The anchor files as they were last read, by their paths.
    var anchors: [String: AnchorFile] = [:]
    /// Those that were added to since they were last put on the disk.
    var unsyncedAnchors: Set<String> = []
    nonisolated let access: Database.Access
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
            // Nothing is to be kept: what wrote here would have no entry.
            defer { try? database.run("ROLLBACK") }
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
        /// How often it may still find the database busy.
        var parts: Int
    }

    /// Runs `change` in a transaction and returns once it is durable. What it throws rolls it back
    /// alone; what the commit throws may still have been committed (P34), which is found out here.
    ///
    /// - Parameters:
    ///   - isUrgent: wait for other processes two seconds only, for there is another place for what
    ///     is to be written (P14).
    ///   - secrets: what it changes, where nobody has found out yet whether their rows, and those
    ///     about no secret, are what the trail says: what was edited stays found (`attest`).
    package func commit<T: Sendable>(
        isUrgent: Bool = false, unattested secrets: [SecretReference]? = nil,
        _ change: @escaping @Sendable (Transaction) throws -> T
    ) async throws(StorageError) -> T {
        let result: Result<T, StorageError> = await withCheckedContinuation { continuation in
            waiting.append(
                Commit(
                    run: { transaction in
                        if let secrets { try transaction.distrustEdited(secrets) }
                        let value = try change(transaction)
                        return { continuation.resume(returning: .success(value)) }
                    }, fail: { continuation.resume(returning: .failure($0)) },
                    parts: isUrgent
                        ? Self.partsOfSecrets : Self.patience / Self.partOfPatience))
            // The first to wait opens the next commit; whoever comes before it runs shares it.
            if waiting.count == 1 { Task { self.commitWaiting() } }
        }
        return try result.get()
    }

    private func commitWaiting() {
        var rest = waiting[...]
        waiting = []
        var ready: [(commit: Commit, resume: () -> Void)] = []
        database.setBusyTimeout(Self.partOfPatience)
        defer { database.setBusyTimeout(Self.patience) }
        do {
            try database.run("BEGIN IMMEDIATE")
            let transaction = Transaction(
                database: database, now: environment.clock.now(),
                trail: try takeUpTrail(try presentKeys()))
            for path in tornAnchors {
                transaction.append(Event(.anchorTorn) { $0.anchor = "file:\(path)" })
            }
            try transaction.flush()
            while let commit = rest.popFirst() {
                if let resume = try savepoint(commit, in: transaction) {
                    ready.append((commit, resume))
                }
            }
            try end(transaction)
        } catch {
            if database.isInTransaction { try? database.run("ROLLBACK") }  // nothing is committed
            let error = StorageError(error)
            // Each is answered, also what the transaction ended before; or it waits on.
            for var commit in ready.map(\.commit) + rest {
                commit.parts -= 1
                if error == .busy, commit.parts > 0 {
                    waiting.append(commit)
                } else {
                    commit.fail(error)
                }
            }
            if !waiting.isEmpty { Task { self.commitWaiting() } }
            return
        }
        for (_, resume) in ready { resume() }
    }

    /// Runs one change in its own savepoint; one that fails is rolled back alone (P33).
    private func savepoint(
        _ commit: Commit, in transaction: Transaction
    ) throws -> (() -> Void)? {
        let trail = transaction.trail
        try database.run("SAVEPOINT change")
        do {
            let before = transaction.progress
            let resume = try commit.run(transaction)
            try transaction.requireEntry(since: before)
            try transaction.flush()
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

    /// Signs, commits, and adds the checkpoint to the anchors. An error of COMMIT may still be a
    /// commit: reopen and look (P34).
    func end(_ transaction: Transaction) throws {
        try transaction.flush()
        let size = Int64(transaction.trail.size)
        let note =
            transaction.trail.hasGrown ? try transaction.trail.sign(in: database) : nil
        do {
            try database.run("COMMIT")
        } catch {
            let failure = StorageError(error)
            guard failure == .inputOutput else { throw failure }
            do {
                database = try Self.connect(directory, access, environment)
                let found = try database.first(
                    "SELECT note FROM audit_checkpoint WHERE size = ?", [.integer(size)]
                ) { $0.text(0) }
                guard let note, found == note else { throw failure }
                try makeLasting()
            } catch {
                // Whatever keeps us from looking: nobody knows.
                throw failure
            }
        }
        if let note { extendAnchors(with: note, signedBy: transaction.trail.verifier) }
    }

    /// What is seen is not yet what lasts: if it was the removal of the journal that could not be
    /// synced, a power failure brings it back, and the change is rolled back. Another commit removes
    /// a journal of the same name, and syncs that.
    private func makeLasting() throws {
        try database.run("BEGIN IMMEDIATE")
        do {
            // Nothing in the end, but pages are written for it.
            try database.run("INSERT INTO setting(name, value) VALUES('lasting', '')")
            try database.run("DELETE FROM setting WHERE name = 'lasting'")
            try database.run("COMMIT")
        } catch {
            if database.isInTransaction { try? database.run("ROLLBACK") }  // nothing was changed
            throw error
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
