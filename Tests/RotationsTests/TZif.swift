/// Writes TZif files for tests, good and bad (RFC 9636, section 3).
struct TZif {
    var version = UInt8(ascii: "2")
    var times: [Int64] = []
    var kinds: [UInt8] = []
    var types: [(offset: Int32, isDaylight: UInt8, name: UInt8)] = [(0, 0, 0)]
    var names: [UInt8] = Array("UTC\0".utf8)
    var leaps = 0
    var standard: [UInt8] = []
    var universal: [UInt8] = []
    var footer: [UInt8] = Array("\n\n".utf8)

    /// A file without changes whose footer is this rule.
    static func rule(_ text: String) -> [UInt8] {
        var file = TZif()
        file.footer = Array("\n\(text)\n".utf8)
        return file.bytes
    }

    var bytes: [UInt8] {
        version == 0 ? block(4) : TZif.minimal(version) + block(8) + footer
    }

    /// The smallest block: what precedes the one that counts.
    private static func minimal(_ version: UInt8) -> [UInt8] {
        var file = TZif()
        file.version = version
        return file.block(4)
    }

    func block(_ timeSize: Int) -> [UInt8] {
        var bytes = Array("TZif".utf8) + [version] + [UInt8](repeating: 0, count: 15)
        let counts = [
            universal.count, standard.count, leaps, times.count, types.count, names.count,
        ]
        for count in counts { bytes += big(Int64(count), 4) }
        for time in times { bytes += big(time, timeSize) }
        bytes += kinds
        for type in types { bytes += big(Int64(type.offset), 4) + [type.isDaylight, type.name] }
        bytes += names
        bytes += [UInt8](repeating: 0, count: leaps * (timeSize + 4))
        return bytes + standard + universal
    }

    private func big(_ number: Int64, _ size: Int) -> [UInt8] {
        (0..<size).reversed().map { UInt8(truncatingIfNeeded: number >> Int64($0 * 8)) }
    }
}
