import Audit
import OpenSSL
import Rotations
import SQLite

/// What a state that was moved, or has lost a part of its history, put before a person (P32).
package struct Moved: Hashable, Sendable {
    /// Rotations that are parked now.
    package let rotations: Int
    /// Deliveries that are put off.
    package let deliveries: Int
    /// Policies whose schedules are held.
    package let policies: Int

    /// Why a schedule is held, as the policy's pause says it.
    package static let reason = "the state was moved or restored"
}

extension Transaction {
    /// Puts everything that the state would do by itself before a person (P32): another copy of it
    /// may have done it already, or be doing it.
    ///
    /// - Open rotations are parked, also those that only had deliveries left: a path or a program of
    ///   this name may be somebody else's on another machine, and what a restored state would deliver
    ///   may be older than what is there. `rotation resume` goes on with them.
    /// - Deletions that were set for a date are taken back.
    /// - Deliveries owed without a rotation are put off for good: `deliver` brings them.
    /// - Schedules are held by a pause without an end: `policy resume` lets them go on.
    /// - What is refused from now on is not taken for the late fruit of a call of ours (P17): another
    ///   copy may have replaced it, and a recovery would mint.
    func parkEverything() throws -> Moved {
        let open = try database.all(
            """
            \(Store.rotationColumns)
            WHERE r.state = 'open' OR r.state = 'parked' AND r.cause NOT IN ('moved', 'foreign-rotated')
            ORDER BY r.id
            """, [], Store.rotation)
        for var rotation in open {
            rotation.state = .parked
            rotation.cause = .moved
            rotation.nextTryAt = nil
            try record([.parked(.moved)], in: rotation)
        }
        let secrets = try database.all(
            "SELECT s.id, s.name FROM policy p JOIN secret s ON s.id = p.secret_id ORDER BY s.name",
            [], Store.reference)
        for secret in secrets { try pause(secret, until: .latest, reason: Moved.reason) }
        for (effect, rotation) in try Store.watchedEffects(in: database) {
            try watched(effect, nil, rotation)
        }
        for (administration, state) in try Store.administrations(in: database)
        where state == .scheduled {
            try cancel(administration, reason: Moved.reason)
        }
        try database.run(
            """
            UPDATE delivery SET next_try_at_ms = ?, cause = 'moved'
            WHERE state IN ('owed', 'intended')
            """, [.integer(Timestamp.latest.milliseconds)])
        return Moved(
            rotations: open.count, deliveries: database.changes, policies: secrets.count)
    }
}

extension Store {
    /// What stands for a machine in a state: its id itself is nobody's affair (machine-id(5)).
    static func machineMark(_ id: String, vaultID: String) -> String {
        hexadecimal(SHA256.hash(Array("keyturn machine\n\(vaultID)\n\(id)\n".utf8)))
    }

    /// The mark that is recorded, and this machine's; nil when they are the same, or this one has no
    /// id: a machine without one is not another one.
    private static func machineChange(
        in database: Database, _ machine: String?
    ) throws -> (before: String?, present: String)? {
        guard let machine else { return nil }
        let row = try database.first("SELECT vault_id, machine_id FROM installation") {
            ($0.text(0), $0.optionalText(1))
        }
        guard let (vaultID, before) = row else {
            throw StorageError.damaged("the state does not say who it is")
        }
        let present = machineMark(machine, vaultID: vaultID)
        return before == present ? nil : (before, present)
    }

    /// Remembers the machine of a state that never did.
    static func recordMachine(in transaction: Transaction, _ machine: String?) throws {
        guard let (before, present) = try machineChange(in: transaction.database, machine),
            before == nil
        else { return }
        try transaction.database.run(
            "UPDATE installation SET machine_id = ?", [.text(present)])
        transaction.append(
            Event(.machineRecorded) { $0.digestAfter = bytes(hexadecimal: present) })
    }

    /// Finds out whether the state was on another machine when it was last written: then everything
    /// under way waits for a person (P32). Nil when it was not.
    package func settleMachine() async throws(StorageError) -> Moved? {
        let machine = environment.machine
        guard try read({ try Self.machineChange(in: $0, machine) }) != nil else { return nil }
        return try await commit(unattested: []) { transaction in
            let database = transaction.database
            try transaction.distrustEditedRows(of: Self.allSecrets(in: database))
            try Self.recordMachine(in: transaction, machine)
            // Another process may have been quicker.
            guard let (before, present) = try Self.machineChange(in: database, machine) else {
                return nil
            }
            try database.run("UPDATE installation SET machine_id = ?", [.text(present)])
            transaction.append(
                Event(.stateMoved) {
                    $0.digestBefore = before.flatMap(bytes(hexadecimal:))
                    $0.digestAfter = bytes(hexadecimal: present)
                })
            return try transaction.parkEverything()
        }
    }
}
