import Rotations

/// What the trail says of one secret, entry by entry: its policy, its age, and in which parts of the
/// period it was older than allowed.
struct SecretHistory {
    let id: String
    var name: String
    private(set) var kind: String?
    private(set) var providerID: String?
    private(set) var demand: Report.Demand?
    private(set) var age: Report.Age?
    private(set) var version: Int?
    /// Credentials that nobody has seen refused, and the entry that last spoke of each.
    private(set) var alive: [Int: Live] = [:]
    private(set) var longestGap: Report.Gap?
    private(set) var overdue: [Report.Overdue] = []
    var rotations = 0
    var failures = 0
    /// Since the last rotation.
    private var failuresSince = 0
    private var causeSince: String?
    /// What was current before, which a rollback brings back as old as it is.
    private var previous: (version: Int, age: Report.Age)?
    /// From when on the present age and demand hold together.
    private var settledAt: Timestamp

    private let period: Range<Timestamp>

    /// A credential at the provider.
    struct Live {
        let evidence: Evidence
        /// When it may be retired.
        var until: Timestamp?
    }

    init(_ id: String, _ name: String, _ period: Range<Timestamp>) {
        self.id = id
        self.name = name
        self.period = period
        settledAt = .earliest
    }

    // MARK: What entries say

    mutating func target(_ kind: String?, _ providerID: String?) {
        self.kind = kind ?? self.kind
        self.providerID = providerID ?? self.providerID
    }

    mutating func apply(_ demand: Report.Demand, rotatedAt: Timestamp?) {
        settle(at: demand.evidence, isRotation: false)
        self.demand = demand
        // What the file tells says more than that we know it since then, and less than we saw.
        if let rotatedAt, age?.basis ?? .known == .known {
            age = Report.Age(basis: .told, since: rotatedAt, evidence: demand.evidence)
        }
    }

    mutating func removePolicy(_ evidence: Evidence) {
        settle(at: evidence, isRotation: false)
        demand = nil
    }

    /// The secret is known from now on: adopted, or logged in as an admin.
    mutating func know(_ version: Int, _ evidence: Evidence) {
        // A value that was given to us takes the place of another; nobody asks the old one.
        if let current = self.version { alive[current] = nil }
        self.version = version
        alive[version] = Live(evidence: evidence)
        if age == nil {
            age = Report.Age(basis: .known, since: evidence.time, evidence: evidence)
        }
    }

    mutating func takeIn(_ version: Int, _ evidence: Evidence) {
        let isReplaced = self.version.map { version > $0 } ?? true
        alive[version] = Live(evidence: evidence)
        self.version = version
        guard isReplaced || age?.basis ?? .known == .known else { return }
        settle(at: evidence, isRotation: isReplaced)
        age = Report.Age(basis: .imported, since: evidence.time, evidence: evidence)
    }

    mutating func promote(_ version: Int, _ evidence: Evidence) {
        settle(at: evidence, isRotation: true)
        let before = self.version.flatMap { old in age.map { (old, $0) } }
        if let previous, previous.version == version {
            age = previous.age
        } else {
            age = Report.Age(basis: .rotated, since: evidence.time, evidence: evidence)
        }
        previous = before
        self.version = version
        alive[version] = Live(evidence: evidence)
        failuresSince = 0
        causeSince = nil
        if period.contains(evidence.time) { rotations += 1 }
    }

    mutating func retire(_ version: Int, until: Timestamp?, _ evidence: Evidence) {
        alive[version] = Live(evidence: evidence, until: until)
    }

    mutating func end(_ version: Int) { alive[version] = nil }

    mutating func fail(_ cause: String?, at time: Timestamp) {
        failuresSince += 1
        causeSince = cause
        if period.contains(time) { failures += 1 }
    }

    /// Takes in what went on to the end of the period.
    mutating func close() { settle(upTo: period.upperBound, nil, isRotation: false) }

    // MARK: Age against limit

    private mutating func settle(at evidence: Evidence, isRotation: Bool) {
        settle(upTo: evidence.time, evidence, isRotation: isRotation)
    }

    /// Looks at the time since the last such look, in which age and demand were what they are.
    private mutating func settle(
        upTo time: Timestamp, _ evidence: Evidence?, isRotation: Bool
    ) {
        let start = max(settledAt, period.lowerBound)
        let end = min(time, period.upperBound)
        settledAt = max(settledAt, time)
        guard let demand, let age, start < end else { return }
        let gap = age.since.age(at: end)
        if gap > longestGap?.length ?? .zero {
            longestGap = Report.Gap(
                length: gap, end: end, evidence: isRotation ? evidence : nil,
                isOpenBefore: age.basis == .known || age.basis == .imported)
        }
        guard let limit = demand.maxAge, age.since + limit < end else { return }
        var from = max(age.since + limit, start)
        // An entry that changed neither the age nor the limit does not begin another span.
        if let last = overdue.last, last.until == from, last.limit == limit {
            from = last.from
            overdue.removeLast()
        }
        overdue.append(
            Report.Overdue(
                from: from, until: end, limit: limit, evidence: evidence,
                failures: failuresSince, cause: causeSince))
    }
}
