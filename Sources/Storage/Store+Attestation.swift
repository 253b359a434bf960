import Audit
import Rotations
import SQLite

/// What a run is about to act upon must be what the signed trail has. Whoever edits the database
/// without the signing key could else send an admin's credential or a fresh secret elsewhere.
///
/// It is cheap for what an index finds: connections, policies, open rotations, deliveries, dates of
/// retirement. The rest is compared by `audit verify`, and so is what this cannot see: that a newer
/// entry was hidden.
extension Store {
    /// Entries of these types, the newest first.
    private static let connectionEntries = """
        SELECT leaf FROM audit_entry WHERE type IN ('connection.added', 'connection.changed')
        ORDER BY seq DESC
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
                try Self.attestDeliveries(of: secret, head, in: database)
                try Self.attestDates(of: secret, head, in: database)
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
        var digest: String?
        try forEachEntry(
            about: secret, [.policyAdded, .policyChanged, .policyRenamed], in: database
        ) { entry in
            try head.require(entry, in: database)
            digest = entry.members["after_sha256"]?.text
            return false
        }
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

    /// Deliveries that may still be made: what is handed over, and where, is what an entry owes.
    private static func attestDeliveries(
        of secret: SecretReference, _ head: Head, in database: Database
    ) throws {
        func edited(_ delivery: DeliveryRow) -> StorageError {
            Self.edited("the delivery of \(secret.name) to \(delivery.destination)")
        }
        var rows = try database.all(
            """
            SELECT d.version, d.destination, d.terms, d.state FROM delivery d
            JOIN version v ON v.secret_id = d.secret_id AND v.number = d.version
            WHERE d.secret_id = ?
              AND (d.state IN ('owed', 'intended') OR v.state IN ('pending', 'current'))
            """, [.text(secret.id.text)]
        ) {
            DeliveryRow(
                version: $0.int(0), destination: $0.text(1), digest: Documents.digest($0.text(2)),
                state: $0.text(3))
        }
        try forEachEntry(
            about: secret,
            [.deliveryOwed, .deliveryIntended, .deliverySettled, .deliveryClosed], in: database
        ) { entry in
            guard !rows.isEmpty else { return false }
            let number = entry.members["version"]?.integer.map { Int($0) }
            let destination = entry.members["destination"]?.text
            guard
                let index = rows.firstIndex(where: {
                    $0.version == number && $0.destination == destination
                })
            else { return true }
            try head.require(entry, in: database)
            let delivery = rows[index]
            // The newest entry says where it stands, and the one before that owes it, where to.
            if rows[index].said == nil {
                rows[index].said = DerivedState.Delivery.state(after: entry)
            }
            guard rows[index].said == delivery.state else { throw edited(delivery) }
            guard entry.type == .deliveryOwed else { return true }
            let digest = entry.members["after_sha256"]?.text
            guard digest == nil || digest == hexadecimal(delivery.digest) else {
                throw edited(delivery)
            }
            rows.remove(at: index)
            return true
        }
        if let unknown = rows.first { throw edited(unknown) }
    }

    /// From when on the old credentials may be retired.
    private static func attestDates(
        of secret: SecretReference, _ head: Head, in database: Database
    ) throws {
        func edited(_ number: Int) -> StorageError {
            Self.edited("the date of version \(number) of \(secret.name)")
        }
        var dates = Dictionary(
            uniqueKeysWithValues: try database.all(
                """
                SELECT number, retire_at_ms FROM version
                WHERE secret_id = ? AND state = 'retiring' AND ended_at_ms IS NULL
                """, [.text(secret.id.text)]
            ) { ($0.int(0), $0.optionalInteger(1)) })
        try forEachEntry(about: secret, [.versionRetiring], in: database) { entry in
            guard !dates.isEmpty else { return false }
            guard let number = entry.members["version"]?.integer.map({ Int($0) }),
                let date = dates.removeValue(forKey: number)
            else { return true }
            try head.require(entry, in: database)
            guard entry.members["until"]?.text == date.map({ Timestamp(milliseconds: $0).rfc3339 })
            else { throw edited(number) }
            return true
        }
        if let unknown = dates.keys.min() { throw edited(unknown) }
    }

    private struct DeliveryRow {
        let version: Int
        let destination: String
        let digest: [UInt8]
        let state: String
        var said: String?
    }

    /// Shows the entries of these types about a secret, the newest first, until `body` says no.
    private static func forEachEntry(
        about secret: SecretReference, _ types: [EventType], in database: Database,
        _ body: (Entry) throws -> Bool
    ) throws {
        let names = types.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        try database.forEach(
            """
            SELECT leaf FROM audit_entry INDEXED BY audit_entry_secret
            WHERE secret_id = ? AND type IN (\(names)) ORDER BY seq DESC
            """, [.text(secret.id.text)]
        ) { row in
            guard let entry = Entry(leaf: row.bytes(0)) else { return false }
            return try body(entry)
        }
    }

    /// Throws when the place of the root key, which may be a program, is not the one in the trail.
    /// It is looked at before anything is started there; whose trail it is shows when the key is here.
    /// - Parameter isDamageAccepted: a new epoch is to go on from a trail whose end nobody signed.
    package func attestRootKeySource(
        _ source: String, isDamageAccepted: Bool
    ) throws(StorageError) {
        try read { database in
            let entry = try database.first("SELECT leaf FROM audit_entry WHERE seq = 0") {
                Entry(leaf: $0.bytes(0))
            }
            guard let entry = entry ?? nil, let digest = entry.members["after_sha256"]?.text else {
                return  // an older program began this trail
            }
            guard digest == hexadecimal(Documents.digest(source)) else {
                throw Self.edited("the place of the root key")
            }
            guard !isDamageAccepted else { return }
            try Head(database, Self.verifierKeys(in: database).first).require(entry, in: database)
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
