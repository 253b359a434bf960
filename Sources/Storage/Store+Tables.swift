import Audit
import Rotations
import SQLite

/// The tables against the trail: what an entry has the last word about must stand there.
extension Store {
    /// Compares every table that entries speak of. What an older program wrote without a digest is
    /// passed over.
    func checkTables(_ verifier: inout LogVerifier) throws(StorageError) {
        let derived = verifier.derived
        let findings = try read { database in
            var findings = Findings()
            try Self.compareKeys(derived, database, &findings)
            try Self.compareConnections(derived, database, &findings)
            try Self.compareAdmins(derived, database, &findings)
            try Self.compareSettings(derived, database, &findings)
            try Self.comparePolicies(derived, database, &findings)
            try Self.compareVersions(derived, database, &findings)
            try Self.compareCopies(derived, database, &findings)
            try Self.compareRows(derived, database, &findings)
            return findings.all
        }
        for finding in findings {
            verifier.report(finding.sequence, finding.problem, isAboutTables: true)
        }
    }

    private struct Findings {
        var all: [LogVerifier.Finding] = []

        mutating func add(_ sequence: Int?, _ problem: String) {
            all.append(LogVerifier.Finding(sequence, problem))
        }

        /// - Parameter what: such as `the policy ci`.
        mutating func compare(
            _ found: String?, with said: DerivedState.Said<String>?, _ what: String
        ) {
            guard found != said?.word else { return }
            let problem =
                if said == nil { "is not in the trail" } else if found == nil { "is gone" } else {
                    "is not the one in the trail"
                }
            add(said?.sequence, "\(what) \(problem)")
        }
    }

    private static func compareKeys(
        _ derived: DerivedState, _ database: Database, _ findings: inout Findings
    ) throws {
        let keys = try verifierKeys(in: database).reversed().map(\.description)
        let announced = derived.keys
        let found = derived.namesFirstKey ? keys[...] : keys.dropFirst()
        if Array(found) != announced {
            findings.add(nil, "the keys that sign checkpoints are not those in the trail")
        }
        if let said = derived.keySource {
            let source = try database.first(
                "SELECT source FROM root_key ORDER BY created_at_ms LIMIT 1"
            ) { $0.text(0) }
            findings.compare(
                source.map { hexadecimal(Documents.digest($0)) }, with: said,
                "the place of the root key")
        }
        let wraps = try database.first("SELECT sum(wraps) FROM root_key") { $0.int(0) } ?? 0
        if wraps < derived.sealedCount {
            findings.add(nil, "the root key is said to have wrapped less than the trail has")
        }
        if derived.namesFirstKey, try Trail.highWater(in: database) != derived.highWater {
            findings.add(nil, "how far the clock was set back is not what the trail says")
        }
        if let said = derived.machine {
            let machine = try database.first("SELECT machine_id FROM installation") {
                $0.optionalText(0)
            }
            findings.compare(machine ?? nil, with: said, "the machine of the state")
        }
    }

    private static func compareConnections(
        _ derived: DerivedState, _ database: Database, _ findings: inout Findings
    ) throws {
        var expected = derived.connections
        for connection in try connections(in: database) {
            findings.compare(
                hexadecimal(Documents.digest(try Documents.encode(connection))),
                with: expected.removeValue(forKey: connection.name),
                "the connection \(connection.name)")
            let host = try database.first(
                "SELECT api_host FROM connection WHERE name = ?", [.text(connection.name)]
            ) { $0.text(0) }
            if host != connection.apiHost {
                findings.add(nil, "the host of the connection \(connection.name) is not its own")
            }
        }
        for (name, said) in expected.sorted(by: { $0.key < $1.key }) {
            findings.compare(nil, with: said, "the connection \(name)")
        }
    }

    private static func compareAdmins(
        _ derived: DerivedState, _ database: Database, _ findings: inout Findings
    ) throws {
        let rows = try database.all(
            "SELECT connection || '/' || name, secret_id FROM admin WHERE secret_id IS NOT NULL"
        ) { ($0.text(0), $0.text(1)) }
        // An admin that the file left out and took up again is logged out, without an entry.
        for (admin, secret) in rows {
            findings.compare(
                secret, with: derived.admins[admin], "the account of the admin \(admin)")
        }
    }

    private static func compareSettings(
        _ derived: DerivedState, _ database: Database, _ findings: inout Findings
    ) throws {
        for name in ["freezes", "anchors", "notify"] {
            let value = try database.first(
                "SELECT value FROM setting WHERE name = ?", [.text(name)]
            ) { $0.text(0) }
            findings.compare(
                value.map { hexadecimal(Documents.digest($0)) }, with: derived.settings[name],
                "the setting `\(name)`")
        }
    }

    private static func comparePolicies(
        _ derived: DerivedState, _ database: Database, _ findings: inout Findings
    ) throws {
        var expected = derived.policies
        let rows = try database.all(
            """
            SELECT p.secret_id, s.name, p.document, p.paused_until_ms, p.paused_reason
            FROM policy p JOIN secret s ON s.id = p.secret_id ORDER BY s.name
            """
        ) { ($0.text(0), $0.text(1), $0.text(2), $0.optionalInteger(3), $0.optionalText(4)) }
        for (secret, name, document, paused, reason) in rows {
            let said = expected.removeValue(forKey: secret)
            let digest = said.map {
                DerivedState.Said(word: $0.word.digest, sequence: $0.sequence)
            }
            findings.compare(
                hexadecimal(Documents.digest(document)), with: digest, "the policy \(name)")
            let pausedUntil = paused.map { Timestamp(milliseconds: $0).rfc3339 }
            if let said, said.word.pausedUntil != pausedUntil || said.word.pausedReason != reason {
                findings.add(said.sequence, "the pause of \(name) is not the one in the trail")
            }
        }
        for (secret, said) in expected.sorted(by: { $0.key < $1.key }) {
            findings.add(said.sequence, "the policy of the secret \(secret) is gone")
        }
    }

    private static func compareVersions(
        _ derived: DerivedState, _ database: Database, _ findings: inout Findings
    ) throws {
        var expected = derived.versions
        let rows = try database.all(
            """
            SELECT v.secret_id, v.number, v.provider_id, v.state, s.name, v.retire_at_ms
            FROM version v JOIN secret s ON s.id = v.secret_id ORDER BY s.name, v.number
            """
        ) { ($0.text(0), $0.int(1), $0.text(2), $0.text(3), $0.text(4), $0.optionalInteger(5)) }
        for (secret, number, providerID, state, name, retireAt) in rows {
            guard let said = expected[secret]?.removeValue(forKey: number) else {
                guard !derived.accepted.contains(secret) else { continue }
                findings.add(nil, "version \(number) of \(name) is not in the trail")
                continue
            }
            if let known = said.word.providerID, known != providerID {
                findings.add(
                    said.sequence, "version \(number) of \(name) is another credential in the trail"
                )
            }
            if let known = said.word.state, known != state {
                findings.add(
                    said.sequence,
                    "version \(number) of \(name) is \(known) in the trail, not \(state)")
            }
            if let known = said.word.retireAt,
                known != retireAt.map({ Timestamp(milliseconds: $0).rfc3339 })
            {
                findings.add(
                    said.sequence,
                    "the date of version \(number) of \(name) is not the one in the trail")
            }
        }
        for (secret, versions) in expected.sorted(by: { $0.key < $1.key }) {
            for (number, said) in versions.sorted(by: { $0.key < $1.key }) {
                findings.add(said.sequence, "version \(number) of the secret \(secret) is gone")
            }
        }
    }

    /// What rotations and deliveries under way copied from their policies: where secrets go.
    private static func compareCopies(
        _ derived: DerivedState, _ database: Database, _ findings: inout Findings
    ) throws {
        let rotations = try database.all(
            "SELECT id, target, terms FROM rotation WHERE state IN ('open', 'parked') ORDER BY id"
        ) { ($0.text(0), $0.text(1), $0.text(2)) }
        for (id, target, terms) in rotations {
            guard let said = derived.rotations[id], let digest = said.word.digest else { continue }
            findings.compare(
                hexadecimal(Transaction.digest(ofTarget: target, terms: terms)),
                with: DerivedState.Said(word: digest, sequence: said.sequence),
                "what the rotation \(id) is about")
        }
        var expected = derived.deliveries
        let deliveries = try database.all(
            """
            SELECT secret_id, version, destination, terms, state FROM delivery
            ORDER BY secret_id, version, position
            """
        ) { ($0.text(0), $0.int(1), $0.text(2), $0.text(3), $0.text(4)) }
        for (secret, version, destination, terms, state) in deliveries {
            let what = "the delivery of version \(version) to \(destination)"
            let key = DerivedState.DeliveryKey(
                secret: secret, version: version, destination: destination)
            guard let said = expected.removeValue(forKey: key) else {
                guard !derived.accepted.contains(secret) else { continue }
                findings.add(nil, "\(what) is not in the trail")
                continue
            }
            if let digest = said.word.digest {
                findings.compare(
                    hexadecimal(Documents.digest(terms)),
                    with: DerivedState.Said(word: digest, sequence: said.sequence), what)
            }
            if said.word.state != state {
                findings.add(
                    said.sequence, "\(what) is \(said.word.state) in the trail, not \(state)")
            }
        }
        for (key, said) in expected.sorted(by: { $0.value.sequence < $1.value.sequence }) {
            findings.add(
                said.sequence,
                "the delivery of version \(key.version) to \(key.destination) is gone")
        }
    }

    /// Everything else that stands in a table: which column it is, nobody but the trail's own hash
    /// knows.
    private static func compareRows(
        _ derived: DerivedState, _ database: Database, _ findings: inout Findings
    ) throws {
        var expected = derived.rows
        let secrets = try database.all("SELECT id, name FROM secret ORDER BY name") {
            ($0.text(0), $0.text(1))
        }
        for (secret, name) in secrets {
            let said = expected.removeValue(forKey: secret)
            findings.compare(
                hexadecimal(try TableRows.digest(of: secret, in: database)), with: said,
                "a row of \(name) (secret, policy, version, rotation, effect or delivery)")
        }
        for (secret, said) in expected.sorted(by: { $0.key < $1.key }) {
            findings.compare(nil, with: said, "the secret \(secret)")
        }
        if let said = derived.stateRows {
            findings.compare(
                hexadecimal(try TableRows.digestOfState(in: database)), with: said,
                "a row of the state itself (connection, admin, key, setting or incident)")
        }
    }
}
