import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn plan`
struct Plan: KeyturnCommand {
    static let configuration = CommandConfiguration(
        abstract: "What is due, when, and why then.",
        discussion: """
            Offline, without an effect, and without the root key.

              keyturn plan
              keyturn plan --until 90d --json
            """)

    @OptionGroup var options: StateOptions
    @Option(name: .long, help: "How far ahead to look.")
    var until = "30d"

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        guard let horizon = try? Interval(parsing: until) else {  // one way to be wrong
            throw Failure("`\(until)` is no duration", hint: "write 30d", .usage)
        }
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let now = program.clock.now()
        let statuses = try await program.storing { () async throws(StorageError) in
            try await store.statuses(at: now)
        }
        let items = statuses.flatMap { Self.items($0, now: now) }
            .filter { $0.at <= now + horizon }
            .sorted { ($0.at, $0.name) < ($1.at, $1.name) }
        if options.json {
            for item in items { program.console.answer(item.json) }
        } else {
            program.console.answer(
                heads: ["WHEN", "NAME", "WHAT", "WHY"],
                rows: items.map { item in
                    [
                        item.at <= now ? "now" : item.at.minuteText, item.name, item.what, item.why,
                    ]
                })
        }
        return 0
    }

    private struct Item {
        let at: Timestamp
        let name: String
        let what: String
        let why: String
        let isDue: Bool

        var json: [String: JSON] {
            [
                "kind": .string("plan"), "name": .string(name), "what": .string(what),
                "at": .string(at.rfc3339), "why": .string(why), "due": .boolean(isDue),
            ]
        }
    }

    private static func items(_ status: SecretStatus, now: Timestamp) -> [Item] {
        if let open = status.open {
            guard open.state == .open else { return [] }
            let at = open.nextTryAt ?? now
            let why =
                open.step == .retire && open.cause == nil
                ? "the overlap ends" : open.cause?.text ?? "it is under way"
            return [
                Item(
                    at: at, name: status.secret.name,
                    what: open.step == .retire ? "retire" : "go on at \(open.step.rawValue)",
                    why: why, isDue: at <= now)
            ]
        }
        guard let due = status.due, let policy = status.policy else { return [] }
        // A pause holds the schedule, so nothing happens before its end.
        let at = max(due.at, policy.pausedUntil ?? due.at)
        let why = at > due.at ? "paused: \(policy.pausedReason ?? "")" : due.why.text
        return [
            Item(at: at, name: status.secret.name, what: "rotate", why: why, isDue: at <= now)
        ]
    }
}
