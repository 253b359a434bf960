import Audit
import Rotations
import SQLite

/// What a run is about to act upon must be what the signed trail has. Whoever edits the database
/// without the signing key could else send an admin's credential or a fresh secret elsewhere.
///
/// It is cheap for what an index finds: connections, policies, open rotations. The rest is compared
/// by `audit verify`, and so is what this cannot see: that a newer entry was hidden.
extension Store {
    /// Entries of these types, the newest first.
    private static let connectionEntries = """
        SELECT leaf FROM audit_entry WHERE type IN ('connection.added', 'connection.changed')
        ORDER BY seq DESC
        """
    private static let policyEntry = """
        SELECT leaf FROM audit_entry INDEXED BY audit_entry_secret
        WHERE secret_id = ? AND type IN ('policy.added', 'policy.changed', 'policy.renamed')
        ORDER BY seq DESC LIMIT 1
        """
    private static let rotationEntry = """
        SELECT leaf FROM audit_entry WHERE rotation_id = ? AND type = 'rotation.started' LIMIT 1
        """

    func attest(_ connections: [Connection]) throws(StorageError) {
        let signer = keys.withLock { $0?.signer.verifier }
        try read { database in
            var digests: [String: String] = [:]
            let head = try Head(database, signer)
            for entry in try database.all(Self.connectionEntries, [], { Entry(leaf: $0.bytes(0)) })
            {
                guard let entry, let name = entry.members["connection"]?.text,
                    digests[name] == nil
                else { continue }
                try head.require(entry, in: database)
                digests[name] = entry.members["after_sha256"]?.text
            }
            for connection in connections {
                let digest = hexadecimal(Documents.digest(try Documents.encode(connection)))
                guard digests[connection.name] == digest else {
                    throw Self.edited("the connection \(connection.name)")
                }
            }
        }
    }

    /// Throws when a connection, or the policy or open rotation of one of these, is not the one in
    /// the trail.
    package func attest(_ secrets: [SecretReference]) throws(StorageError) {
        _ = try connections()
        let signer = keys.withLock { $0?.signer.verifier }
        try read { database in
            let head = try Head(database, signer)
            for secret in secrets {
                try Self.attestPolicy(of: secret, head, in: database)
                try Self.attestRotation(of: secret, head, in: database)
            }
        }
    }

    private static func attestPolicy(
        of secret: SecretReference, _ head: Head, in database: Database
    ) throws {
        let document = try database.first(
            "SELECT document FROM policy WHERE secret_id = ?", [.text(secret.id.text)]
        ) { $0.text(0) }
        guard let document else { return }
        let digest = try head.digest(policyEntry, [.text(secret.id.text)], in: database)
        guard digest == hexadecimal(Documents.digest(document)) else {
            throw edited("the policy \(secret.name)")
        }
    }

    private static func attestRotation(
        of secret: SecretReference, _ head: Head, in database: Database
    ) throws {
        let row = try database.first(
            """
            SELECT id, target, terms FROM rotation
            WHERE secret_id = ? AND state IN ('open', 'parked')
            """, [.text(secret.id.text)]
        ) { ($0.text(0), $0.text(1), $0.text(2)) }
        guard let (id, target, terms) = row else { return }
        // A rotation that an older program began has no digest.
        let digest = try head.digest(rotationEntry, [.text(id)], in: database)
        guard let digest else { return }
        guard digest == hexadecimal(Transaction.digest(ofTarget: target, terms: terms)) else {
            throw edited("the open rotation of \(secret.name)")
        }
    }

    private static func edited(_ what: String) -> StorageError {
        .damaged("\(what) is not the one in the audit trail")
    }

    /// The signed head, by which entries are proved.
    private struct Head {
        let checkpoint: Checkpoint

        init(_ database: Database, _ signer: VerifierKey?) throws {
            guard let signer, let note = try Store.newestNote(in: database),
                let checkpoint = Checkpoint(note: note, signedBy: signer)
            else {
                throw StorageError.damaged(
                    "the audit trail does not end in a checkpoint that this state signed")
            }
            self.checkpoint = checkpoint
        }

        /// The digest of what the entry that a query finds was about, once it is proved to be there.
        func digest(_ query: String, _ values: [Value], in database: Database) throws -> String? {
            let entry = try database.first(query, values) { Entry(leaf: $0.bytes(0)) }
            guard let entry = entry ?? nil else { return nil }
            try require(entry, in: database)
            return entry.members["after_sha256"]?.text
        }

        /// Throws when the entry is not in the tree whose root is signed.
        func require(_ entry: Entry, in database: Database) throws {
            let index = entry.projection.sequence
            let size = checkpoint.size
            guard
                index < size,
                MerkleProof.isIncluded(
                    leaf: entry.hash, index: index, size: size,
                    proof: try MerkleProof.inclusion(of: index, size: size) {
                        try Trail.node($0, in: database)
                    }, root: checkpoint.root)
            else {
                throw StorageError.damaged("entry \(index) is not in the signed audit trail")
            }
        }
    }
}
