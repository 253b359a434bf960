import Files
import Rotations

/// When a policy's secret comes due, with the system's time zones.
package enum Scheduling {
    /// A zone that the system does not have.
    package struct UnknownZone: Error, Hashable, Sendable {
        package let name: String
    }

    /// The zone with this IANA name, read from the system's tzdata.
    package static func zone(_ name: String) throws(UnknownZone) -> Zone {
        // Whatever is wrong with the file, there is no such zone here.
        guard let bytes = (try? TimeZoneFile.read(name)) ?? nil,
            let zone = try? Zone(name: name, tzif: bytes)
        else { throw UnknownZone(name: name) }
        return zone
    }

    /// What is known of a secret when its next time is asked for.
    package struct Standing: Hashable, Sendable {
        package let policy: Policy
        package let registeredAt: Timestamp
        package let rotatedAt: Timestamp?
        package let phase: UInt64
        /// The policy's pause, whether or not it has ended.
        package let hold: Hold?

        package init(
            policy: Policy, registeredAt: Timestamp, rotatedAt: Timestamp?, phase: UInt64,
            hold: Hold? = nil
        ) {
            self.hold = hold
            self.policy = policy
            self.registeredAt = registeredAt
            self.rotatedAt = rotatedAt
            self.phase = phase
        }

        /// The same after a rotation.
        package func rotated(at time: Timestamp) -> Standing {
            Standing(
                policy: policy, registeredAt: registeredAt, rotatedAt: time, phase: phase,
                hold: hold)
        }
    }

    /// When it is to be rotated next, as seen now, whether its policy is paused or not; nil when never.
    package static func due(
        _ standing: Standing, freezes: [Freeze], now: Timestamp
    ) throws(UnknownZone) -> Due? {
        try due(standing, hold: nil, freezes, now)
    }

    /// When it is to be rotated next while its policy may be paused; nil when never.
    package static func dueInPause(
        _ standing: Standing, freezes: [Freeze], now: Timestamp
    ) throws(UnknownZone) -> Due? {
        try due(standing, hold: standing.hold, freezes, now)
    }

    private static func due(
        _ standing: Standing, hold: Hold?, _ freezes: [Freeze], _ now: Timestamp
    ) throws(UnknownZone) -> Due? {
        try standing.policy.schedule.next(
            lastRotated: standing.rotatedAt, registered: standing.registeredAt, now: now,
            phase: standing.phase, freezes: freezes.filter { $0.covers(standing.policy.name) },
            hold: hold, zones: { (name) throws(UnknownZone) in try zone(name) })
    }

    /// When it is to be rotated from now to a horizon, at most so many times.
    package static func forecast(
        _ standing: Standing, freezes: [Freeze], now: Timestamp, until horizon: Timestamp,
        limit: Int
    ) throws(UnknownZone) -> Forecast {
        try standing.policy.schedule.forecast(
            lastRotated: standing.rotatedAt, registered: standing.registeredAt, now: now,
            until: horizon, limit: limit, hold: standing.hold, phase: standing.phase,
            freezes: freezes.filter { $0.covers(standing.policy.name) },
            zones: { (name) throws(UnknownZone) in try zone(name) })
    }

    /// Whether the system has time zones at all.
    package static var hasZones: Bool { TimeZoneFile.isInstalled }

    /// The names of the system's zones, as far as its table lists them (tzfile(5)).
    package static var zoneNames: [String] {
        // Only for a suggestion: without the table there is none.
        let table = (try? PublicFile.read("/usr/share/zoneinfo/tzdata.zi", limit: 1 << 20)) ?? []
        return String(decoding: table, as: UTF8.self).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            return switch words.first {
            case "Z" where words.count > 1: String(words[1])
            case "L" where words.count > 2: String(words[2])
            default: nil
            }
        }
    }
}
