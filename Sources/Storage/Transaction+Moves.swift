import Audit
import OpenSSL
import Rotations
import SQLite

/// What a state that was moved, or has lost a part of its history, put before a person (P32).
package struct Moved: Hashable, Sendable {
    /// Rotations that wait now, those that were only due included.
    package let rotations: Int
    /// Deliveries that were owed.
    package let deliveries: Int
}

extension Transaction {
    /// Puts everything that the state would do by itself before a person (P32): another copy of it
    /// may have done it already, or be doing it.
    ///
    /// - Open rotations are parked, also those that only had deliveries left: a path or a program of
    ///   this name may be somebody else's on another machine, and what a restored state would deliver
    ///   may be older than what is there.
    /// - Deliveries owed without a rotation are put off for good: `deliver` or `rotation resume`
    ///   brings them.
    /// - What is refused from now on is not taken for the late fruit of a call of ours (P17): another
    ///   copy may have replaced it, and a recovery would mint.
    /// - What is due begins its rotation parked, so that nothing is minted by itself. What comes due
    ///   later is rotated as ever, once its current value was accepted (P8).
    func parkEverything() throws -> Moved {
        var count = 0
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
            count += 1
        }
        for policy in try due() {
            var rotation = Rotation(
                id: Identifier(at: now, random: try randomBytes(10)), secret: policy.secret,
                target: policy.policy.target, trigger: .schedule, reason: nil, ticket: nil,
                terms: policy.policy.terms, startedAt: now)
            try insert(rotation)
            rotation.state = .parked
            rotation.cause = .moved
            try record([.parked(.moved)], in: rotation)
            count += 1
        }
        try database.run(
            """
            UPDATE delivery SET next_try_at_ms = ?, cause = 'moved'
            WHERE state IN ('owed', 'intended')
            """, [.integer(Timestamp.latest.milliseconds)])
        let deliveries = database.changes
        try database.run("UPDATE effect SET watch_until_ms = NULL WHERE watch_until_ms IS NOT NULL")
        return Moved(rotations: count, deliveries: deliveries)
    }

    private func due() throws -> [StoredPolicy] {
        let freezes = try Store.freezes(database)
        return try database.all(
            Store.dueColumns, [.integer(now.milliseconds), .integer(now.milliseconds)], Store.policy
        ).filter {
            try Scheduling.due($0.standing, freezes: freezes, now: now)?.isNow(now) ?? false
        }
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
        try transaction.append(
            Event(.machineRecorded) { $0.digestAfter = bytes(hexadecimal: present) })
    }

    /// Finds out whether the state was on another machine when it was last written: then everything
    /// under way waits for a person (P32). Nil when it was not.
    package func settleMachine() async throws(StorageError) -> Moved? {
        let machine = environment.machine
        guard try read({ try Self.machineChange(in: $0, machine) }) != nil else { return nil }
        return try await commit { transaction in
            let database = transaction.database
            try Self.recordMachine(in: transaction, machine)
            // Another process may have been quicker.
            guard let (before, present) = try Self.machineChange(in: database, machine) else {
                return nil
            }
            try database.run("UPDATE installation SET machine_id = ?", [.text(present)])
            try transaction.append(
                Event(.stateMoved) {
                    $0.digestBefore = before.flatMap(bytes(hexadecimal:))
                    $0.digestAfter = bytes(hexadecimal: present)
                })
            return try transaction.parkEverything()
        }
    }
}
