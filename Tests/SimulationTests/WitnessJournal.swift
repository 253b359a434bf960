import Glibc
import Rotations
import Secrets
import Storage
import TestSupport

/// The store, and somebody who sees which answers it took.
struct WitnessJournal: Journal {
    let store: Store
    let process: Invocation

    func versions(of secret: SecretReference) async throws(JournalError) -> [Version] {
        try await store.versions(of: secret)
    }

    func value(of version: Int, of secret: SecretReference) async throws(JournalError)
        -> SecretBytes
    {
        try await store.value(of: version, of: secret)
    }

    func openEffect(of rotation: Rotation) async throws(JournalError) -> Effect? {
        try await store.openEffect(of: rotation)
    }

    func attempts(of secret: SecretReference) async throws(JournalError) -> [Attempt] {
        try await store.attempts(of: secret)
    }

    func answer(of effect: Effect) async throws(JournalError) -> SecretBytes {
        try await store.answer(of: effect)
    }

    func deliveries(of version: Int, of secret: SecretReference) async throws(JournalError)
        -> [Delivery]
    {
        try await store.deliveries(of: version, of: secret)
    }

    func fingerprint(of bytes: borrowing SecretBytes) throws(JournalError) -> [UInt8] {
        try store.fingerprint(of: bytes)
    }

    func newIdentifier() throws(JournalError) -> Identifier { try store.newIdentifier() }

    func makeReady(for effect: Effect) async throws(JournalError) {
        try await store.makeReady(for: effect)
    }

    func record(_ changes: [Change], in rotation: Rotation) async throws(JournalError) -> Rotation {
        try await store.record(changes, in: rotation)
    }

    func keep(
        _ answer: consuming SecretBytes, of effect: Effect, in rotation: Rotation
    ) async throws(JournalError) {
        let text = answer.text
        let spooled = process.spooled
        let spool = process.fate.isSpoolGone ? store.directory.spool : nil
        if let spool { rename(spool, spool + ".gone") }
        defer { if let spool { rename(spool + ".gone", spool) } }
        do throws(JournalError) {
            try await store.keep(answer, of: effect, in: rotation)
        } catch {
            process.world.tell("keep: \(error)")
            // It stopped here, and yet it is kept.
            if [.spooled, .storage].contains(error), !process.isDead { noteKept(text, effect) }
            if process.isDead { forget(process.spooled.filter { !spooled.contains($0) }) }
            throw error
        }
        if !process.isDead { noteKept(text, effect) }
    }

    private func noteKept(_ text: String, _ effect: Effect) {
        process.world.with { truth in
            guard
                let index = truth.mintings.firstIndex(where: {
                    $0.intent.effect == effect.id.text
                })
            else { return }
            truth.mintings[index].kept = text
            truth.mintings[index].isInMemory = false
            truth.tell("kept \(truth.mintings[index].value)")
        }
    }

    /// What a dead process wrote beside the database never was, or only in part.
    private func forget(_ names: [String]) {
        for name in names {
            let path = "\(store.directory.spool)/\(name)"
            if process.dice.happens(50) {
                truncate(path, 100)
                rename(path, path + ".part")
            } else {
                unlink(path)
            }
        }
    }

    func store(
        _ issued: consuming Issued, as version: Int, of effect: Effect, in rotation: Rotation
    ) async throws(JournalError) -> Rotation {
        try await store.store(issued, as: version, of: effect, in: rotation)
    }

    func record(
        _ delivery: Delivery, rotation: Identifier?, hook: HookReport?
    ) async throws(JournalError) {
        try await store.record(delivery, rotation: rotation, hook: hook)
    }
}

extension SecretBytes {
    /// The bytes as text, which only a test may look at.
    var text: String {
        let bytes = self.bytes
        return String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
}
