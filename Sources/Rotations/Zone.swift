/// An IANA time zone: what a clock on the wall shows at an instant, and when it will show a time.
///
/// Made from the bytes of the system's TZif file, so that rules are as new as the system's tzdata.
package struct Zone: Hashable, Sendable {
    /// The IANA name, `Europe/Berlin`.
    package let name: String
    private let changes: [Int64]
    private let kinds: [UInt8]
    private let types: [TimeZoneFile.LocalType]
    private let rule: DaylightRule?

    /// Universal time: always at offset zero.
    package static let utc = Zone()

    private init() {
        name = "UTC"
        changes = []
        kinds = []
        types = [TimeZoneFile.LocalType(offset: 0, abbreviation: "UTC")]
        rule = nil
    }

    /// Reads a TZif file of version 1 to 4 (RFC 9636); bytes that are not one throw and never trap.
    package init(name: String, tzif: [UInt8]) throws(ZoneError) {
        let file = try TimeZoneFile(tzif)
        self.name = name
        changes = file.changes
        kinds = file.kinds
        types = file.types
        rule = file.rule
    }

    /// Whether a text looks like an IANA name: no part of it can lead out of the zone directory.
    package static func isName(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return text.utf8.count <= 64
            && parts.allSatisfy { part in
                guard let first = part.first, first.isLetter || first.isDigit else { return false }
                return part.allSatisfy { $0.isLetter || $0.isDigit || "+-_".utf8.contains($0) }
            }
    }

    /// Seconds east of UTC at the instant.
    package func offset(at instant: Timestamp) -> Int {
        local(atSecond: instant.seconds).offset
    }

    /// What local time is called at the instant: `CEST`, `+0545`.
    package func abbreviation(at instant: Timestamp) -> String {
        local(atSecond: instant.seconds).abbreviation
    }

    /// The date and the second of the day, 0 to 86,399, that a clock shows at the instant.
    package func clock(at instant: Timestamp) -> (date: CivilDate, secondOfDay: Int) {
        let local = instant.seconds + Int64(offset(at: instant))
        let (day, second) = local.floorDivided(by: 86_400)
        return (CivilDate(dayNumber: Int(day)), Int(second))
    }

    /// The same as text: `2026-12-31 23:59`.
    package func clockText(at instant: Timestamp) -> String {
        let shown = Timestamp(
            milliseconds: instant.milliseconds + Int64(offset(at: instant)) * 1000)
        return String(shown.minuteText.dropLast())
    }

    /// RFC 9636, 3.2: before the first change type 0 holds, from the last one on the footer.
    private func local(atSecond second: Int64) -> TimeZoneFile.LocalType {
        let passed = passedChanges(at: second)
        if passed == changes.count, let rule { return rule.local(at: second) }
        return passed == 0 ? types[0] : types[Int(kinds[passed - 1])]
    }

    /// How many changes in the file lie at or before the instant.
    private func passedChanges(at second: Int64) -> Int {
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle] <= second { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// A span of instants with one offset: from `begin` up to the next stretch.
    struct Stretch: Hashable {
        /// Seconds since 1970.
        let begin: Int64
        /// Seconds east of UTC.
        let offset: Int
    }

    /// The stretches from one instant to another, in seconds since 1970; the first begins at `first`.
    ///
    /// The instants lie a few days apart.
    func stretches(from first: Int64, through last: Int64) -> [Stretch] {
        var instants = Array(changes[passedChanges(at: first)..<passedChanges(at: last)])
        if let rule, changes.last.map({ $0 < last }) ?? true {
            let years = (rule.year(of: first) - 1)...(rule.year(of: last) + 1)
            for change in rule.changes(years: years)
            where first < change.second && change.second <= last
                && changes.last.map({ $0 < change.second }) ?? true
            {
                instants.append(change.second)
            }
        }
        var stretches = [Stretch(begin: first, offset: local(atSecond: first).offset)]
        for instant in instants {
            let offset = local(atSecond: instant).offset
            if offset != stretches[stretches.count - 1].offset {
                stretches.append(Stretch(begin: instant, offset: offset))
            }
        }
        return stretches
    }
}

/// Why bytes are no time zone.
package enum ZoneError: Error, Hashable {
    /// The first four bytes, or those of the second header, are not `TZif`.
    case notTZif
    case unknownVersion(UInt8)
    /// The file ends before what its header counts.
    case truncated
    /// This part is not as RFC 9636 has it.
    case malformed(String)
    /// The footer is no POSIX TZ string.
    case unreadableRule(String)
    /// The file counts leap seconds (`right/…`), which timestamps do not.
    case leapSeconds
}
