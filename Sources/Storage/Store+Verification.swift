import Audit
import Rotations
import SQLite
import Vault

/// What `audit verify` found.
package struct Verification: Sendable {
    package let entryCount: Int
    package let checkpointCount: Int
    package let recordCount: Int
    /// The head that was verified.
    package let checkpoint: String?
    package let findings: [LogVerifier.Finding]
    /// Checkpoints in anchors that were compared.
    package let anchoredCount: Int
    /// What is odd and breaks nothing: blocks of others, a torn end, an anchor that is behind.
    package let remarks: [String]

    /// Whether nothing is wrong.
    package var isIntact: Bool { findings.isEmpty }
}

extension Store {
    /// Recomputes everything that can be recomputed without the root key: entries, tree,
    /// checkpoints, columns, vault records, schema.
    ///
    /// - Parameter progress: called with the entries checked and their number.
    package func verify(
        progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws(StorageError) -> Verification {
        let keys = try verifierKeys()
        let count = try entryCount()
        var verifier = LogVerifier(keys: keys)
        try await walk(&verifier, to: count, progress: progress)
        // A row that cannot be read is a finding, and what comes after it is looked at all the same.
        func look(_ check: (inout LogVerifier) throws(StorageError) -> Void) throws(StorageError) {
            do throws(StorageError) {
                try check(&verifier)
            } catch {
                guard case .damaged(let what) = error else { throw error }
                verifier.report(nil, what)
            }
        }
        var records = 0
        var anchors = AnchorComparison()
        var remarks: [String] = []
        try look { (verifier) throws(StorageError) in try checkBeyond(&verifier, count) }
        try look { (verifier) throws(StorageError) in
            records = try checkRecords(&verifier, isWholeLog: verifier.size == count)
        }
        try look { (verifier) throws(StorageError) in try checkVersions(&verifier) }
        if verifier.size == count {
            try look { (verifier) throws(StorageError) in try checkTables(&verifier) }
        }
        try look { (verifier) throws(StorageError) in anchors = try checkAnchors(&verifier) }
        try look { (verifier) throws(StorageError) in try checkSchema(&verifier) }
        try look { (_) throws(StorageError) in remarks = try heldBack() }
        // In the trail's order, and last what is about no entry.
        let findings = verifier.findings.enumerated().sorted {
            ($0.element.sequence ?? .max, $0.offset) < ($1.element.sequence ?? .max, $1.offset)
        }.map(\.element)
        return Verification(
            entryCount: verifier.size, checkpointCount: verifier.checkpointCount,
            recordCount: records, checkpoint: try newestCheckpoint(), findings: findings,
            anchoredCount: anchors.count, remarks: anchors.remarks + remarks)
    }

    /// Secrets that their policies want rotated earlier than the table says. That breaks nothing of the
    /// trail, and new rules of a time zone do it too; the day's first run computes all of it anew.
    private func heldBack() throws(StorageError) -> [String] {
        let now = environment.clock.now()
        return try read { database in
            let freezes = try Self.freezes(database)
            return try database.all(
                "\(Self.policyColumns) ORDER BY s.name", [], Self.policy
            ).compactMap { policy in
                let stored = try database.first(
                    "SELECT due_at_ms, due_why, must_be_before_ms FROM secret WHERE id = ?",
                    [.text(policy.secret.id.text)]
                ) { ($0.optionalInteger(0), $0.optionalText(1), $0.optionalInteger(2)) }
                let due = try Scheduling.due(policy.standing, freezes: freezes, now: now)
                guard let due, let (at, why, before) = stored else { return nil }
                let isSame =
                    why == due.why.rawValue && before == due.mustBeBefore?.milliseconds
                let isHeld = at.map { $0 > due.at.milliseconds } ?? true
                guard isHeld || at == due.at.milliseconds && !isSame else { return nil }
                return "the table has \(policy.secret.name) come due otherwise than its policy"
            }
        }
    }

    /// What the tail of the trail has left behind where it was cut off: checkpoints and nodes over
    /// more entries than there are.
    private func checkBeyond(
        _ verifier: inout LogVerifier, _ count: Int
    ) throws(StorageError) {
        let (signed, nodes) = try read { database in
            (
                try database.first("SELECT coalesce(max(size), 0) FROM audit_checkpoint") {
                    $0.int(0)
                } ?? 0,
                try database.all(
                    """
                    SELECT level, position FROM audit_node WHERE (position + 1) << level > ?
                    ORDER BY level, position LIMIT 10
                    """, [.integer(Int64(count))]
                ) { NodePosition(level: $0.int(0), position: $0.int(1)) }
            )
        }
        if signed > count {
            verifier.report(
                count, "the entry is missing: a checkpoint of \(signed) entries was signed")
        }
        for node in nodes {
            verifier.report(
                max(count, node.position << node.level),
                "a node of the tree covers entries that are missing")
        }
    }

    /// A version's value must be its own: a row that points at another record would hand on another
    /// secret.
    private func checkVersions(_ verifier: inout LogVerifier) throws(StorageError) {
        let strays = try read { database in
            try database.all(
                """
                SELECT v.secret_id, v.number FROM version v LEFT JOIN sealed s ON s.id = v.sealed_id
                WHERE v.sealed_id IS NOT NULL AND (s.id IS NULL OR s.purpose <> 'value'
                  OR s.owner <> v.secret_id OR s.number <> v.number)
                ORDER BY v.secret_id, v.number
                """
            ) { LogVerifier.RecordKey(purpose: "value", owner: $0.text(0), number: $0.int(1)) }
        }
        for key in strays {
            verifier.report(
                verifier.recordSequences[key],
                "version \(key.number) of \(key.owner) points at another vault record",
                isAboutTables: true)
        }
    }

    /// Whether SQLite finds the file whole.
    package func quickCheck() throws(StorageError) -> Bool {
        try read { database in
            try database.first("PRAGMA quick_check") { $0.text(0) } == "ok"
        }
    }

    /// The vault's rows against what the trail says of them (C2SP has no word for this; it is
    /// reference C.5 of the design): a swapped or rolled-back row is found without opening it.
    private func checkRecords(
        _ verifier: inout LogVerifier, isWholeLog: Bool
    ) throws(StorageError) -> Int {
        let rows = try read { database in
            try database.all(Self.sealedColumns, [], Self.sealedRecord)
        }
        var expected = verifier.records
        for record in rows {
            // The signing key's place is its origin; the trail has one at a time.
            let isSigningKey = record.place.purpose == .signingKey
            let key = LogVerifier.RecordKey(
                purpose: record.place.purpose.rawValue,
                owner: isSigningKey ? "" : record.place.owner,
                number: isSigningKey ? 0 : record.place.number)
            switch expected.removeValue(forKey: key) {
            case nil:
                verifier.report(
                    verifier.recordSequences[key],
                    "a vault record is not in the trail: \(name(record.place))",
                    isAboutTables: true)
            case .some(let hash) where hash != record.hash:
                verifier.report(
                    verifier.recordSequences[key],
                    "a vault record is not the one in the trail: \(name(record.place))",
                    isAboutTables: true)
            default: break
            }
        }
        if isWholeLog {
            for key in expected.keys.sorted(by: { ($0.owner, $0.number) < ($1.owner, $1.number) }) {
                verifier.report(
                    verifier.recordSequences[key],
                    "a vault record is gone: \(key.purpose) \(key.owner) \(key.number)",
                    isAboutTables: true)
            }
        }
        return rows.count
    }

    private func name(_ place: Place) -> String {
        "\(place.purpose.rawValue) \(place.owner) \(place.number)"
    }

    /// The schema must be the program's: a dropped trigger is a door left open.
    private func checkSchema(_ verifier: inout LogVerifier) throws(StorageError) {
        let known = try environment.migrations.schema()
        let found = try read { try Migrations.schema(of: $0) }
        for (name, sql) in found where known[name] != sql {
            verifier.report(nil, "the schema of \(name) is not this program's")
        }
        for name in known.keys where found[name] == nil {
            verifier.report(nil, "\(name) is missing from the schema")
        }
        let health = try read { database in
            try database.first("PRAGMA integrity_check") { $0.text(0) } ?? ""
        }
        if health != "ok" { verifier.report(nil, "SQLite finds the file damaged: \(health)") }
    }
}
