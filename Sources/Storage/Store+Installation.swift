import Audit
import Files
import OpenSSL
import Rotations
import SQLite
import Secrets
import Vault

extension Store {
    /// Makes a new state: directories, database, root key's row, signing key, first entry.
    ///
    /// - Parameters:
    ///   - rootKey: the key, which must already be where `keySource` says.
    ///   - keySource: where the key lives, for example `file:/etc/keyturn/root.key`.
    /// - Returns: the vkey that checks this state's trail.
    package static func create(
        _ directory: StateDirectory, environment: Environment, rootKey: borrowing RootKey,
        keySource: String
    ) throws(StorageError) -> String {
        do {
            guard try PlainFile.state(directory.database) == nil else {
                throw StorageError.stateExists(path: directory.path)
            }
            for path in [directory.path, directory.locks, directory.spool] {
                try makeDirectory(path)
            }
            try Ballast.make(at: directory.ballast)
            try makeAnchor(directory)
            let anchor = try AnchorFile.read(directory.anchor, keys: LogKeys([]))
            guard anchor.blockCount == 0 else {
                throw StorageError.foreignAnchor(path: directory.anchor)
            }
            // The database appears under its own name only when it is whole.
            let draft = directory.database + ".new"
            _ = try PlainFile.remove(draft)
            _ = try PlainFile.remove(draft + "-journal")
            try PlainFile.createEmpty(draft)
            let first = try fill(
                draft, environment: environment, rootKey: rootKey, keySource: keySource)
            try PlainFile.rename(draft, to: directory.database)
            // A crash here leaves an empty anchor, which the first commit adds to.
            if let checkpoint = AnchoredCheckpoint(first.note, signedByOneOf: [first.verifier]) {
                var anchor = anchor
                // As after every commit: what fails is seen by how far it is behind.
                try? anchor.append(checkpoint)
            }
            return first.verifier.description
        } catch {
            throw StorageError(error)
        }
    }

    /// Makes a directory for us alone; one that is there must be so already.
    private static func makeDirectory(_ path: String) throws(FileError) {
        do throws(FileError) {
            try Directory.create(path)
        } catch {
            guard error.cause == .exists else { throw error }
            try Directory.checkState(path)
        }
    }

    private static func fill(
        _ path: String, environment: Environment, rootKey: borrowing RootKey, keySource: String
    ) throws -> (verifier: VerifierKey, note: String) {
        let now = environment.clock.now()
        let database = try Database(
            path: path, access: .readWrite, busyTimeout: patience, vfs: environment.vfs)
        try database.run("BEGIN IMMEDIATE")
        try environment.migrations.apply(to: database, from: 0)
        let vaultID = Identifier(at: now, random: try Random.bytes(10)).text
        let vault = try Vault(id: vaultID, rootKey: rootKey)
        try database.run(
            """
            INSERT INTO installation(only, vault_id, created_at_ms, machine_id)
            VALUES (1, ?, ?, ?)
            """,
            [
                .text(vaultID), .integer(now.milliseconds),
                Value(environment.machine.map { machineMark($0, vaultID: vaultID) }),
            ])
        try database.run(
            "INSERT INTO root_key(id, source, created_at_ms) VALUES (?, ?, ?)",
            [.text(vault.keyID), .text(keySource), .integer(now.milliseconds)])
        let host = environment.context.actor.host
        let logID = Identifier(at: now, random: try Random.bytes(10)).text.lowercased()
        let origin = "\(host)/keyturn/\(logID)/e1"
        let (signer, record) = try makeSigner(
            origin: origin, epoch: 1, number: 0, vault, at: now, in: database)
        var trail = try Trail(database, signer: signer, context: environment.context)
        let rows = try TableRows.digestOfState(in: database)
        try trail.append(
            Event(.stateCreated) {
                $0.schemaVersion = environment.migrations.current
                $0.record = record.hash
                $0.key = signer.verifier.description
                $0.digestAfter = Documents.digest(keySource)
                $0.stateRows = rows
            }, at: now, to: database)
        let note = try trail.sign(in: database)
        try database.run("COMMIT")
        return (signer.verifier, note)
    }

    /// A new key that signs checkpoints, sealed.
    static func makeSigner(
        origin: String, epoch: Int, number: Int, _ vault: Vault, at now: Timestamp,
        in database: Database
    ) throws -> (NoteSigner, SealedRecord) {
        let seed = try SecretBytes.random(Ed25519.seedByteCount)
        let signer = try NoteSigner(name: origin, seed: seed.bytes)
        let record = try vault.seal(
            seed, for: Place(purpose: .signingKey, owner: origin, number: number, createdAt: now))
        let sealedID = try insert(record, into: database)
        try database.run(
            """
            INSERT INTO signing_key(epoch, number, origin, public_key, sealed_id, created_at_ms)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(Int64(epoch)), .integer(Int64(number)), .text(origin),
                .blob(signer.verifier.publicKey), .integer(sealedID), .integer(now.milliseconds),
            ])
        return (signer, record)
    }

    /// Where the current root key lives, as `init` was told, and the id that is made from it.
    package func rootKeySource() throws(StorageError) -> (source: String, keyID: String) {
        let row = try read { database in
            try database.first(
                "SELECT source, id FROM root_key ORDER BY created_at_ms DESC LIMIT 1"
            ) { ($0.text(0), $0.text(1)) }
        }
        guard let row else { throw .damaged("the state does not say who it is") }
        return row
    }
}
