import Rotations
import SQLite

extension Transaction {
    /// Writes that a delivery is owed: for the first time, or again after a rollback. What an
    /// interrupted one may have left stays noted (P23, P24).
    /// - Parameter event: what the entry says besides.
    func owe(_ delivery: Delivery, _ event: Event = Event(.deliveryOwed)) throws {
        let terms = try Documents.encode(delivery.destination)
        try database.run(
            """
            INSERT INTO delivery(
              secret_id, version, destination, position, terms, required, state)
            VALUES (?, ?, ?, ?, ?, ?, 'owed')
            ON CONFLICT(secret_id, version, destination) DO UPDATE SET
              position = excluded.position, terms = excluded.terms, required = excluded.required,
              state = 'owed', failures = 0, next_try_at_ms = NULL, cause = NULL
            """,
            [
                .text(delivery.secret.id.text), .integer(Int64(delivery.version)),
                .text(delivery.destination.id), .integer(Int64(delivery.position)),
                .text(terms),
                Value(delivery.destination.isRequired),
            ])
        var event = event
        event.describe(delivery)
        event.digestAfter = Documents.digest(terms)
        append(event)
    }

    /// Writes where a delivery stands.
    func update(_ delivery: Delivery) throws {
        try database.run(
            """
            UPDATE delivery SET state = ?, failures = ?, next_try_at_ms = ?, cause = ?,
              temporary = ?, process = ?, digest = ?, settled_at_ms = ?
            WHERE secret_id = ? AND version = ? AND destination = ?
            """,
            [
                .text(delivery.state.rawValue), .integer(Int64(delivery.failures)),
                Value(delivery.nextTryAt?.milliseconds), Value(delivery.cause?.rawValue),
                Value(delivery.temporary), Value(delivery.process), Value(delivery.digest),
                delivery.state == .intended ? .null : .integer(now.milliseconds),
                .text(delivery.secret.id.text), .integer(Int64(delivery.version)),
                .text(delivery.destination.id),
            ])
        guard database.changes == 1 else { throw StorageError.stale }
    }
}

extension Event {
    /// Says which delivery the event is about.
    mutating func describe(_ delivery: Delivery) {
        secret = delivery.secret
        version = delivery.version
        destination = delivery.destination.id
        isRequired = delivery.destination.isRequired
        step = .deliver
        cause = delivery.cause
    }
}
