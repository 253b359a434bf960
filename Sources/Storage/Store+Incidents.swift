import OpenSSL
import Rotations
import SQLite

/// Emergencies (P31).
extension Store {
    /// The open incident that these name, or a new one.
    package func openIncident(
        _ selector: String, reason: String, ticket: String?
    ) async throws(StorageError) -> Identifier {
        let id = try makeIdentifier()
        return try await commit(unattested: []) { transaction in
            let name: [Value] = [.text(selector), .text(reason), .text(ticket ?? "")]
            let open = try transaction.database.first(
                """
                SELECT id FROM incident
                WHERE selector = ? AND reason = ? AND ticket = ? AND closed_at_ms IS NULL
                """, name
            ) { Identifier($0.text(0)) }
            if let open = open ?? nil { return open }
            try transaction.database.run(
                """
                INSERT INTO incident(selector, reason, ticket, id, opened_at_ms)
                VALUES (?, ?, ?, ?, ?)
                """, name + [.text(id.text), .integer(transaction.now.milliseconds)])
            transaction.append(
                Event(.incidentOpened) {
                    $0.incident = id
                    $0.selector = selector
                    $0.reason = reason
                    $0.ticket = ticket
                })
            return id
        }
    }

    /// The rotation of a secret in an incident, the newest.
    package func rotation(
        of secret: SecretReference, in incident: Identifier
    ) throws(StorageError) -> Rotation? {
        try read { database in
            try database.first(
                """
                \(Self.rotationColumns) WHERE r.secret_id = ? AND r.incident_id = ?
                ORDER BY r.started_at_ms DESC, r.id DESC LIMIT 1
                """, [.text(secret.id.text), .text(incident.text)], Self.rotation)
        }
    }

    /// How many credentials of these secrets, that are older than what the incident made, nobody has
    /// seen refused yet.
    package func exposed(
        in incident: Identifier, of secrets: [SecretReference]
    ) throws(StorageError) -> Int {
        try read { database in
            let ids = try Documents.encode(secrets.map(\.id.text))
            return try database.first(
                """
                SELECT count(*) FROM version v
                WHERE v.secret_id IN (SELECT value FROM json_each(?1))
                  AND v.state IN ('pending', 'current', 'retiring', 'lost')
                  AND v.number < coalesce((SELECT c.number FROM version c
                    JOIN rotation r ON r.id = c.rotation_id
                    WHERE c.secret_id = v.secret_id AND c.state = 'current'
                      AND r.incident_id = ?2), 9223372036854775807)
                """, [.text(ids), .text(incident.text)]
            ) { $0.int(0) } ?? 0
        }
    }

    /// Closes an incident whose secrets are all rotated. Returns how many credentials, of those that
    /// an emergency is about, nobody has seen refused yet.
    package func close(
        _ incident: Identifier, of secrets: [SecretReference]
    ) async throws(StorageError) -> Int {
        var exposed = 0
        var isDone = true
        for secret in secrets {
            let rotation = try rotation(of: secret, in: incident)
            isDone = isDone && rotation?.state == .done
            // What came after the incident's own new version is not exposed.
            let replaced = rotation?.promotedNumber ?? .max
            exposed += try versions(ofSecret: secret.id).count {
                $0.number < replaced
                    && [.pending, .current, .retiring, .lost].contains($0.state)
            }
        }
        guard isDone else { return exposed }
        try await commit(unattested: []) { try $0.close(incident) }
        return exposed
    }

    /// Closes the incidents whose secrets are all rotated, although whoever gave the command is gone.
    package func closeFinishedIncidents() async throws(StorageError) {
        let finished = try read { try Self.finishedIncidents($0) }
        guard !finished.isEmpty else { return }
        try await commit(unattested: []) { transaction in
            for incident in finished { try transaction.close(incident) }
        }
    }

    /// The open incidents whose secrets are all rotated. Left open, one would swallow the next
    /// emergency of the same words.
    static func finishedIncidents(_ database: Database) throws -> [Identifier] {
        try database.all(
            """
            SELECT i.id FROM incident i
            WHERE i.closed_at_ms IS NULL
              AND NOT EXISTS (SELECT 1 FROM rotation r
                WHERE r.incident_id = i.id AND r.state IN ('open', 'parked'))
              AND NOT EXISTS (SELECT 1 FROM policy p JOIN secret s ON s.id = p.secret_id
                WHERE (i.selector = 'all'
                    OR i.selector LIKE 'names %' AND instr(
                      ',' || substr(i.selector, length('names ') + 1) || ',',
                      ',' || s.name || ',') > 0
                    OR EXISTS (SELECT 1 FROM policy_label l WHERE l.secret_id = s.id
                      AND i.selector = 'label ' || l.key || '=' || l.value))
                  AND NOT EXISTS (SELECT 1 FROM rotation r
                    WHERE r.secret_id = s.id AND r.incident_id = i.id AND r.state = 'done'))
            """
        ) { Identifier($0.text(0)) }.compactMap(\.self)
    }
}

extension Transaction {
    /// Closes an incident, unless another process has.
    fileprivate func close(_ incident: Identifier) throws {
        try database.run(
            "UPDATE incident SET closed_at_ms = ? WHERE id = ? AND closed_at_ms IS NULL",
            [.integer(now.milliseconds), .text(incident.text)])
        guard database.changes == 1 else { return }
        append(Event(.incidentClosed) { $0.incident = incident })
    }
}

extension Rotation {
    /// The version that it has made current; nil before that.
    fileprivate var promotedNumber: Int? {
        switch step {
        case .prepare, .issue, .prove: nil
        case .promote, .deliver: terms.strategy == .inPlace && step == .deliver ? to : nil
        case .retire, .confirm: to
        }
    }
}
