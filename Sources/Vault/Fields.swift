import Rotations

/// Writes fields with their lengths before them, a big-endian u32 each: no separator that a field
/// could contain.
struct FieldWriter {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ field: [UInt8]) {
        bytes += Self.bigEndian(UInt32(field.count))
        bytes += field
    }

    mutating func put(_ text: String) { put(Array(text.utf8)) }

    mutating func put(_ number: UInt32) { put(Self.bigEndian(number)) }

    mutating func put(_ number: Int64) { put(Self.bigEndian(number)) }

    private static func bigEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        stride(from: Number.bitWidth - 8, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: number >> $0)
        }
    }

    mutating func put(_ place: Place) {
        put(place.purpose.rawValue)
        put(place.owner)
        put(Int64(place.number))
        put(place.createdAt.milliseconds)
    }
}

/// Reads what `FieldWriter` wrote; nil for everything else.
struct FieldReader {
    private var rest: ArraySlice<UInt8>

    init(bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func field() -> [UInt8]? {
        guard rest.count >= 4 else { return nil }
        let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard rest.count - 4 >= length else { return nil }
        let field = Array(rest.dropFirst(4).prefix(length))
        rest = rest.dropFirst(4 + length)
        return field
    }

    mutating func text() -> String? {
        field().flatMap { String(validating: $0, as: UTF8.self) }
    }

    mutating func number() -> UInt32? {
        guard let field = field(), field.count == 4 else { return nil }
        return field.reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func integer() -> Int64? {
        guard let field = field(), field.count == 8 else { return nil }
        return Int64(bitPattern: field.reduce(0) { $0 << 8 | UInt64($1) })
    }

    mutating func place() -> Place? {
        guard let purpose = text().flatMap(Place.Purpose.init(rawValue:)), let owner = text(),
            let number = integer(), let created = integer()
        else { return nil }
        let createdAt = Timestamp(milliseconds: created)
        // A time outside the years 0000 to 9999 would be pinned, and the bytes not be these.
        guard createdAt.milliseconds == created else { return nil }
        return Place(
            purpose: purpose, owner: owner, number: Int(number), createdAt: createdAt)
    }
}
