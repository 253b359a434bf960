import Audit
import Files
import OpenSSL
import Rotations
import SQLite
import Secrets
import Vault

extension Store {
    /// Opens an existing state. A database that is older than the program is brought to its schema,
    /// after a backup copy, when it is unlocked; until then it cannot be read.
    package static func open(
        _ directory: StateDirectory, access: Database.Access, environment: Environment
    ) async throws(StorageError) -> Store {
        do {
            guard let file = try PlainFile.state(directory.database) else {
                throw StorageError.noState(path: directory.path)
            }
            guard file.mode & 0o022 == 0 else {
                throw FileError(directory.database, .writableByOthers(mode: file.mode))
            }
            for path in [directory.path, directory.locks, directory.spool] {
                try Directory.checkState(path)
            }
            let lock = try await lockSchema(.shared, of: directory, environment.clock)
            let database = try connect(directory, access, environment)
            return Store(directory, access, environment, database, lock)
        } catch {
            throw StorageError(error)
        }
    }

    /// Waits until nobody else reads or writes the database, at most as long as any statement waits.
    package func waitUntilFree() throws(StorageError) {
        do {
            try database.run("BEGIN EXCLUSIVE")
            try database.run("ROLLBACK")
        } catch {
            throw StorageError(error)
        }
    }

    /// The bytes of the database's file that whoever reads or writes it has locked.
    package static var lockBytes: Range<Int64> { Database.lockBytes }

    /// Unlocks the state for writing: derives the keys, finds out whether they are the right ones,
    /// and opens the key that signs checkpoints.
    package func unlock(with rootKey: consuming RootKey) throws(StorageError) {
        do {
            let vaultID = try database.first("SELECT vault_id FROM installation") { $0.text(0) }
            let keyID = try database.first(
                "SELECT id FROM root_key ORDER BY created_at_ms DESC LIMIT 1"
            ) { $0.text(0) }
            guard let vaultID, let keyID else {
                throw StorageError.damaged("the state does not say who it is")
            }
            let vault = try Vault(id: vaultID, rootKey: rootKey)
            guard vault.keyID == keyID else {
                throw StorageError.wrongKey(expected: keyID, found: vault.keyID)
            }
            let signer = try signer(vault)
            keys.withLock { $0 = Keys(vault: vault, signer: signer) }
        } catch {
            throw StorageError(error)
        }
    }

    /// Whether the root key was given.
    nonisolated var isUnlocked: Bool { keys.withLock { $0 != nil } }

    /// Whether entries can be written: the root key was given, and the database is open for it.
    package nonisolated var isWritable: Bool { isUnlocked && access == .readWrite }

    /// The newest key that signs checkpoints.
    private func signer(_ vault: Vault) throws -> NoteSigner {
        let key = try database.first(
            """
            SELECT origin, sealed_id FROM signing_key ORDER BY epoch DESC, number DESC LIMIT 1
            """
        ) { ($0.text(0), $0.optionalInteger(1)) }
        guard let (origin, sealedID) = key, let sealedID, let record = try sealed(sealedID) else {
            throw StorageError.damaged("the signing key is gone")
        }
        let seed = try vault.open(record)
        return try NoteSigner(name: origin, seed: seed.bytes)
    }

    /// What the root key opens, with the key that signs now: another process may have put a new one
    /// in its place since.
    func presentKeys() throws -> Keys {
        guard let known = keys.withLock({ $0 }) else { preconditionFailure("not unlocked") }
        let newest = try Self.verifierKeys(in: database).first
        guard newest != known.signer.verifier else { return known }
        let present = Keys(vault: known.vault, signer: try signer(known.vault))
        keys.withLock { $0 = present }
        return present
    }

    /// The vault, once unlocked.
    package nonisolated var vault: Vault {
        guard let keys = keys.withLock({ $0 }) else { preconditionFailure("not unlocked") }
        return keys.vault
    }

    /// A lock on the schema: shared for work, exclusive to change it.
    static func lockSchema(
        _ kind: LockFile.Kind, of directory: StateDirectory, _ clock: WallClock
    ) async throws -> LockFile {
        let end = clock.now() + Interval(seconds: Int64(patience / 1000))
        while true {
            if let lock = try LockFile.tryLock(directory.schemaLock, kind) { return lock }
            guard clock.now() < end else { throw StorageError.busy }
            await clock.wait(Interval(seconds: 1))
        }
    }

    /// A connection to the database, which must be ours and of this program's schema.
    static func connect(
        _ directory: StateDirectory, _ access: Database.Access, _ environment: Environment
    ) throws -> Database {
        let database = try Database(
            path: directory.database, access: access, busyTimeout: patience, vfs: environment.vfs)
        guard try Migrations.isOurs(database) else {
            throw StorageError.notOurs(path: directory.database)
        }
        let version = try Migrations.version(of: database)
        let known = environment.migrations.current
        guard version <= known else { throw StorageError.newer(found: version, known: known) }
        guard version == known else { throw StorageError.older(found: version, known: known) }
        try database.restrict(true)
        return database
    }

    /// Where the root key of a state lives whose schema is older than this program's.
    package static func keySource(
        ofOlder directory: StateDirectory, environment: Environment
    ) throws(StorageError) -> String {
        do {
            let database = try Database(
                path: directory.database, access: .readOnly, busyTimeout: patience,
                vfs: environment.vfs)
            let source = try database.first(
                "SELECT source FROM root_key ORDER BY created_at_ms DESC LIMIT 1"
            ) { $0.text(0) }
            guard let source else { throw StorageError.damaged("the state names no root key") }
            return source
        } catch {
            throw StorageError(error)
        }
    }

    /// Brings an older database to this program's schema: exclusive lock, backup copy beside it,
    /// all steps and their entry in one transaction. Returns the path of the copy; nil when another
    /// process was quicker.
    package static func migrate(
        _ directory: StateDirectory, environment: Environment, rootKey: consuming RootKey
    ) async throws(StorageError) -> String? {
        do {
            let lock = try await lockSchema(.exclusive, of: directory, environment.clock)
            let database = try Database(
                path: directory.database, access: .readWrite, busyTimeout: patience,
                vfs: environment.vfs)
            let version = try Migrations.version(of: database)
            // Another process may have migrated while this one waited for the lock.
            guard version < environment.migrations.current else { return nil }
            let copy = "\(directory.database).v\(version)-\(environment.context.run.text)"
            try PlainFile.createEmpty(copy)
            try database.backup(to: copy)
            try database.run("BEGIN IMMEDIATE")
            // A crash before COMMIT leaves the old schema and a copy of it.
            do {
                try environment.migrations.apply(to: database, from: version)
            } catch let error as SQLiteError where error.isRefusal {
                throw StorageError.notMigrated(copy: copy, reason: error.description)
            }
            let store = Store(directory, .readWrite, environment, database, lock)
            try await store.unlock(with: rootKey)
            let isAnchorNew = version < Migrations.firstWithAnchors
            if isAnchorNew { try makeAnchor(directory) }
            try await store.finishMigration(isAnchorNew: isAnchorNew)
            return copy
        } catch {
            throw StorageError(error)
        }
    }

    /// The anchor file is there, empty, before the commit after which its absence means that somebody
    /// took it away.
    static func makeAnchor(_ directory: StateDirectory) throws(StorageError) {
        do throws(FileError) {
            try AnchorFile.make(directory.anchor)
        } catch {
            throw .noAnchor(error)
        }
    }

    private func finishMigration(isAnchorNew: Bool) throws {
        let transaction = Transaction(
            database: database, now: environment.clock.now(),
            trail: try takeUpTrail(try presentKeys(), isAnchorNew: isAnchorNew))
        try Self.recordMachine(in: transaction, environment.machine)
        // From here on rows of which no entry speaks are edited ones.
        for secret in try Self.allSecrets(in: database) {
            transaction.append(Event(.rowsRecorded) { $0.secret = secret })
        }
        transaction.append(
            Event(.stateMigrated) { $0.schemaVersion = environment.migrations.current })
        try end(transaction)
    }
}
