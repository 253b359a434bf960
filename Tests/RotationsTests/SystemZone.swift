import FoundationEssentials

@testable import Rotations

/// Why a zone could not be read for a test.
enum SystemZoneError: Error {
    case missing(String)
}

/// The bytes of a zone of this machine (package tzdata).
func zoneFile(_ name: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: "/usr/share/zoneinfo/\(name)") else {
        throw SystemZoneError.missing(name)
    }
    return [UInt8](data)
}

/// A zone of this machine.
func systemZone(_ name: String) throws -> Zone {
    try Zone(name: name, tzif: zoneFile(name))
}

/// The zones that tests range over.
let zoneNames = [
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
    "Africa/Casablanca", "America/Sao_Paulo",
]

/// Every zone of this machine whose clocks are changed in the years of the tests, as its table has
/// them (tzfile(5)).
let changingZoneNames: [String] = {
    let table = FileManager.default.contents(atPath: "/usr/share/zoneinfo/tzdata.zi") ?? Data()
    let names = String(decoding: table, as: UTF8.self).split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ")
        return words.first == "Z" && words.count > 1 ? String(words[1]) : nil
    }
    return names.filter { name in
        guard let zone = try? systemZone(name) else { return false }
        let months = (0..<132).map { zone.offset(at: at("2024-01-15") + .days(Int64($0) * 30)) }
        return Set(months).count > 1
    }
}()

/// All of them, read once.
let systemZones: [String: Zone] = {
    var zones: [String: Zone] = [:]
    for name in zoneNames + changingZoneNames {
        // What is missing fails in the test that needs it, with the name.
        zones[name] = try? systemZone(name)
    }
    return zones
}()

/// A zone of `systemZones`.
func knownZone(_ name: String) throws -> Zone {
    guard let zone = systemZones[name] else { throw SystemZoneError.missing(name) }
    return zone
}

/// The instant that a text names; a test with a text that names none is wrong.
func at(_ text: String) -> Timestamp {
    guard let instant = Timestamp(rfc3339: text) else { preconditionFailure(text) }
    return instant
}

/// The date that a text names.
func date(_ text: String) -> CivilDate { Zone.utc.clock(at: at(text)).date }
