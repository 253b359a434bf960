import Rotations
import SQLite
import Vault

extension Transaction {
    /// Keeps a sealed answer, whatever became of its rotation meanwhile (P3, P13).
    ///
    /// Keeping it twice is harmless: a spool file may be taken in again after a crash.
    func keepAnswer(_ record: SealedRecord, of effect: Identifier, in rotation: Rotation) throws {
        let known = try Store.sealed(.answer, of: effect.text, number: 0, in: database)
        guard known == nil else { return }
        _ = try Store.insert(record, into: database)
        let before = try database.first(
            """
            SELECT id, step, version, name, state, intended_at_ms FROM effect WHERE id = ?
            """, [.text(effect.text)], Store.effect)
        switch before?.state {
        case .intended, .unsettled:
            try database.run(
                "UPDATE effect SET state = 'answered', settled_at_ms = ? WHERE id = ?",
                [.integer(now.milliseconds), .text(effect.text)])
        case .refused, .abandoned:
            // It was settled otherwise meanwhile: the answer stays as evidence that it was carried
            // out, and the watch finds what it made, as a lost version (P14, P17).
            if let before {
                try watched(before, now + rotation.terms.strategy.watch, rotation)
            }
        case .answered, .done, nil: break
        }
        append(
            event(.answerSealed, rotation) {
                $0.effect = effect
                $0.step = .issue
                $0.record = record.hash
            })
    }

    /// Stores a decoded secret as a pending version and destroys the raw answer (P13).
    func store(
        _ record: SealedRecord, _ fingerprint: [UInt8], _ credential: CredentialReference,
        as version: Int, of effect: Effect, in rotation: Rotation
    ) throws -> Rotation {
        let sealedID = try Store.insert(record, into: database)
        try database.run(
            """
            INSERT INTO version(
              secret_id, number, state, provider_id, provider_name, client_id, sealed_id,
              rotation_id, issued_at_ms)
            VALUES (?, ?, 'pending', ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(rotation.secret.id.text), .integer(Int64(version)),
                .text(credential.providerID), Value(credential.name),
                Value(credential.clientID), .integer(sealedID), .text(rotation.id.text),
                .integer(now.milliseconds),
            ])
        try insertIdentity(of: rotation.secret, credential.providerID)
        try Store.erase(.answer, of: effect.id.text, number: 0, in: database)
        let next = try self.record([.settled(effect, .done, nil, status: nil)], in: rotation)
        append(
            event(.versionStored, rotation) {
                $0.version = version
                $0.effect = effect.id
                $0.target = TargetReference(
                    kind: credential.kind, providerID: credential.providerID)
                $0.fingerprint = fingerprint
                $0.record = record.hash
            })
        return next
    }
}
