import Rotations
import SQLite
import Vault

extension Store {
    /// Stores a sealed record and counts its wrap; the row's number.
    static func insert(_ record: SealedRecord, into database: Database) throws -> Int64 {
        try database.run(
            """
            INSERT INTO sealed(
              purpose, owner, number, created_at_ms, key_id, salt, commitment, wrap_nonce,
              wrapped_key, nonce, ciphertext)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(record.place.purpose.rawValue), .text(record.place.owner),
                .integer(Int64(record.place.number)),
                .integer(record.place.createdAt.milliseconds),
                .text(record.keyID), .blob(record.salt), .blob(record.commitment),
                .blob(record.wrapNonce), .blob(record.wrappedKey), .blob(record.nonce),
                .blob(record.ciphertext),
            ])
        try database.run(
            "UPDATE root_key SET wraps = wraps + 1 WHERE id = ?", [.text(record.keyID)])
        return try database.first("SELECT last_insert_rowid()") { $0.integer(0) } ?? 0
    }

    /// A sealed record by its row's number.
    func sealed(_ id: Int64) throws -> SealedRecord? {
        try database.first(
            "\(Self.sealedColumns) WHERE id = ?", [.integer(id)], Self.sealedRecord)
    }

    /// A sealed record by what it belongs to.
    static func sealed(
        _ purpose: Place.Purpose, of owner: String, number: Int, in database: Database
    ) throws -> SealedRecord? {
        try database.first(
            "\(sealedColumns) WHERE purpose = ? AND owner = ? AND number = ?",
            [.text(purpose.rawValue), .text(owner), .integer(Int64(number))], sealedRecord)
    }

    /// Erases a sealed record: `secure_delete` overwrites the page.
    static func erase(
        _ purpose: Place.Purpose, of owner: String, number: Int, in database: Database
    ) throws {
        try database.run(
            "DELETE FROM sealed WHERE purpose = ? AND owner = ? AND number = ?",
            [.text(purpose.rawValue), .text(owner), .integer(Int64(number))])
    }

    static let sealedColumns = """
        SELECT purpose, owner, number, created_at_ms, key_id, salt, commitment, wrap_nonce,
          wrapped_key, nonce, ciphertext FROM sealed
        """

    static func sealedRecord(_ row: Row) throws -> SealedRecord {
        guard let purpose = Place.Purpose(rawValue: row.text(0)) else {
            throw StorageError.damaged("a sealed row has an unknown purpose")
        }
        return SealedRecord(
            place: Place(
                purpose: purpose, owner: row.text(1), number: row.int(2),
                createdAt: Timestamp(milliseconds: row.integer(3))),
            keyID: row.text(4), salt: row.bytes(5), commitment: row.bytes(6),
            wrapNonce: row.bytes(7), wrappedKey: row.bytes(8), nonce: row.bytes(9),
            ciphertext: row.bytes(10))
    }
}
