import Audit
import Rotations

extension ReportMaker {
    /// The report, and the rotations that were under way at the end.
    ///
    /// - Parameters:
    ///   - freezes: those of today, since the trail names them by their digest only.
    ///   - digest: of these.
    package mutating func finish(
        _ integrity: Report.Integrity, freezes: [Freeze], digest: [UInt8]
    ) -> (report: Report, open: [Report.Rotation]) {
        var report = Report(scope: scope, integrity: integrity)
        let underWay = open.values.sorted { $0.started.sequence < $1.started.sequence }
        for rotation in underWay { measures.outcomes[rotation.outcome.rawValue, default: 0] += 1 }
        report.debts = debts()
        report.secrets = secrets(owing: report.debts, underWay)
        report.emergencies = emergencies()
        report.exceptions = exceptions(freezes, digest)
        report.measures = measures
        return (report, underWay)
    }

    private func debts() -> [Report.Debt] {
        let retirements = histories.values.flatMap { history in
            history.alive.filter { $0.key != history.version }.map { version, live in
                Report.Debt(
                    secretID: history.id, secret: history.name, version: version,
                    kind: .retirement(until: live.until), evidence: live.evidence, cause: nil)
            }
        }
        return (deliveries.values + retirements).sorted {
            $0.evidence.sequence < $1.evidence.sequence
        }
    }

    private mutating func secrets(
        owing debts: [Report.Debt], _ underWay: [Report.Rotation]
    ) -> [Report.Secret] {
        let owed = Dictionary(grouping: debts.filter { $0.isDue(at: scope.end) }, by: \.secretID)
        let open = Dictionary(underWay.map { ($0.secretID, $0) }) { $1 }
        for id in histories.keys { histories[id]?.close() }
        return histories.values.map { history in
            Report.Secret(
                id: history.id, name: history.name, kind: history.kind,
                providerID: history.providerID, policy: history.demand, version: history.version,
                age: history.age, ageAtEnd: history.age?.since.age(at: scope.end),
                longestGap: history.longestGap, overdue: history.overdue,
                rotations: history.rotations, failures: history.failures, open: open[history.id],
                debts: owed[history.id]?.count ?? 0)
        }.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    /// Those that the period saw, and that were about a secret that is asked for.
    private func emergencies() -> [Report.Emergency] {
        incidents.compactMap { incident in
            var emergency = incident.emergency
            emergency.secrets = incident.cases.map(\.response)
            for index in emergency.secrets.indices {
                emergency.secrets[index].credentials.sort { $0.version < $1.version }
            }
            let isSeen = emergency.closed.map { $0.time >= period.lowerBound } ?? true
            return isSeen && (scope.label == nil || !emergency.secrets.isEmpty) ? emergency : nil
        }
    }

    private func exceptions(_ freezes: [Freeze], _ digest: [UInt8]) -> [Report.Exceptional] {
        let isAsRecorded = freezesChanged?.digest == hexadecimal(digest)
        let held = freezes.filter { $0.from < period.upperBound && $0.until > period.lowerBound }
            .map { freeze in
                let names =
                    switch freeze.names {
                    case .all: "all"
                    case .only(let names): names.joined(separator: ", ")
                    }
                return Report.Exceptional(
                    kind: .freeze, secret: nil, who: isAsRecorded ? freezesChanged?.who : nil,
                    reason: freeze.reason, evidence: isAsRecorded ? freezesChanged?.evidence : nil,
                    until: freeze.until,
                    detail:
                        "from \(freeze.from.secondText), owned by \(freeze.owner), holds \(names)"
                        + (isAsRecorded ? "" : "; as told today, changed since the period"))
            }
        let seen = exceptions.filter { exception in
            let end = exception.ended?.time ?? exception.until
            return exception.kind != .paused || end.map { $0 > period.lowerBound } ?? true
        }
        return (seen + held).sorted {
            ($0.evidence?.sequence ?? 0) < ($1.evidence?.sequence ?? 0)
        }
    }
}

extension Report.Debt {
    /// Whether it should have been paid by then.
    package func isDue(at time: Timestamp) -> Bool {
        switch kind {
        case .delivery: true
        case .retirement(let until): until.map { $0 <= time } ?? true
        }
    }
}
