import ArgumentParser
import Audit
import Rotations
import Storage

/// Which entries of the trail are meant.
struct EntryOptions: ParsableArguments {
    @Option(name: .long, help: "Only of this secret.") var secret: String?
    @Option(name: .long, help: "Only of secrets whose policies have this label, KEY=VALUE.")
    var label: LabelOption?
    @Option(
        name: .long, help: "Only of this type, such as version.promoted; `list` names them all.")
    var type: String?
    @Option(name: .long, help: "Only with this outcome: done, refused or unsettled.")
    var outcome: String?
    @Option(
        name: .long,
        help: "Only by this user, name or number: whoever it ran as, logged in, or used sudo.")
    var actor: String?
    @Option(name: .long, help: "Only of this run.") var run: String?
    @Option(name: .long, help: "Only of this rotation.") var rotation: String?
    @Option(name: .long, help: "Only with these words in the reason.") var reason: String?
    @Option(name: .long, help: "Only from this time on: 2026-10-01 or RFC 3339.")
    var from: String?
    @Option(name: .long, help: "Only up to this day, 2026-10-31, or before this RFC 3339 time.")
    var to: String?

    /// Whether every entry is meant.
    var isEmpty: Bool {
        [secret, type, outcome, actor, run, rotation, reason, from, to].allSatisfy { $0 == nil }
            && label == nil
    }

    /// The filter, its names looked up.
    func filter(_ store: Store) async throws(Failure) -> EntryFilter {
        var filter = EntryFilter()
        if let secret { filter.secret = try await store.secretOrFailure(secret).id }
        filter.label = label?.pair
        if let type {
            guard EventType(rawValue: type) != nil else {
                let nearest = Nearest.match(type, among: EventType.allCases.map(\.rawValue))
                throw Failure(
                    "there is no type \(type)",
                    hint: (nearest.map { "did you mean \($0)? " } ?? "") + "there are "
                        + EventType.allCases.map(\.rawValue).sorted().joined(separator: ", "),
                    .usage)
            }
            filter.type = type
        }
        if let outcome {
            guard let word = OutcomeWord(rawValue: outcome) else {
                throw Failure("an outcome is done, refused or unsettled", .usage)
            }
            filter.outcome = word
        }
        filter.actor = actor
        filter.run = try identifier(run)
        filter.rotation = try identifier(rotation)
        filter.reason = reason
        filter.from = try time(from)
        filter.to = try time(to)
        // As a report has it: a day is meant whole.
        if to?.utf8.count == 10 { filter.to = filter.to.map { $0 + .days(1) } }
        return filter
    }

    private func identifier(_ text: String?) throws(Failure) -> Identifier? {
        guard let text else { return nil }
        guard let identifier = Identifier(text) else {
            throw Failure("`\(text)` is no identifier of 26 characters", .usage)
        }
        return identifier
    }

    private func time(_ text: String?) throws(Failure) -> Timestamp? {
        guard let text else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw Failure("`\(text)` is no time", hint: "write 2026-10-01", .usage)
        }
        return time
    }
}

/// How an entry is shown.
extension StoredEntry {
    /// The heads of a table of entries.
    static let heads = ["SEQ", "TIME", "TYPE", "SECRET", "WHAT"]

    /// Its row in such a table.
    var row: [String] {
        let members = entry.members
        func text(_ key: String) -> String? { members[key]?.text }
        var what: [String] = []
        if let version = members["version"]?.integer { what.append("version \(version)") }
        if let step = text("step"), entry.projection.type.hasPrefix("effect.") {
            what.append(step)
        }
        if let action = text("action") {
            what.append("\(action) \(text("provider_name") ?? "")")
            if case .array(let roles) = members["roles"] {
                what.append(roles.compactMap(\.text).joined(separator: ", "))
            }
        } else if let name = text("provider_name") {
            what.append(name)
        }
        if let outcome = text("outcome") { what.append(outcome) }
        if let verdict = text("verdict") { what.append(verdict) }
        if let cause = text("cause") { what.append(cause) }
        if let trigger = text("trigger"), entry.projection.type == "rotation.started" {
            what.append(trigger)
        }
        if let destination = text("destination") { what.append(destination) }
        if let exported = text("exported") { what.append(exported) }
        if let report = members["report"]?.members, let format = report["format"]?.text,
            let from = report["from"]?.text, let to = report["to"]?.text
        {
            what.append("\(format), \(from.prefix(10)) to \(to.prefix(10))")
        }
        if let reason = text("reason") { what.append("\"\(reason)\"") }
        return [
            String(entry.projection.sequence), entry.projection.time.secondText,
            entry.projection.type, members["secret"]?.members?["name"]?.text ?? "-",
            what.joined(separator: ", "),
        ]
    }

    /// The row as a line by itself, in columns that fit most others.
    var line: String {
        zip(row, [6, 19, 22, 16, 0]).map { cell, width in
            cell + String(repeating: " ", count: max(0, width - cell.count))
        }.joined(separator: "  ")
    }

    /// Its object in `--json`.
    var object: [String: JSON] {
        [
            "kind": .string("entry"), "hash": .string(hexadecimal(hash)),
            "entry": .object(entry.members),
        ]
    }
}
