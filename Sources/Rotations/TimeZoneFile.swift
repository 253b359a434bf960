/// What the bytes of a TZif file say (RFC 9636, section 3), checked part by part.
struct TimeZoneFile {
    /// A stretch of local time: its offset from UTC and its name.
    struct LocalType: Hashable, Sendable {
        /// Seconds east of UTC.
        let offset: Int
        let abbreviation: String
    }

    /// When local time changes, in seconds since 1970, ascending.
    let changes: [Int64]
    /// For each change, what follows it: an index into `types`.
    let kinds: [UInt8]
    /// Never empty; the first holds before the first change.
    let types: [LocalType]
    /// What holds from the last change on, when the file says so.
    let rule: DaylightRule?

    /// Reads versions 1 to 4. From version 2 on the 64-bit block counts and the first is skipped.
    init(_ bytes: [UInt8]) throws(ZoneError) {
        var reader = BigEndianReader(bytes)
        var header = try Header(&reader)
        if header.version >= 2 {
            try reader.skip(header.blockLength(timeSize: 4))
            header = try Header(&reader)
        }
        let timeSize = header.version >= 2 ? 8 : 4

        // A file with leap seconds counts them in its times, and `Timestamp` does not.
        guard header.leapCount == 0 else { throw .leapSeconds }
        guard header.typeCount > 0, header.typeCount <= 256, header.nameLength > 0,
            header.standardCount == 0 || header.standardCount == header.typeCount,
            header.universalCount == 0 || header.universalCount == header.typeCount
        else { throw .malformed("header") }
        // Before anything is reserved: the counts are no larger than the bytes that are there.
        guard header.blockLength(timeSize: timeSize) <= reader.remaining else { throw .truncated }

        var changes: [Int64] = []
        changes.reserveCapacity(header.timeCount)
        for _ in 0..<header.timeCount {
            let time = try reader.signed(timeSize)
            if let last = changes.last, last >= time { throw .malformed("transition times") }
            changes.append(time)
        }
        let kinds = try reader.take(header.timeCount)
        guard kinds.allSatisfy({ Int($0) < header.typeCount }) else {
            throw .malformed("transition types")
        }
        var records: [(offset: Int, name: Int)] = []
        for _ in 0..<header.typeCount {
            let offset = Int(try reader.signed(4))
            let daylight = try reader.signed(1)
            let name = try Int(reader.signed(1)) & 0xFF
            // RFC 9636, 3.2: offsets between -25 and 26 hours, both excluded.
            guard (-89_999...93_599).contains(offset), daylight == 0 || daylight == 1,
                name < header.nameLength
            else { throw .malformed("local time types") }
            records.append((offset, name))
        }
        let names = try reader.take(header.nameLength)
        var types: [LocalType] = []
        for record in records {
            let tail = names[(names.startIndex + record.name)...]
            guard let end = tail.firstIndex(of: 0) else { throw .malformed("abbreviations") }
            let name = String(decoding: tail[..<end], as: UTF8.self)
            types.append(LocalType(offset: record.offset, abbreviation: name))
        }
        try reader.skip(header.standardCount + header.universalCount)

        self.changes = changes
        self.kinds = Array(kinds)
        self.types = types
        rule = header.version >= 2 ? try Self.footer(&reader) : nil
    }

    private static func footer(_ reader: inout BigEndianReader) throws(ZoneError) -> DaylightRule? {
        guard try reader.signed(1) == 0x0A else { throw .malformed("footer") }
        guard let text = reader.line() else { throw .malformed("footer") }
        if text.isEmpty { return nil }
        guard let rule = DaylightRule(posix: text) else {
            throw .unreadableRule(String(decoding: text, as: UTF8.self))
        }
        return rule
    }

    /// RFC 9636, 3.1: magic, version, 15 unused bytes, six counts.
    private struct Header {
        let version: Int
        let universalCount, standardCount, leapCount, timeCount, typeCount, nameLength: Int

        init(_ reader: inout BigEndianReader) throws(ZoneError) {
            guard reader.remaining >= 4, try Array(reader.take(4)) == Array("TZif".utf8) else {
                throw .notTZif
            }
            let digit = try reader.signed(1)
            switch digit {
            case 0: version = 1
            // Later versions stay readable for readers of earlier ones.
            case 0x32...0x39: version = Int(digit - 0x30)
            default: throw .unknownVersion(UInt8(truncatingIfNeeded: digit))
            }
            try reader.skip(15)
            universalCount = try reader.count()
            standardCount = try reader.count()
            leapCount = try reader.count()
            timeCount = try reader.count()
            typeCount = try reader.count()
            nameLength = try reader.count()
        }

        /// Bytes of the data block. Each count has 32 bits, so the sum cannot overflow.
        func blockLength(timeSize: Int) -> Int {
            timeCount * (timeSize + 1) + typeCount * 6 + nameLength + leapCount * (timeSize + 4)
                + standardCount + universalCount
        }
    }
}

/// Reads big-endian numbers from left to right and never past the end.
private struct BigEndianReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var remaining: Int { rest.count }

    mutating func take(_ count: Int) throws(ZoneError) -> ArraySlice<UInt8> {
        guard count <= rest.count else { throw .truncated }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func skip(_ count: Int) throws(ZoneError) { _ = try take(count) }

    /// A number of this many bytes in two's complement.
    mutating func signed(_ size: Int) throws(ZoneError) -> Int64 {
        let bytes = try take(size)
        let negative = (bytes.first ?? 0) & 0x80 != 0
        return bytes.reduce(negative ? -1 : 0) { $0 << 8 | Int64($1) }
    }

    /// An unsigned number of four bytes.
    mutating func count() throws(ZoneError) -> Int {
        try Int(signed(4)) & 0xFFFF_FFFF
    }

    /// The bytes up to the next newline, or nil when none comes.
    mutating func line() -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(of: 0x0A) else { return nil }
        defer { rest = rest[(end + 1)...] }
        return rest[..<end]
    }
}
