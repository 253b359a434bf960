import Files
import OpenSSL
import Rotations
import SQLite
import Secrets
import Vault

/// The journal of a rotation is the store itself.
extension Store: Journal {
    // MARK: Reading

    package func versions(
        of secret: SecretReference
    ) async throws(JournalError) -> [Version] {
        try inJournal { () throws(StorageError) in try versions(ofSecret: secret.id) }
    }

    package func value(
        of version: Int, of secret: SecretReference
    ) async throws(JournalError) -> SecretBytes {
        do throws(StorageError) {
            return try open(version: version, ofSecret: secret.id)
        } catch {
            throw error.journal
        }
    }

    package func openEffect(of rotation: Rotation) async throws(JournalError) -> Effect? {
        try inJournal { () throws(StorageError) in
            try read { database in
                try database.first(
                    """
                    SELECT id, step, version, name, state, intended_at_ms FROM effect
                    WHERE rotation_id = ? AND step = ?
                      AND state IN ('intended', 'answered', 'unsettled')
                    ORDER BY intended_at_ms DESC, id DESC LIMIT 1
                    """,
                    [
                        .text(rotation.id.text),
                        .text(
                            [.prove, .retire].contains(rotation.step)
                                ? rotation.step.rawValue : "issue"),
                    ], Self.effect)
            }
        }
    }

    package func attempts(
        of secret: SecretReference
    ) async throws(JournalError) -> [Attempt] {
        try inJournal { () throws(StorageError) in
            try read { database in
                try database.all(
                    """
                    SELECT e.id, e.step, e.version, e.name, e.state, e.intended_at_ms,
                      e.watch_until_ms, r.listed
                    FROM effect e JOIN rotation r ON r.id = e.rotation_id
                    WHERE r.secret_id = ? AND e.step = 'issue'
                      AND (e.state IN ('intended', 'answered', 'unsettled', 'abandoned')
                        OR e.watch_until_ms IS NOT NULL
                        OR EXISTS (SELECT 1 FROM version v WHERE v.secret_id = r.secret_id
                          AND v.number = e.version AND v.rotation_id = r.id AND v.state = 'lost'))
                    ORDER BY e.intended_at_ms DESC, e.id DESC
                    """, [.text(secret.id.text)]
                ) { row in
                    Attempt(
                        effect: try Self.effect(row),
                        listed: try Documents.decode([String].self, row.text(7)),
                        watchUntil: row.optionalInteger(6).map(Timestamp.init(milliseconds:)))
                }
            }
        }
    }

    static func effect(_ row: Row) throws -> Effect {
        guard let id = Identifier(row.text(0)), let step = Step(rawValue: row.text(1)),
            let state = Effect.State(rawValue: row.text(4))
        else { throw StorageError.damaged("an effect's row has an unknown word") }
        return Effect(
            id: id, step: step, version: row.int(2), name: row.optionalText(3), state: state,
            intendedAt: Timestamp(milliseconds: row.integer(5)))
    }

    package func answer(of effect: Effect) async throws(JournalError) -> SecretBytes {
        do {
            let record = try Self.sealed(.answer, of: effect.id.text, number: 0, in: database)
            guard let record else { throw StorageError.damaged("a sealed answer is gone") }
            return try vault.open(record)
        } catch {
            throw StorageError(error).journal
        }
    }

    package func deliveries(
        of version: Int, of secret: SecretReference
    ) async throws(JournalError) -> [Delivery] {
        try inJournal { () throws(StorageError) in
            try read { database in
                try database.all(
                    """
                    SELECT position, terms, state, failures, next_try_at_ms, cause, temporary,
                      process, digest
                    FROM delivery WHERE secret_id = ? AND version = ? ORDER BY position
                    """, [.text(secret.id.text), .integer(Int64(version))]
                ) { row in
                    guard let state = Delivery.State(rawValue: row.text(2)) else {
                        throw StorageError.damaged("a delivery has an unknown state")
                    }
                    return Delivery(
                        secret: secret, version: version, position: row.int(0),
                        destination: try Documents.decode(Destination.self, row.text(1)),
                        state: state, failures: row.int(3),
                        nextTryAt: row.optionalInteger(4).map(Timestamp.init(milliseconds:)),
                        cause: row.optionalText(5).flatMap(Cause.init(rawValue:)),
                        temporary: row.optionalText(6), process: row.optionalText(7),
                        digest: row.optionalBytes(8))
                }
            }
        }
    }

    package nonisolated func fingerprint(
        of bytes: borrowing SecretBytes
    ) throws(JournalError) -> [UInt8] {
        do throws(VaultError) {
            return try vault.fingerprint(bytes.bytes)
        } catch {
            throw .vault
        }
    }

    package nonisolated func newIdentifier() throws(JournalError) -> Identifier {
        do throws(StorageError) {
            return try makeIdentifier()
        } catch {
            throw error.journal
        }
    }

    // MARK: Writing

    /// The largest answer that is kept whole; Pinecone's are below one KiB.
    private static let answerCapacity = 16 << 10

    package func makeReady(for effect: Effect) async throws(JournalError) {
        try await makeReady(forEffect: effect.id)
    }

    /// Room on the disk, the ballast, a key that works, and the memory to seal an answer in: before
    /// the call is sent that brings it.
    package func makeReady(forEffect id: Identifier) async throws(JournalError) {
        do {
            // 1 MiB besides the ballast: the outcome is a few KiB.
            guard try Directory.freeBytes(directory.path) > 1 << 20 else {
                throw StorageError.noRoom
            }
            try Ballast.make(at: directory.ballast)
            let now = environment.clock.now()
            try vault.checkCanary(at: now)
            let place = Place(
                purpose: .answer, owner: id.text, number: 0, createdAt: now)
            let box = SealingBox(try vault.prepare(for: place, capacity: Self.answerCapacity))
            sealings.withLock { $0[id] = box }
        } catch {
            throw StorageError(error).journal
        }
    }

    package func record(
        _ changes: [Change], in rotation: Rotation
    ) async throws(JournalError) -> Rotation {
        // What was made ready for an answer is given back when there will be none.
        for case .settled(let effect, _, _, _) in changes { discardSealing(for: effect) }
        do throws(StorageError) {
            return try await commit { try $0.record(changes, in: rotation) }
        } catch {
            for case .intended(let effect) in changes { discardSealing(for: effect) }
            throw error.journal
        }
    }

    private nonisolated func discardSealing(for effect: Effect) {
        sealings.withLock { _ = $0.removeValue(forKey: effect.id) }
    }

    package func record(
        _ delivery: Delivery, rotation: Identifier?, hook: HookReport?
    ) async throws(JournalError) {
        try await journaled { () async throws(StorageError) in
            try await commit { transaction in
                let isIntent = delivery.state == .intended
                guard !isIntent || delivery.process == nil else {
                    // The second record of an intent only adds the process that was started.
                    return try transaction.noting { try transaction.update(delivery) }
                }
                try transaction.update(delivery)
                transaction.append(
                    Event(isIntent ? .deliveryIntended : .deliverySettled) {
                        $0.describe(delivery)
                        $0.rotation = rotation
                        $0.hook = hook
                        if !isIntent { $0.outcome = delivery.state == .done ? .done : .refused }
                        if delivery.state == .done { $0.fingerprint = delivery.digest }
                    })
                // A crash from here on finds what is owed to whoever uses the secret.
                if delivery.state == .done { try transaction.oweReactions(of: delivery.secret) }
            }
        }
    }

    package func keep(
        _ answer: consuming SecretBytes, of effect: Effect, in rotation: Rotation
    ) async throws(JournalError) {
        let id = effect.id
        try await keep(answer, ofEffect: id) { try $0.keepAnswer($1, of: id, in: rotation) }
    }

    /// Seals an answer and commits it with `write`, before anybody decodes it (P13).
    func keep(
        _ answer: consuming SecretBytes, ofEffect id: Identifier,
        _ write: @escaping @Sendable (Transaction, SealedRecord) throws -> Void
    ) async throws(JournalError) {
        let record = try sealed(answer, ofEffect: id)
        do throws(StorageError) {
            try await keepUrgently { try write($0, record) }
        } catch {
            // The database cannot take it for whatever reason: the spool, then standard error.
            // Either way what needs it stops here, and the next run takes it in (P14).
            Spool(directory).keep(record, orPrint: environment.printArmour)
            throw error == .inputOutput ? .storage : .spooled
        }
    }

    /// The answer, sealed with what was made ready for it.
    func sealed(
        _ answer: consuming SecretBytes, ofEffect id: Identifier
    ) throws(JournalError) -> SealedRecord {
        do {
            let box = sealings.withLock { $0.removeValue(forKey: id) }
            let sealing =
                try box?.take()
                ?? vault.prepare(
                    for: Place(
                        purpose: .answer, owner: id.text, number: 0,
                        createdAt: environment.clock.now()), capacity: Self.answerCapacity)
            return try sealing.seal(answer)
        } catch {
            throw StorageError(error).journal
        }
    }

    /// Commits what must not be lost; there is another place for it where the database is held for
    /// long.
    private func keepUrgently(
        _ write: @escaping @Sendable (Transaction) throws -> Void
    ) async throws(StorageError) {
        do throws(StorageError) {
            try await commit(isUrgent: true, write)
        } catch .noRoom {
            // What the ballast was for.
            guard Ballast.release(at: directory.ballast) else { throw .noRoom }
            try await commit(isUrgent: true, write)
        }
    }

    package func store(
        _ issued: consuming Issued, as version: Int, of effect: Effect, in rotation: Rotation
    ) async throws(JournalError) -> Rotation {
        let credential = issued.credential.reference
        let record: SealedRecord
        let fingerprint: [UInt8]
        do throws(VaultError) {
            record = try vault.seal(
                issued.credential.value,
                for: Place(
                    purpose: .value, owner: rotation.secret.id.text, number: version,
                    createdAt: environment.clock.now()))
            fingerprint = try vault.fingerprint(issued.credential.value.bytes)
        } catch {
            throw .vault
        }
        return try await journaled { () async throws(StorageError) in
            try await commit { transaction in
                try transaction.store(
                    record, fingerprint, credential, as: version, of: effect, in: rotation)
            }
        }
    }

    private func inJournal<T>(
        _ body: () throws(StorageError) -> T
    ) throws(JournalError) -> T {
        do throws(StorageError) {
            return try body()
        } catch {
            throw error.journal
        }
    }

    private func journaled<T: Sendable>(
        _ body: () async throws(StorageError) -> T
    ) async throws(JournalError) -> T {
        do throws(StorageError) {
            return try await body()
        } catch {
            throw error.journal
        }
    }
}
