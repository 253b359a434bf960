import Audit
import Rotations
import Storage

/// What a pass did with one secret.
struct SecretReport: Sendable {
    let name: String
    /// The rotation that was worked on; nil where only deliveries were.
    let rotation: Rotation?
    let result: Result
    let cause: Cause?
    /// The version that consumers should use now.
    let version: Int?
    /// Deliveries and retirements still owed.
    let debts: Int
    /// Whether the version became current in this pass.
    let isRotated: Bool
    /// Whether a required delivery, or the retry of a debt, failed.
    let isDeliveryMissing: Bool

    /// How it ended.
    enum Result: String, Sendable {
        case done
        /// It goes on by itself, at the date that is recorded.
        case waiting
        case failed
        case parked
        /// Nobody knows yet whether it happened.
        case unsettled
        /// Another process works on it.
        case busy
    }

    /// Whether somebody else rotated it (P8, P21): attention, not failure.
    var isForeign: Bool {
        cause == .foreignRotated && (result == .failed || result == .parked)
    }

    /// The object of `--json`.
    var json: [String: JSON] {
        var object: [String: JSON] = [
            "kind": .string("rotation"), "name": .string(name),
            "outcome": .string(result.rawValue), "debts": .integer(Int64(debts)),
        ]
        object["version"] = version.map { .integer(Int64($0)) }
        object["cause"] = (cause?.rawValue).map(JSON.string)
        guard let rotation else { return object }
        object["id"] = .string(rotation.id.text)
        object["strategy"] = .string(rotation.terms.strategy.rawValue)
        object["trigger"] = .string(rotation.trigger.rawValue)
        object["reason"] = rotation.reason.map(JSON.string)
        object["step"] = .string(rotation.step.rawValue)
        object["started_at"] = .string(rotation.startedAt.rfc3339)
        object["finished_at"] = (rotation.finishedAt?.rfc3339).map(JSON.string)
        object["next_try_at"] = (rotation.nextTryAt?.rfc3339).map(JSON.string)
        return object
    }

    /// One line for a person.
    var line: String {
        var text = "\(name): "
        switch result {
        case .done, .waiting:
            text +=
                isRotated
                ? "rotated to version \(version ?? 0)" : result == .done ? "finished" : "waits"
            if result == .waiting, cause == nil, let date = rotation?.nextTryAt {
                text += "; the old one is retired after \(date.secondText)"
            }
        case .failed: text += "failed"
        case .parked: text += "parked"
        case .unsettled: text += "unsettled"
        case .busy: text += "another process is working on it"
        }
        if let cause { text += ": \(cause.text)" }
        if cause == .noAdmin { text += " (`keyturn login`)" }
        if let date = rotation?.nextTryAt, result == .failed || result == .unsettled {
            text += "; next try after \(date.secondText)"
        }
        if debts > 0 { text += "; \(debts) \(debts == 1 ? "debt" : "debts")" }
        return text
    }
}

/// What a whole pass did.
struct PassReport: Sendable {
    let run: Identifier
    /// Secrets whose schedule, or a person, wanted a rotation.
    let due: Int
    var secrets: [SecretReport]
    /// Whether a person asked for it, and is told that a secret was busy.
    let isByHand: Bool
    /// The signal that ended it early.
    var signal: Int32?
    /// Credentials that an emergency has not seen refused yet; nil when it was none.
    var exposed: Int?
    /// Whether the clock kept irreversible steps from being taken (P28).
    var isClockDoubtful = false
    /// What waits for a person since the state was found to be moved (P32).
    var moved: Moved?
    /// Whether the state was unlocked.
    var didWork = false
    /// Whether something besides the secrets that were worked on was edited beside the trail.
    var isTrailBroken = false
    /// What was to be done besides rotations, after deliveries or at a provider, and failed.
    var failedBesides = 0
    /// Whether nobody knows what became of something that is no rotation.
    var isUnsettledBesides = false
    /// Whether an anchor does not show all of the trail.
    var isAnchorBehind = false

    var rotated: Int { secrets.filter(\.isRotated).count }
    var failed: Int {
        secrets.filter { ($0.result == .failed || $0.isDeliveryMissing) && !$0.isForeign }.count
    }
    var parked: Int { count(.parked) }
    var unsettled: Int { count(.unsettled) }
    var debts: Int { secrets.reduce(0) { $0 + $1.debts } }

    /// A schedule leaves what another process works on to it; a busy database is told in any case.
    private var busy: Int {
        secrets.filter { $0.result == .busy && (isByHand || $0.cause == .storageBusy) }.count
    }
    /// Secrets that somebody else rotated, and nothing worse.
    private var foreign: Int { secrets.filter(\.isForeign).count }

    private func count(_ result: SecretReport.Result) -> Int {
        secrets.filter { $0.result == result }.count
    }

    /// The verdict: the first that holds, in DESIGN's order.
    var exitCode: Int32 {
        if isTrailBroken || secrets.contains(where: { $0.cause == .rowsEdited }) {
            return ExitStatus.brokenTrail.rawValue
        }
        if let signal { return 128 + signal }
        if unsettled > 0 || isUnsettledBesides { return ExitStatus.unsettled.rawValue }
        let bad =
            failed + failedBesides
            + secrets.filter { $0.result == .parked && !$0.isForeign }.count
        let good = secrets.filter { $0.result == .done || $0.result == .waiting }
            .filter { !$0.isDeliveryMissing }.count
        if bad > 0 {
            if good == 0, failedBesides == 0,
                secrets.allSatisfy({ $0.cause == .noAdmin })
            {
                return ExitStatus.configuration.rawValue
            }
            return good > 0
                ? ExitStatus.partialFailure.rawValue : ExitStatus.failure.rawValue
        }
        if busy > 0 { return ExitStatus.busy.rawValue }
        if isClockDoubtful || foreign > 0 || moved != nil || isAnchorBehind {
            return ExitStatus.attention.rawValue
        }
        return ExitStatus.success.rawValue
    }

    /// The last object of `--json`.
    var json: [String: JSON] {
        var object: [String: JSON] = [
            "kind": .string("summary"), "run": .string(run.text), "due": .integer(Int64(due)),
            "rotated": .integer(Int64(rotated)), "failed": .integer(Int64(failed)),
            "parked": .integer(Int64(parked)), "unsettled": .integer(Int64(unsettled)),
            "debts": .integer(Int64(debts)), "exit": .integer(Int64(exitCode)),
        ]
        object["exposed"] = exposed.map { .integer(Int64($0)) }
        return object
    }

    /// The last line for a person.
    var line: String {
        var parts = ["\(rotated) rotated"]
        if failed > 0 { parts.append("\(failed) failed") }
        if parked > 0 { parts.append("\(parked) parked") }
        if unsettled > 0 { parts.append("\(unsettled) unsettled") }
        if debts > 0 { parts.append("\(debts) owed") }
        if let exposed { parts.append("\(exposed) old credentials still alive") }
        return parts.joined(separator: ", ")
    }
}
