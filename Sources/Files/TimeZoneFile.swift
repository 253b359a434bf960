import Linux

/// The system's time zones, one TZif file each (tzfile(5)).
package enum TimeZoneFile {
    private static let root = "/usr/share/zoneinfo"
    private static let limit = 1 << 20

    /// Whether the system has time zones at all.
    package static var isInstalled: Bool {
        // Whatever the cause, what cannot be read is not there for us.
        (try? read("UTC")) != nil
    }

    /// The bytes of the zone's file, or nil when there is no such zone. `name` is an IANA name
    /// such as `Europe/Berlin`; anything else is no zone, above all what would leave the
    /// directory. Links in the directory are followed, as distributions make them.
    package static func read(_ name: String) throws(FileError) -> [UInt8]? {
        guard isName(name) else { return nil }
        do {
            return try unlessMissing { () throws(FileError) in try zone("\(root)/\(name)") }
        } catch {
            // `Europe/Berlin/x`: a zone is no directory of further zones.
            guard error.cause == .notDirectory else { throw error }
            return nil
        }
    }

    private static func zone(_ path: String) throws(FileError) -> [UInt8]? {
        let file = try at(path) { () throws(SystemError) in
            try Descriptor.open(path, for: .reading, lastLink: .followed)
        }
        let status = try at(path) { () throws(SystemError) in try file.status() }
        guard status.kind == .regular else { return nil }
        let bytes = try at(path) { () throws(SystemError) in try file.readAll(limit: limit) }
        guard let bytes else { throw FileError(path, .tooLarge(limit: limit)) }
        // The directory holds lists and leap seconds too.
        return bytes.starts(with: "TZif".utf8) ? bytes : nil
    }

    static func isName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return name.utf8.count <= 64
            && parts.allSatisfy { part in
                guard let first = part.utf8.first, isLetter(first) else { return false }
                return part.utf8.allSatisfy { byte in
                    isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                        || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                        || byte == UInt8(ascii: "+")
                }
            }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
