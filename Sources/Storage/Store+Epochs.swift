import Audit
import Files
import Rotations
import SQLite
import Vault

extension Store {
    /// Has a new key sign from here on; the old private key is erased, so that nobody who takes this
    /// state over later can sign another past with it. Returns the new vkey.
    package func rotateSigningKey(reason: String?) async throws(StorageError) -> VerifierKey {
        let vault = vault
        return try await commit(unattested: []) { transaction in
            let database = transaction.database
            let old = try Self.signingKey(in: database)
            let (signer, record) = try Self.makeSigner(
                origin: old.origin, epoch: old.epoch, number: old.number + 1, vault,
                at: transaction.now, in: database)
            try Self.erase(old, in: database)
            transaction.append(
                Event(.signingKeyRotated) {
                    $0.key = signer.verifier.description
                    $0.record = record.hash
                    $0.reason = reason
                })
            transaction.hand(over: signer)
            return signer.verifier
        }
    }

    /// What stands against appending to the trail, that a new epoch would go on in spite of.
    package enum Loss: Hashable, Sendable {
        case anchor(AnchorConflict)
        /// The trail does not end in a checkpoint that this state signed.
        case unsignedEnd
        /// Rows of these secrets, or about no secret, are not what the trail says of them.
        case editedRows(secrets: [String], isState: Bool)
    }

    /// A new epoch: a new origin and key. The tree and `seq` go on.
    package struct NewEpoch: Sendable {
        package let key: VerifierKey
        package let loss: Loss?
        /// What was under way and waits for a person now (P32); nil without a loss.
        package let moved: Moved?
    }

    /// What a new epoch would go on in spite of; nil when nothing stands against appending.
    package func loss() throws(StorageError) -> Loss? {
        do {
            try database.run("BEGIN")
            defer { try? database.run("ROLLBACK") }  // nothing was written
            return try loss(try presentKeys()).loss
        } catch {
            throw StorageError(error)
        }
    }

    private func loss(_ keys: Keys) throws -> (trail: Trail, loss: Loss?) {
        let trail = try Trail(
            database, signer: keys.signer, context: environment.context, acceptingUnsignedEnd: true)
        if let conflict = try compareAnchors(with: trail.head) { return (trail, .anchor(conflict)) }
        guard trail.head != nil else { return (trail, .unsignedEnd) }
        let edited = try edited(trail)
        guard !edited.secrets.isEmpty || edited.isState else { return (trail, nil) }
        return (
            trail, .editedRows(secrets: edited.secrets.map(\.name), isState: edited.isState)
        )
    }

    private func edited(_ trail: Trail) throws -> (secrets: [SecretReference], isState: Bool) {
        let head = Head(trail)
        return (
            try Self.allSecrets(in: database).filter { try !head.hasRows(of: $0.id, in: database) },
            try !head.hasStateRows(in: database)
        )
    }

    /// Starts a new epoch. Its first entry holds the last checkpoint that an anchor shows of the old
    /// one, the size and root that are here, and the reason.
    ///
    /// What was lost may have rotated and delivered what this state does not know of: everything
    /// under way waits for a person (P32).
    /// - Parameter acceptLoss: a person said that what the anchors show besides is lost.
    package func startEpoch(
        reason: String, acceptLoss: Bool
    ) throws(StorageError) -> NewEpoch {
        do {
            try database.run("BEGIN IMMEDIATE")
            let keys = try presentKeys()
            let (trail, loss) = try loss(keys)
            switch loss {
            case .anchor(let conflict) where !acceptLoss: throw conflict
            case .unsignedEnd where !acceptLoss:
                throw StorageError.damaged(
                    "the audit trail does not end in a checkpoint that this state signed")
            case .editedRows(let secrets, _) where !acceptLoss:
                throw StorageError.edited(secrets.first)
            default: break
            }
            // Entries whose place in the tree nobody signed say nothing of rows.
            let edited =
                try loss == .unsignedEnd ? Self.allSecrets(in: database) : edited(trail).secrets
            // The commit adds to what it finds.
            for path in try anchorPaths(in: database) { try AnchorFile.make(path) }
            let transaction = Transaction(
                database: database, now: environment.clock.now(), trail: trail)
            let old = try Self.signingKey(in: database)
            let epoch = max(old.epoch, Self.epochSeen(loss)) + 1
            let origin = LogOrigin(log: LogOrigin(old.origin)?.log ?? old.origin, epoch: epoch)
            let (signer, record) = try Self.makeSigner(
                origin: origin.description, epoch: epoch, number: 0,
                keys.vault, at: transaction.now, in: database)
            try Self.erase(old, in: database)
            transaction.append(
                Event(.epochStarted) {
                    $0.key = signer.verifier.description
                    $0.record = record.hash
                    $0.reason = reason
                    $0.size = trail.size
                    $0.root = trail.root
                    $0.note = lastAnchored(loss)
                    $0.cause = loss == nil ? nil : .historyLost
                })
            transaction.hand(over: signer)
            for secret in edited {
                transaction.append(
                    Event(.rowsAccepted) {
                        $0.secret = secret
                        $0.reason = reason
                    })
            }
            let moved = loss == nil ? nil : try transaction.parkEverything()
            // A crash before COMMIT leaves the old epoch as it was; after it, anchors that show only
            // the old one, which are behind.
            try end(transaction)
            return NewEpoch(key: signer.verifier, loss: loss, moved: moved)
        } catch {
            if database.isInTransaction { try? database.run("ROLLBACK") }  // nothing is committed
            throw StorageError(error)
        }
    }

    static func allSecrets(in database: Database) throws -> [SecretReference] {
        try database.all("SELECT id, name FROM secret ORDER BY name", [], reference)
    }

    /// The last checkpoint of the old epoch that an anchor shows; ours have some 400 bytes.
    private func lastAnchored(_ loss: Loss?) -> String? {
        let note =
            if case .anchor(let conflict) = loss { conflict.anchored } else {
                anchors[directory.anchor]?.newest?.note
            }
        return note.flatMap { $0.utf8.count <= 4096 ? $0 : nil }
    }

    /// An epoch that an anchor shows and this state does not know must not be started again.
    private static func epochSeen(_ loss: Loss?) -> Int {
        guard case .anchor(let conflict) = loss, case .laterEpoch(let origin) = conflict.cause
        else { return 0 }
        return LogOrigin(origin)?.epoch ?? 0
    }

    private struct SigningKeyRow {
        let epoch: Int
        let number: Int
        let origin: String
    }

    private static func signingKey(in database: Database) throws -> SigningKeyRow {
        let row = try database.first(
            """
            SELECT epoch, number, origin FROM signing_key ORDER BY epoch DESC, number DESC LIMIT 1
            """
        ) { SigningKeyRow(epoch: $0.int(0), number: $0.int(1), origin: $0.text(2)) }
        guard let row else { throw StorageError.damaged("the signing key is gone") }
        return row
    }

    /// Erases a private key: `secure_delete` overwrites its page.
    private static func erase(_ key: SigningKeyRow, in database: Database) throws {
        try database.run(
            "UPDATE signing_key SET sealed_id = NULL WHERE epoch = ? AND number = ?",
            [.integer(Int64(key.epoch)), .integer(Int64(key.number))])
        try erase(.signingKey, of: key.origin, number: key.number, in: database)
    }
}
