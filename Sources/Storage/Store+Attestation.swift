import Audit
import Rotations
import SQLite

/// What a run is about to act upon must be what the signed trail has. Whoever edits the database
/// without the signing key could else send an admin's credential or a fresh secret elsewhere.
///
/// An index finds the newest entry about a secret, which says what all its rows are. What this cannot
/// see is that a newer entry was hidden: `audit verify` does.
extension Store {
    /// Entries of these types, the newest first.
    private static let connectionEntries = """
        SELECT leaf FROM audit_entry WHERE type IN ('connection.added', 'connection.changed')
        ORDER BY seq DESC
        """

    private static let entriesOfSecret = """
        SELECT leaf, hash FROM audit_entry INDEXED BY audit_entry_secret WHERE secret_id = ?
        ORDER BY seq DESC
        """
    private static let entriesOfState = """
        SELECT leaf, hash FROM audit_entry
        WHERE type IN (\(names(EventType.allCases.filter(\.isAboutState)))) ORDER BY seq DESC
        """

    private static func names(_ types: [EventType]) -> String {
        types.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    }

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

    /// Throws when the rows of one of these secrets, or those about no secret, are not what the trail
    /// says.
    package func attest(_ secrets: [SecretReference]) throws(StorageError) {
        _ = try connections()
        let signer = keys.withLock { $0?.signer.verifier }
        try read { database in
            let head = try Head(database, signer)
            guard try head.hasStateRows(in: database) else { throw StorageError.edited(nil) }
            for secret in secrets { try Self.attest(secret, head, in: database) }
        }
    }

    /// Throws when the rows of a secret, or its policy, are not what the trail says.
    package func attestRows(of secret: SecretReference) throws(StorageError) {
        let signer = keys.withLock { $0?.signer.verifier }
        try read { database in
            try Self.attest(secret, try Head(database, signer), in: database)
        }
    }

    /// What a run has to know of a secret whose lock it holds.
    package struct Held: Sendable {
        /// Nil when there is none, or none any longer.
        package let policy: StoredPolicy?
        /// Whether the schedule wants it rotated now, and nothing is open for it.
        package let isDue: Bool
        package let openRotation: Rotation?
        /// The newest first.
        package let versions: [Version]
    }

    /// What is known of a secret, in one snapshot with the proof that it is what the trail says: what
    /// was read before its lock was taken may have moved on, or been edited. Throws as `attestRows`.
    package func takeUp(
        _ secret: SecretReference, at now: Timestamp
    ) throws(StorageError) -> Held {
        let signer = keys.withLock { $0?.signer.verifier }
        return try read { database in
            try Self.attest(secret, try Head(database, signer), in: database)
            let policy = try database.first(
                "\(Self.policyColumns) WHERE s.id = ?", [.text(secret.id.text)], Self.policy)
            return Held(
                policy: policy,
                isDue: try policy.map { try Self.isDue($0, at: now, in: database) } ?? false,
                openRotation: try Self.openRotation(of: secret, in: database),
                versions: try Self.versions(of: secret.id, in: database))
        }
    }

    /// Throws when the rows about no secret are not what the trail says.
    package func attestState() throws(StorageError) {
        try read { database in
            let signer =
                try keys.withLock { $0?.signer.verifier } ?? Self.verifierKeys(in: database).first
            guard try Head(database, signer).hasStateRows(in: database) else {
                throw StorageError.edited(nil)
            }
        }
    }

    /// Everything in the tables that the trail does not explain, as far as a run would find it, one
    /// clause for each secret.
    package func contradictions() throws(StorageError) -> [String] {
        var found: [String] = []
        do throws(StorageError) {
            try attest([SecretReference]())
        } catch {
            guard case .damaged(let what) = error else { throw error }
            found.append(what)
        }
        let signer = keys.withLock { $0?.signer.verifier }
        var rest = try read { try Self.allSecrets(in: $0) }[...]
        // In parts, so that no lock is held for long.
        while !rest.isEmpty {
            let part = Array(rest.prefix(500))
            rest = rest.dropFirst(part.count)
            found += try read { database in
                let head = try Head(database, signer)
                return try part.compactMap { secret in
                    do {
                        try Self.attest(secret, head, in: database)
                        return nil
                    } catch StorageError.damaged(let what) {
                        return what
                    }
                }
            }
        }
        return found
    }

    private static func attest(
        _ secret: SecretReference, _ head: Head, in database: Database
    ) throws {
        try attestPolicy(of: secret, head, in: database)
        guard try head.hasRows(of: secret.id, in: database) else {
            throw StorageError.edited(secret.name)
        }
    }

    private static func attestPolicy(
        of secret: SecretReference, _ head: Head, in database: Database
    ) throws {
        let row = try database.first(
            "SELECT document, paused_until_ms FROM policy WHERE secret_id = ?",
            [.text(secret.id.text)]
        ) { ($0.text(0), $0.optionalInteger(1)) }
        guard let (document, paused) = row else { return }
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
        var pausedUntil: String?
        try forEachEntry(
            about: secret, [.policyAdded, .policyPaused, .policyResumed], in: database
        ) { entry in
            try head.require(entry, in: database)
            if entry.type == .policyPaused { pausedUntil = entry.members["until"]?.text }
            return false
        }
        guard pausedUntil == paused.map({ Timestamp(milliseconds: $0).rfc3339 }) else {
            throw edited("the pause of \(secret.name)")
        }
    }

    /// Shows the entries of these types about a secret, the newest first, until `body` says no.
    private static func forEachEntry(
        about secret: SecretReference, _ types: [EventType], in database: Database,
        _ body: (Entry) throws -> Bool
    ) throws {
        try database.forEach(
            """
            SELECT leaf FROM audit_entry INDEXED BY audit_entry_secret
            WHERE secret_id = ? AND type IN (\(names(types))) ORDER BY seq DESC
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

    /// The head of the trail, by which entries are proved.
    struct Head {
        private let size: Int
        private let root: [UInt8]

        /// The head of an open transaction, which was taken up where it was signed.
        init(_ trail: Trail) { (size, root) = (trail.size, trail.root) }

        init(_ database: Database, _ signer: VerifierKey?) throws {
            guard let signer, let note = try Store.newestNote(in: database),
                let checkpoint = Checkpoint(note: note, signedBy: signer)
            else {
                throw StorageError.damaged(
                    "the audit trail does not end in a checkpoint that this state signed")
            }
            (size, root) = (checkpoint.size, checkpoint.root)
        }

        /// Whether the rows of a secret are what the newest entry that speaks of them says.
        func hasRows(of secret: Identifier, in database: Database) throws -> Bool {
            var said: Entry?
            try database.forEach(Store.entriesOfSecret, [.text(secret.text)]) { row in
                let entry = try Store.storedEntry(row).entry
                // Columns are nobody's word.
                guard entry.projection.secretID == secret.text else {
                    throw StorageError.damaged("a column of entry \(entry.projection.sequence)")
                }
                guard entry.members["rows_sha256"] != nil else { return true }
                said = entry
                return false
            }
            return try isSaid(
                "rows_sha256", by: said, TableRows.digest(of: secret.text, in: database),
                in: database)
        }

        /// Whether the rows that are about no secret are what the newest entry about them says.
        func hasStateRows(in database: Database) throws -> Bool {
            var said: Entry?
            try database.forEach(Store.entriesOfState, []) { row in
                let entry = try Store.storedEntry(row).entry
                guard entry.type.isAboutState else {
                    throw StorageError.damaged("a column of entry \(entry.projection.sequence)")
                }
                guard entry.members["state_rows_sha256"] != nil else { return true }
                said = entry
                return false
            }
            return try isSaid(
                "state_rows_sha256", by: said, TableRows.digestOfState(in: database), in: database)
        }

        private func isSaid(
            _ field: String, by entry: Entry?, _ digest: [UInt8], in database: Database
        ) throws -> Bool {
            // A migration speaks of all rows, so that no state is without such an entry.
            guard let entry else { return false }
            try require(entry, in: database)
            return entry.members[field]?.text == hexadecimal(digest)
        }

        /// Throws when the entry is not in the tree whose root is signed.
        func require(_ entry: Entry, in database: Database) throws {
            let index = entry.projection.sequence
            guard
                index < size,
                MerkleProof.isIncluded(
                    leaf: entry.hash, index: index, size: size,
                    proof: try MerkleProof.inclusion(of: index, size: size) {
                        try Trail.node($0, in: database)
                    }, root: root)
            else {
                throw StorageError.damaged("entry \(index) is not in the signed audit trail")
            }
        }
    }
}
