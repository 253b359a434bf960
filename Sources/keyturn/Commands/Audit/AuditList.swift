import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn audit list`
struct AuditList: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Entries of the audit trail, the newest first.",
        discussion: """
              keyturn audit list
              keyturn audit list --secret ci-deployer --from 2026-10-01 --limit 200
              keyturn audit list --type rotation.failed --json
            """)

    @OptionGroup var options: StateOptions
    @Option(name: .long, help: "Only of this secret.") var secret: String?
    @Option(name: .long, help: "Only of this type, such as version.promoted.")
    var type: String?
    @Option(name: .long, help: "Only with this outcome: done, refused or unsettled.")
    var outcome: String?
    @Option(name: .long, help: "Only of this run.") var run: String?
    @Option(name: .long, help: "Only of this rotation.") var rotation: String?
    @Option(name: .long, help: "Only from this time on: 2026-10-01 or RFC 3339.")
    var from: String?
    @Option(name: .long, help: "Only before this time.") var to: String?
    @Option(name: .long, help: "Only entries before this seq, to page on.")
    var before: Int?
    @Option(name: .long, help: "At most so many.") var limit = 50

    mutating func validate() throws {
        guard (1...10_000).contains(limit) else {
            throw ValidationError("--limit is 1 to 10000")
        }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let filter = try await filter(store)
        let entries = try await program.storing { () async throws(StorageError) in
            try await store.entries(filter)
        }
        if options.json {
            for stored in entries {
                program.console.answer([
                    "kind": .string("entry"), "hash": .string(hexadecimal(stored.hash)),
                    "entry": .object(stored.entry.members),
                ])
            }
        } else {
            program.console.answer(
                heads: ["SEQ", "TIME", "TYPE", "SECRET", "WHAT"],
                rows: entries.map { Self.row($0.entry) })
        }
        return 0
    }

    private func filter(_ store: Store) async throws(Failure) -> EntryFilter {
        var filter = EntryFilter()
        if let secret { filter.secret = try await store.secretOrFailure(secret).id }
        if let type {
            guard EventType(rawValue: type) != nil else {
                let nearest = Nearest.match(type, among: EventType.allCases.map(\.rawValue))
                throw Failure(
                    "there is no type \(type)", hint: nearest.map { "did you mean \($0)?" }, .usage)
            }
            filter.type = type
        }
        if let outcome {
            guard let word = OutcomeWord(rawValue: outcome) else {
                throw Failure("an outcome is done, refused or unsettled", .usage)
            }
            filter.outcome = word
        }
        filter.run = try identifier(run)
        filter.rotation = try identifier(rotation)
        filter.from = try time(from)
        filter.to = try time(to)
        filter.before = before
        filter.limit = limit
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

    private static func row(_ entry: Entry) -> [String] {
        let members = entry.members
        func text(_ key: String) -> String? { members[key]?.text }
        var what: [String] = []
        if let version = members["version"]?.integer { what.append("version \(version)") }
        if let step = text("step"), entry.projection.type.hasPrefix("effect.") {
            what.append(step)
        }
        if let outcome = text("outcome") { what.append(outcome) }
        if let verdict = text("verdict") { what.append(verdict) }
        if let cause = text("cause") { what.append(cause) }
        if let trigger = text("trigger"), entry.projection.type == "rotation.started" {
            what.append(trigger)
        }
        if let destination = text("destination") { what.append(destination) }
        if let reason = text("reason") { what.append("\"\(reason)\"") }
        return [
            String(entry.projection.sequence), entry.projection.time.secondText,
            entry.projection.type, members["secret"]?.members?["name"]?.text ?? "-",
            what.joined(separator: ", "),
        ]
    }
}
