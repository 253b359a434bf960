import Audit
import Rotations
import Storage

/// Makes a report from entries, one after the other from the first of the trail on: what came before
/// the period decides how things stood at its beginning. It keeps a little for each secret, and for
/// each rotation only while that is under way.
package struct ReportMaker: Sendable {
    /// The types that it wants to see.
    package static let types: [EventType] = [
        .policyAdded, .policyChanged, .policyRenamed, .policyRemoved, .policyPaused, .policyResumed,
        .freezesChanged, .rotationStarted, .rotationResumed, .rotationRolledBack, .rotationHeld,
        .rotationFailed, .rotationParked, .rotationSuperseded, .rotationFinished, .gateOverridden,
        .scheduleOverridden, .versionAdopted, .versionImported, .versionPromoted, .versionRetiring,
        .versionRetired,
        .versionLost, .adminLoggedIn, .deliveryOwed, .deliverySettled, .deliveryClosed,
        .secretRevealed, .answerRevealed, .secretSearched, .auditExported, .reportMade,
        .incidentOpened, .incidentClosed, .stateMoved, .epochStarted, .signingKeyRotated,
        .administrationScheduled, .administrationCancelled, .administrationSettled,
        .credentialFound,
    ]
    private static let typesByName = Dictionary(
        uniqueKeysWithValues: types.map { ($0.rawValue, $0) })

    let scope: Report.Scope
    let period: Range<Timestamp>
    /// The secrets that it is about; nil for all.
    private let wanted: Set<String>?
    private var reader = LeafReader()
    /// Entries of one run have one actor.
    private var actor: (run: String, who: Who)?
    var histories: [String: SecretHistory] = [:]
    var open: [String: Report.Rotation] = [:]
    var incidents: [Incident] = []
    var exceptions: [Report.Exceptional] = []
    var deliveries: [Delivery: Report.Debt] = [:]
    var measures = Report.Measures()
    var freezesChanged: (digest: String, evidence: Evidence, who: Who)?
    /// Where in `exceptions` the open pause of a secret is.
    private var pauses: [String: Int] = [:]
    /// Where in `exceptions` a secret's waiting for a clock is.
    private var clockHolds: [String: Int] = [:]

    struct Delivery: Hashable, Sendable {
        let secret: String
        let version: Int
        let destination: String
    }

    /// An emergency, and what has to be read once more for each of its secrets.
    struct Incident: Sendable {
        var emergency: Report.Emergency
        var cases: [EmergencyCase] = []
    }

    /// An entry that is being taken in.
    struct Line {
        let type: EventType
        let evidence: Evidence
        /// Of the secret that it is about; empty for one that is about none.
        let secret: String
        let who: Who
    }

    /// - Parameter secrets: the ids of those that it is about; nil for all.
    package init(_ scope: Report.Scope, secrets: Set<String>?) {
        self.scope = scope
        wanted = secrets
        period = scope.from..<max(scope.from, scope.end)
        measures.bins = Report.Bin.dividing(period)
    }

    /// Takes the next entry in. Returns the rotation that it ended, if that was in the period.
    package mutating func add(_ stored: StoredLeaf) throws(ReportError) -> Report.Rotation? {
        guard reader.read(stored.leaf), let sequence = reader.integer("seq").map({ Int($0) }),
            let time = reader.time("time"),
            let type = reader.text("type").flatMap({ Self.typesByName[$0] })
        else { throw .notAnEntry }
        // Whoever follows a statement must find the entry under this hash.
        guard MerkleTree.leafHash(stored.leaf.span) == stored.hash else {
            throw .notItsHash(sequence)
        }
        guard time < period.upperBound else { return nil }
        let secret = reader.text("id", of: "secret") ?? ""
        if let wanted, !secret.isEmpty, !wanted.contains(secret) { return nil }
        let line = Line(
            type: type, evidence: Evidence(sequence: sequence, time: time, hash: stored.hash),
            secret: secret, who: try who(sequence))
        switch type {
        case .policyAdded, .policyChanged, .policyRenamed, .policyRemoved, .policyPaused,
            .policyResumed:
            addPolicy(line)
        case .versionAdopted, .versionImported, .versionPromoted, .versionRetiring,
            .versionRetired, .versionLost, .adminLoggedIn:
            addVersion(line)
        case .deliveryOwed, .deliverySettled, .deliveryClosed: addDelivery(line)
        case .incidentOpened, .incidentClosed: addIncident(line)
        case .rotationStarted: addStart(line)
        case .rotationResumed, .rotationRolledBack, .rotationHeld, .rotationFailed, .rotationParked,
            .rotationSuperseded, .rotationFinished:
            return addStep(line)
        case .freezesChanged:
            freezesChanged = (reader.text("after_sha256") ?? "", line.evidence, line.who)
            note(.freezesChanged, line)
        case .scheduleOverridden: note(.scheduleOverridden, line, detail: reader.text("cause"))
        case .gateOverridden: note(.gateOverridden, line, detail: reader.text("cause"))
        case .secretRevealed: note(.revealed, line, detail: version)
        case .answerRevealed: note(.answerRevealed, line)
        case .secretSearched: note(.valueSearched, line, detail: version)
        case .auditExported: note(.exported, line, detail: reader.text("exported"))
        case .reportMade: note(.reported, line, detail: reader.text("format", of: "report"))
        case .stateMoved: note(.stateMoved, line)
        case .epochStarted: note(.epochStarted, line, detail: reader.text("cause"))
        case .signingKeyRotated: note(.signingKeyRotated, line)
        case .administrationSettled: note(.administered, line, detail: administered)
        case .administrationScheduled:
            note(
                .administered, line,
                detail: "set for \(reader.text("until") ?? "a date"): \(administered)")
        case .administrationCancelled:
            note(.administered, line, detail: "taken back: \(administered)")
        case .credentialFound:
            note(
                .unmanaged, line,
                detail: reader.text("provider_name") ?? reader.text("id", of: "target"))
        default: break
        }
        return nil
    }

    private mutating func who(_ sequence: Int) throws(ReportError) -> Who {
        let run = reader.text("run") ?? ""
        if let actor, actor.run == run { return actor.who }
        guard let who = Who(reader.json("actor")) else { throw .notAnEntry }
        actor = (run, who)
        return who
    }

    private var number: Int { Int(reader.integer("version") ?? 0) }
    private var version: String? { reader.integer("version").map { "version \($0)" } }
    private var roles: [String] {
        guard case .array(let roles) = reader.json("roles") else { return [] }
        return roles.compactMap(\.text)
    }

    /// What was done to which account or key, and whether it was.
    private var administered: String {
        let words = [
            reader.text("action"), reader.text("provider_name"),
            reader.text("new_name").map { "to \($0)" },
            roles.isEmpty ? nil : roles.joined(separator: ", "),
            reader.text("outcome").flatMap { $0 == "done" ? nil : "(\($0))" },
            reader.text("cause").map { "(\($0))" },
        ]
        return words.compactMap(\.self).joined(separator: " ")
    }
    private var name: String { reader.text("name", of: "secret") ?? "" }

    /// Changes what is known of the line's secret.
    private mutating func change(_ line: Line, _ body: (inout SecretHistory) -> Void) {
        let (reader, period) = (reader, period)
        body(
            &histories[
                line.secret,
                default: SecretHistory(
                    line.secret, reader.text("name", of: "secret") ?? "", period)])
    }

    // MARK: Policies

    private mutating func addPolicy(_ line: Line) {
        let name = name
        let rotatedAt = reader.time("rotated_at")
        let demand = Report.Demand(
            schedule: reader.text("schedule"),
            maxAge: reader.integer("max_age_s").map(Interval.init(seconds:)),
            strategy: reader.text("strategy"), evidence: line.evidence)
        let (kind, id) = (reader.text("kind", of: "target"), reader.text("id", of: "target"))
        let before = histories[line.secret]?.demand
        change(line) { secret in
            secret.name = name
            switch line.type {
            case .policyRemoved: secret.removePolicy(line.evidence)
            case .policyPaused, .policyResumed: break
            default:
                secret.target(kind, id)
                secret.apply(demand, rotatedAt: rotatedAt)
            }
        }
        switch line.type {
        case .policyChanged, .policyRenamed:
            note(.policyChanged, line, detail: "\(demand.text); before: \(before?.text ?? "-")")
        case .policyPaused:
            endPause(line)
            pauses[line.secret] = exceptions.count
            exceptions.append(
                Report.Exceptional(
                    kind: .paused, secret: name, who: line.who, reason: reader.text("reason"),
                    evidence: line.evidence, until: reader.time("until")))
        case .policyResumed: endPause(line)
        case .policyRemoved:
            endPause(line)
            note(.policyRemoved, line)
        default: break
        }
    }

    private mutating func endPause(_ line: Line) {
        guard let index = pauses.removeValue(forKey: line.secret) else { return }
        if let until = exceptions[index].until, until <= line.evidence.time { return }
        exceptions[index].ended = line.evidence
    }

    // MARK: Versions

    private mutating func addVersion(_ line: Line) {
        let number = number
        let name = name
        let until = reader.time("until")
        let (kind, id) = (reader.text("kind", of: "target"), reader.text("id", of: "target"))
        change(line) { secret in
            switch line.type {
            case .versionAdopted, .adminLoggedIn:
                secret.name = name
                secret.target(kind, id)
                secret.know(number, line.evidence)
            case .versionImported: secret.takeIn(number, line.evidence)
            case .versionPromoted: secret.promote(number, line.evidence)
            case .versionRetiring, .versionLost: secret.retire(number, until: until, line.evidence)
            default: secret.end(number)
            }
        }
        switch line.type {
        case .versionImported: note(.imported, line, detail: version)
        case .versionPromoted: promote(number, line)
        case .versionRetired where period.contains(line.evidence.time):
            if let time = reader.integer("time_to_death_ms") { measures.timeToDeath.add(time) }
        default: break
        }
    }

    private mutating func promote(_ version: Int, _ line: Line) {
        let time = line.evidence.time
        guard let id = reader.text("rotation"), var rotation = open[id] else { return }
        rotation.version = version
        rotation.promoted = time
        // What stood in the way was overcome.
        rotation.cause = nil
        rotation.last = line.evidence
        open[id] = rotation
        guard period.contains(time) else { return }
        let begun = rotation.started.time.milliseconds
        measures.duration.add(time.milliseconds - begun)
        if let due = rotation.due { measures.dueToDone.add(time.milliseconds - due.milliseconds) }
        measures.count(at: time) { bin in
            switch rotation.trigger {
            case "manual": bin.manual += 1
            case "emergency": bin.emergency += 1
            default: bin.scheduled += 1
            }
        }
    }

    // MARK: Rotations

    private mutating func addStart(_ line: Line) {
        let id = reader.text("rotation") ?? ""
        let rotation = Report.Rotation(
            id: id, secretID: line.secret, secret: name, trigger: reader.text("trigger") ?? "",
            who: line.who, reason: reader.text("reason"), ticket: reader.text("ticket"),
            incident: reader.text("incident"), due: reader.time("due"), started: line.evidence,
            last: line.evidence)
        open[id] = rotation
        if period.contains(line.evidence.time) {
            measures.started[rotation.trigger, default: 0] += 1
        }
        guard
            let index = incidents.lastIndex(where: { $0.emergency.id == rotation.incident })
        else { return }
        incidents[index].cases.append(
            EmergencyCase(rotation, alive: histories[line.secret]?.alive.keys.sorted() ?? []))
    }

    private mutating func addStep(_ line: Line) -> Report.Rotation? {
        guard let id = reader.text("rotation"), var rotation = open[id] else { return nil }
        let cause = reader.text("cause")
        let reason = reader.text("reason")
        rotation.last = line.evidence
        switch line.type {
        case .rotationResumed:
            rotation.outcome = .open
            defer { open[id]?.cause = nil }
            if reason != nil { note(.takenUp, line, detail: rotation.cause) }
        case .rotationRolledBack:
            rotation.isRollback = true
            note(.rolledBack, line, detail: version)
        case .rotationHeld:
            rotation.cause = cause
            if cause == Cause.clock.rawValue { holdForClock(line) }
        case .rotationFailed:
            rotation.failures += 1
            rotation.cause = cause
            fail(cause, line)
        case .rotationParked:
            rotation.outcome = .parked
            rotation.cause = cause
        case .rotationSuperseded: rotation.outcome = .superseded
        default:
            rotation.outcome = .done
            rotation.cause = nil
        }
        guard [.done, .superseded].contains(rotation.outcome) else {
            open[id] = rotation
            return nil
        }
        open[id] = nil
        guard period.contains(line.evidence.time) else { return nil }
        measures.outcomes[rotation.outcome.rawValue, default: 0] += 1
        return rotation
    }

    private mutating func fail(_ cause: String?, _ line: Line) {
        change(line) { $0.fail(cause, at: line.evidence.time) }
        guard period.contains(line.evidence.time) else { return }
        measures.causes[cause ?? "unknown", default: 0] += 1
        measures.count(at: line.evidence.time) { $0.failed += 1 }
    }

    // MARK: The rest

    private mutating func addDelivery(_ line: Line) {
        let delivery = Delivery(
            secret: line.secret, version: number, destination: reader.text("destination") ?? "")
        let outcome = reader.text("outcome")
        guard line.type == .deliveryOwed || line.type == .deliverySettled && outcome != "done"
        else {
            deliveries[delivery] = nil
            return
        }
        let isRequired = reader.json("required") == .boolean(true)
        deliveries[delivery] = Report.Debt(
            secretID: line.secret, secret: name, version: delivery.version,
            kind: .delivery(destination: delivery.destination, isRequired: isRequired),
            evidence: line.evidence, cause: reader.text("cause"))
    }

    private mutating func addIncident(_ line: Line) {
        let id = reader.text("incident") ?? ""
        guard line.type == .incidentOpened else {
            guard let index = incidents.lastIndex(where: { $0.emergency.id == id }) else { return }
            incidents[index].emergency.closed = line.evidence
            return
        }
        incidents.append(
            Incident(
                emergency: Report.Emergency(
                    id: id, selector: reader.text("selector") ?? "",
                    reason: reader.text("reason") ?? "", ticket: reader.text("ticket"),
                    who: line.who, opened: line.evidence)))
    }

    /// Keeps what was not the rule, if it was in the period.
    private mutating func note(_ kind: Report.Exceptional.Kind, _ line: Line, detail: String? = nil)
    {
        guard period.contains(line.evidence.time) else { return }
        exceptions.append(
            Report.Exceptional(
                kind: kind, secret: line.secret.isEmpty ? nil : name, who: line.who,
                reason: reader.text("reason"), evidence: line.evidence, detail: detail))
    }

    /// A clock that cannot be trusted holds a rotation up at each run: one line for all of them.
    private mutating func holdForClock(_ line: Line) {
        guard period.contains(line.evidence.time) else { return }
        if let index = clockHolds[line.secret] {
            exceptions[index].count += 1
        } else {
            clockHolds[line.secret] = exceptions.count
            note(.clockHeld, line)
        }
    }
}

/// Why no report can be made.
package enum ReportError: Error, Hashable, Sendable {
    case storage(StorageError)
    /// A row of the trail holds no entry.
    case notAnEntry
    /// The entry at this place is not what its hash was made of.
    case notItsHash(Int)
}

extension Report.Demand {
    /// In a few words: `every 30d, at most 45d old, in-place`.
    var text: String {
        [schedule, maxAge.map { "at most \($0) old" }, strategy].compactMap(\.self)
            .joined(separator: ", ")
    }
}

extension Report.Measures {
    /// Counts something in the bin that this time falls into.
    mutating func count(at time: Timestamp, _ change: (inout Report.Bin) -> Void) {
        guard let first = bins.first else { return }
        let width = first.to.milliseconds - first.from.milliseconds
        let index = Int((time.milliseconds - first.from.milliseconds) / width)
        if bins.indices.contains(index) { change(&bins[index]) }
    }
}

extension Report.Bin {
    /// The period in equal parts, at most 53: hours, days, weeks, or longer.
    static func dividing(_ period: Range<Timestamp>) -> [Report.Bin] {
        let length = period.lowerBound.age(at: period.upperBound).seconds
        let hour: Int64 = 3_600
        let widths = [hour, 6 * hour, 24 * hour, 168 * hour, 672 * hour, 8_736 * hour]
        let width = widths.first { length <= 53 * $0 } ?? max(length / 53 + 1, 1)
        let count = max((length + width - 1) / width, 1)
        return (0..<count).map { index in
            Report.Bin(
                from: period.lowerBound + Interval(seconds: index * width),
                to: period.lowerBound + Interval(seconds: (index + 1) * width))
        }
    }
}
