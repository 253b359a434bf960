import Audit
import Rotations
import Storage
import Testing

@testable import Reports

/// A trail made by hand. Its days are counted from the first of January 2026.
struct Story {
    private(set) var leaves: [StoredLeaf] = []
    private var rotationCount = 0

    static func day(_ day: Double) -> Timestamp {
        Timestamp(milliseconds: 1_767_225_600_000 + Int64(day * 86_400_000))
    }

    /// A secret of this name.
    static func secret(_ name: String) -> SecretReference {
        let letter = name.utf8.reduce(0) { ($0 * 31 + Int($1)) % 1_000_000 }
        let digits = String(letter)
        let id = "01J00000000000000" + String(repeating: "0", count: 9 - digits.count) + digits
        return SecretReference(id: identifier(id), name: name)
    }

    private static func identifier(_ text: String) -> Identifier {
        guard let identifier = Identifier(text) else {
            preconditionFailure("no identifier: \(text)")
        }
        return identifier
    }

    /// The place of the next entry.
    var next: Int { leaves.count }

    /// Adds an entry; returns its place.
    @discardableResult
    mutating func tell(
        _ type: EventType, _ name: String? = nil, on day: Double, by user: String = "ann",
        _ fill: (inout Event) -> Void = { _ in }
    ) -> Int {
        let event = Event(type) {
            $0.secret = name.map(Self.secret)
            fill(&$0)
        }
        let actor = Actor(
            uid: 1000, loginUID: nil, user: user, host: "db1", pid: leaves.count, invocation: nil,
            claimedSudoUser: nil)
        let digits = String(leaves.count)
        let run = Self.identifier(
            "01J0000000000000RVN" + String(repeating: "0", count: 7 - digits.count) + digits)
        let entry = Entry(
            event, sequence: leaves.count, at: Self.day(day),
            in: Entry.Context(actor: actor, run: run, tool: "keyturn 1"))
        leaves.append(StoredLeaf(leaf: entry.leaf, hash: entry.hash))
        return entry.projection.sequence
    }

    /// A policy over an adopted credential.
    mutating func adopt(
        _ name: String, on day: Double, maxAge: Interval? = .days(45), rotatedAt: Timestamp? = nil
    ) {
        tell(.versionAdopted, name, on: day) {
            $0.version = 1
            $0.target = TargetReference(kind: .apiKey, providerID: "key-\(name)")
        }
        demand(name, on: day, maxAge: maxAge, .policyAdded, rotatedAt: rotatedAt)
    }

    @discardableResult
    mutating func demand(
        _ name: String, on day: Double, maxAge: Interval?, _ type: EventType = .policyChanged,
        rotatedAt: Timestamp? = nil
    ) -> Int {
        tell(type, name, on: day) {
            $0.target = TargetReference(kind: .apiKey, providerID: "key-\(name)")
            $0.schedule = "every 30d"
            $0.maxAge = maxAge
            $0.strategy = .overlap
            $0.rotatedAt = rotatedAt
        }
    }

    /// The beginning of a rotation; returns its id.
    mutating func begin(
        _ name: String, on day: Double, by user: String = "ann",
        _ trigger: Rotation.Trigger = .schedule, due: Double? = nil, reason: String? = nil,
        incident: Identifier? = nil
    ) -> Identifier {
        let digits = String(rotationCount)
        rotationCount += 1
        let id = Self.identifier(
            "01J0000000000000R0T" + String(repeating: "0", count: 7 - digits.count) + digits)
        tell(.rotationStarted, name, on: day, by: user) {
            $0.rotation = id
            $0.trigger = trigger
            $0.reason = reason
            $0.due = due.map(Self.day)
            $0.incident = incident
        }
        return id
    }

    /// An entry of a rotation.
    @discardableResult
    mutating func go(
        _ type: EventType, _ name: String, _ rotation: Identifier, on day: Double,
        _ fill: (inout Event) -> Void = { _ in }
    ) -> Int {
        tell(type, name, on: day) {
            $0.rotation = rotation
            fill(&$0)
        }
    }

    /// A rotation that is done within the day; returns the place of the promotion.
    @discardableResult
    mutating func rotate(
        _ name: String, to version: Int, on day: Double, _ trigger: Rotation.Trigger = .schedule,
        due: Double? = nil, reason: String? = nil
    ) -> Int {
        let id = begin(name, on: day, trigger, due: due, reason: reason)
        let promoted = go(.versionPromoted, name, id, on: day) { $0.version = version }
        go(.versionRetiring, name, id, on: day) {
            $0.version = version - 1
            $0.until = Self.day(day)
        }
        go(.versionRetired, name, id, on: day) {
            $0.version = version - 1
            $0.verdict = .refused
            $0.timeToDeathMilliseconds = 1_200
        }
        go(.rotationFinished, name, id, on: day) { $0.version = version }
        return promoted
    }

    /// The report over these days, made at the end of the last of them unless said.
    func report(
        from: Double = 0, to: Double = 90, madeAt: Double? = nil, label: String? = nil,
        secrets: [String]? = nil, freezes: [Freeze] = [], digest: [UInt8] = []
    ) throws -> (report: Report, rotations: [Report.Rotation]) {
        let scope = Report.Scope(
            from: Self.day(from), to: Self.day(to), madeAt: Self.day(madeAt ?? to), label: label,
            tool: "keyturn 1")
        var maker = ReportMaker(
            scope, secrets: secrets.map { Set($0.map { Self.secret($0).id.text }) })
        var rotations: [Report.Rotation] = []
        for leaf in leaves {
            let type = try #require(Entry(leaf: leaf.leaf)).projection.type
            guard ReportMaker.types.map(\.rawValue).contains(type) else { continue }
            if let ended = try maker.add(leaf) { rotations.append(ended) }
        }
        for index in maker.incidents.indices {
            for other in maker.incidents[index].cases.indices {
                var emergency = maker.incidents[index].cases[other]
                for leaf in leaves.dropFirst(emergency.start)
                where Entry(leaf: leaf.leaf)?.projection.secretID == emergency.secret?.text {
                    _ = try emergency.add(leaf, before: scope.end)
                }
                maker.incidents[index].cases[other] = emergency
            }
        }
        let (report, open) = maker.finish(
            Report.Integrity(
                checkpoint: "db1/keyturn/x/e1\n\(leaves.count)\nROOT\n\n— db1 SIGNED\n",
                size: leaves.count, keys: ["db1+KEY"], known: nil, checkpointCount: 3,
                recordCount: 2), freezes: freezes, digest: digest)
        return (report, rotations + open)
    }

    /// A report in one of its forms.
    static func written(
        _ made: (report: Report, rotations: [Report.Rotation]), as format: ReportFormat
    ) -> String {
        let form = format.form
        let lines = made.rotations.enumerated().map { form.line($1, $0) }
        return form.head(made.report) + lines.joined() + form.tail(made.report)
    }
}
