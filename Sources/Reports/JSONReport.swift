import Audit
import Rotations

/// One JSON object of kind `report`, in the canonical form that entries have.
struct JSONReport: ReportForm {
    /// The member that is written line by line; those before and after it are sorted around it.
    private static let rotations = "rotations"

    func head(_ report: Report) -> String {
        let members = report.members.filter { $0.key < Self.rotations }
        let text = String(decoding: JSON.object(members).canonicalBytes.dropLast(), as: UTF8.self)
        return text + ",\"\(Self.rotations)\":["
    }

    func line(_ rotation: Report.Rotation, _ index: Int) -> String {
        (index == 0 ? "" : ",") + rotation.json.canonical
    }

    func tail(_ report: Report) -> String {
        let members = report.members.filter { $0.key > Self.rotations }
        let text = String(decoding: JSON.object(members).canonicalBytes.dropFirst(), as: UTF8.self)
        return "]," + text + "\n"
    }
}

/// An object without the members that say nothing.
private func object(_ members: [String: JSON?]) -> JSON {
    .object(members.compactMapValues(\.self))
}

private func words(_ text: String?) -> JSON? { text.map(JSON.string) }
private func number(_ number: Int?) -> JSON? { number.map { .integer(Int64($0)) } }
private func time(_ time: Timestamp?) -> JSON? { (time?.rfc3339).map(JSON.string) }
private func seconds(_ interval: Interval?) -> JSON? { (interval?.seconds).map(JSON.integer) }
private func milliseconds(_ value: Int64?) -> JSON? { value.map(JSON.integer) }

extension Evidence {
    fileprivate var json: JSON {
        object([
            "seq": number(sequence), "time": time.rfc3339.json, "leaf_hash": hexadecimal(hash).json,
        ])
    }
}

extension String {
    fileprivate var json: JSON { .string(self) }
}

extension Who {
    fileprivate var json: JSON {
        object([
            "uid": .integer(uid), "user": words(user), "login_uid": loginUID.map(JSON.integer),
            "claimed_sudo_user": words(claimedSudoUser), "host": words(host),
            "unit": .boolean(isUnit),
        ])
    }
}

extension Report {
    fileprivate var members: [String: JSON] {
        var members: [String: JSON] = [
            "kind": .string("report"), "from": .string(scope.from.rfc3339),
            "to": .string(scope.to.rfc3339), "made_at": .string(scope.madeAt.rfc3339),
            "tool": .string(scope.tool), "integrity": integrity.json,
            "secrets": .array(secrets.map { $0.json(at: scope.end) }),
            "debts": .array(debts.map { $0.json(at: scope.end) }),
            "emergencies": .array(emergencies.map(\.json)),
            "exceptions": .array(exceptions.map(\.json)), "measures": measures.json,
        ]
        members["label"] = words(scope.label)
        return members
    }
}

extension Report.Integrity {
    fileprivate var json: JSON {
        object([
            "checkpoint": words(checkpoint), "entries": number(size),
            "vkeys": .array(keys.map(JSON.string)), "intact": .boolean(true),
            "verified_from": number(known?.size ?? 0), "checkpoints": number(checkpointCount),
            "records": number(recordCount), "known_by": known?.evidence.json,
            "known_by_who": known?.who.json, "whole_by": known?.whole?.json,
        ])
    }
}

extension Report.Secret {
    fileprivate func json(at end: Timestamp) -> JSON {
        object([
            "name": words(name), "id": words(id), "target_kind": words(kind),
            "target_id": words(providerID), "policy": policy?.json, "version": number(version),
            "state": words(state(at: end).text), "overdue_at_end": .boolean(isOverdue(at: end)),
            "age_seconds": seconds(ageAtEnd), "age_basis": words(age?.basis.rawValue),
            "age_since": time(age?.since), "age_evidence": age?.evidence.json,
            "longest_gap_seconds": seconds(longestGap?.length),
            "longest_gap_end": time(longestGap?.end),
            "longest_gap_evidence": longestGap?.evidence?.json,
            "overdue": .array(overdue.map(\.json)), "rotations": number(rotations),
            "failures": number(failures), "open": open?.json, "debts": number(debts),
        ])
    }
}

extension Report.Demand {
    fileprivate var json: JSON {
        object([
            "schedule": words(schedule), "max_age_seconds": seconds(maxAge),
            "strategy": words(strategy), "evidence": evidence.json,
        ])
    }
}

extension Report.Overdue {
    fileprivate var json: JSON {
        object([
            "from": time(from), "until": time(until), "limit_seconds": seconds(limit),
            "failures": number(failures), "cause": words(cause), "evidence": evidence?.json,
        ])
    }
}

extension Report.Rotation {
    fileprivate var json: JSON {
        object([
            "id": words(id), "name": words(secret), "secret_id": words(secretID),
            "trigger": words(trigger), "who": who.json, "reason": words(reason),
            "ticket": words(ticket), "incident": words(incident), "due": time(due),
            "started": started.json, "rollback": isRollback ? .boolean(true) : nil,
            "version": number(version), "in_use_at": time(promoted),
            "outcome": words(outcome.rawValue), "failures": number(failures), "cause": words(cause),
            "last": last.json,
        ])
    }
}

extension Report.Emergency {
    fileprivate var json: JSON {
        object([
            "id": words(id), "selector": words(selector), "reason": words(reason),
            "ticket": words(ticket), "who": who.json, "opened": opened.json, "closed": closed?.json,
            "delivered_after_ms": milliseconds(timeToDelivery),
            "refused_after_ms": milliseconds(timeToDeath),
            "secrets": .array(secrets.map(\.json)),
        ])
    }
}

extension Report.Response {
    fileprivate var json: JSON {
        object([
            "name": words(secret), "rotation": words(rotation), "started": started.json,
            "new_value_at": time(minted), "delivered_at": time(delivered),
            "taken_away_at": time(revoked), "seen_refused_at": time(refused),
            "credentials": .array(
                credentials.map { credential in
                    object([
                        "version": number(credential.version),
                        "taken_away_at": time(credential.revoked),
                        "seen_refused_at": time(credential.refused),
                        "cannot_be_asked": credential.isUnaskable ? .boolean(true) : nil,
                        "time_to_death_ms": milliseconds(credential.timeToDeath),
                        "evidence": credential.evidence?.json,
                    ])
                }),
        ])
    }
}

extension Report.Exceptional {
    fileprivate var json: JSON {
        object([
            "what": words(kind.rawValue), "name": words(secret), "who": who?.json,
            "reason": words(reason), "detail": words(detail), "until": time(until),
            "count": number(count), "evidence": evidence?.json, "ended": ended?.json,
        ])
    }
}

extension Report.Debt {
    fileprivate func json(at end: Timestamp) -> JSON {
        var members: [String: JSON?] = [
            "name": words(secret), "version": number(version), "due": .boolean(isDue(at: end)),
            "evidence": evidence.json, "cause": words(cause),
        ]
        switch kind {
        case .delivery(let destination, let isRequired):
            members["what"] = .string("delivery")
            members["destination"] = .string(destination)
            members["required"] = .boolean(isRequired)
        case .retirement(let until):
            members["what"] = .string("retirement")
            members["until"] = time(until)
        }
        return object(members)
    }
}

extension Report.Measures {
    fileprivate var json: JSON {
        func counts(_ counts: [String: Int]) -> JSON { .object(counts.compactMapValues(number)) }
        return object([
            "started": counts(started), "outcomes": counts(outcomes), "causes": counts(causes),
            "due_to_in_use_ms": dueToDone.json, "started_to_in_use_ms": duration.json,
            "time_to_death_ms": timeToDeath.json,
            "over_time": .array(
                bins.map { bin in
                    object([
                        "from": time(bin.from), "to": time(bin.to),
                        "scheduled": number(bin.scheduled), "manual": number(bin.manual),
                        "emergency": number(bin.emergency), "failed": number(bin.failed),
                    ])
                }),
        ])
    }
}

extension Samples {
    fileprivate var json: JSON {
        object([
            "count": number(count), "median": milliseconds(percentile(50)),
            "p95": milliseconds(percentile(95)), "max": milliseconds(percentile(100)),
        ])
    }
}
