import CSQLite

/// The row that a statement stands on; valid until the statement moves on.
package struct Row {
    let statement: OpaquePointer

    /// Whether the column is NULL.
    package func isNull(_ column: Int) -> Bool {
        sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL
    }

    /// An INTEGER column.
    package func integer(_ column: Int) -> Int64 {
        sqlite3_column_int64(statement, Int32(column))
    }

    /// An INTEGER column as a native integer.
    package func int(_ column: Int) -> Int { Int(integer(column)) }

    /// An INTEGER column that holds 1 or 0.
    package func bool(_ column: Int) -> Bool { integer(column) != 0 }

    /// A TEXT column.
    package func text(_ column: Int) -> String {
        let count = Int(sqlite3_column_bytes(statement, Int32(column)))
        guard let start = sqlite3_column_text(statement, Int32(column)) else { return "" }
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// The bytes of a BLOB or TEXT column.
    package func bytes(_ column: Int) -> [UInt8] {
        guard let start = sqlite3_column_blob(statement, Int32(column)) else { return [] }
        let count = Int(sqlite3_column_bytes(statement, Int32(column)))
        return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }

    /// Lends the bytes of a BLOB or TEXT column without a copy.
    package func withBytes<R>(_ column: Int, _ body: (Span<UInt8>) throws -> R) rethrows -> R {
        let count = Int(sqlite3_column_bytes(statement, Int32(column)))
        let start = sqlite3_column_blob(statement, Int32(column))
        let buffer = UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
        return try buffer.withMemoryRebound(to: UInt8.self) { try body($0.span) }
    }

    /// The names of the columns, in order.
    package var names: [String] {
        (0..<sqlite3_column_count(statement)).map { column in
            sqlite3_column_name(statement, column).map { String(cString: $0) } ?? ""
        }
    }

    /// A column of any type that STRICT tables here have.
    package func value(_ column: Int) -> Value {
        switch sqlite3_column_type(statement, Int32(column)) {
        case SQLITE_NULL: .null
        case SQLITE_INTEGER: .integer(integer(column))
        case SQLITE_BLOB: .blob(bytes(column))
        default: .text(text(column))
        }
    }

    /// Nil where the column is NULL.
    package func optionalInteger(_ column: Int) -> Int64? {
        isNull(column) ? nil : integer(column)
    }
    /// Nil where the column is NULL.
    package func optionalInt(_ column: Int) -> Int? { isNull(column) ? nil : int(column) }
    /// Nil where the column is NULL.
    package func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
    /// Nil where the column is NULL.
    package func optionalBytes(_ column: Int) -> [UInt8]? { isNull(column) ? nil : bytes(column) }
}
