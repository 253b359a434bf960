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
        return try await commit { transaction in
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
            try transaction.append(
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
        try await commit { transaction in
            try transaction.database.run(
                "UPDATE incident SET closed_at_ms = ? WHERE id = ? AND closed_at_ms IS NULL",
                [.integer(transaction.now.milliseconds), .text(incident.text)])
            guard transaction.database.changes == 1 else { return }
            try transaction.append(Event(.incidentClosed) { $0.incident = incident })
        }
        return exposed
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
