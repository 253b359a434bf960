import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn plan`
struct Plan: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "What will happen, when, and why then; and what cannot happen in time.",
        discussion: """
            As far as it can be told now: every rotation, retirement and retry up to --until, as \
            though each were done when its time comes. Offline, without an effect, and without the \
            root key. --calendar prints an iCalendar file of it.

              keyturn plan
              keyturn plan ci-deployer --until 90d --json
              keyturn plan --until 90d --calendar > rotations.ics
            """)

    @OptionGroup var options: StateOptions
    @Argument(help: "Only these policies.") var names: [String] = []
    @Option(name: .long, help: "Only policies with this label, KEY=VALUE.")
    var label: LabelOption?
    @Option(name: .long, help: "How far ahead to look: a duration, or a date.")
    var until = "30d"
    @Flag(name: .long, help: "An iCalendar file (RFC 5545).") var calendar = false

    /// So many times of one policy are told; the rest is said to be more.
    private static let limit = 1_000

    mutating func validate() throws {
        guard !calendar || !options.json else {
            throw ValidationError("--calendar, or --json: one of them")
        }
        guard names.isEmpty || label == nil else {
            throw ValidationError("name the policies, or a --label: one of them")
        }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let now = program.clock.now()
        let horizon = try Self.horizon(until, now: now)
        let store = try await program.openForReading()
        for name in names { _ = try await store.policyOrFailure(name) }
        let pair = label?.pair
        let (statuses, freezes, lockedOut) = try await program.storing {
            () async throws(StorageError) in
            (
                try await store.statuses(labelled: pair, at: now), try await store.freezes(),
                try await store.connectionsWithoutAdmin()
            )
        }
        var items: [Item] = []
        for status in statuses where names.isEmpty || names.contains(status.secret.name) {
            do throws(Scheduling.UnknownZone) {
                let planner = Planner(status: status, freezes: freezes, now: now, horizon: horizon)
                items += try planner.items(limit: Self.limit)
                if status.policy != nil, lockedOut.contains(status.connection) {
                    items.append(planner.blocked("no admin of \(status.connection) is logged in"))
                }
            } catch {
                throw Failure(StorageError.unknownZone(error.name))
            }
        }
        items.sort { ($0.at ?? .earliest, $0.name) < ($1.at ?? .earliest, $1.name) }
        try tell(items, program, now: now)
        return 0
    }

    private static func horizon(_ text: String, now: Timestamp) throws(Failure) -> Timestamp {
        // A duration, or else a time.
        if let interval = try? Interval(parsing: text) { return now + interval }
        guard let time = Timestamp(rfc3339: text) else {
            throw Failure(
                "`\(text)` is no duration and no time", hint: "write 90d or 2026-12-31", .usage)
        }
        return time
    }

    private func tell(
        _ items: [Item], _ program: Program, now: Timestamp
    ) throws(Failure) {
        if calendar {
            let events = items.compactMap { item in
                item.at.map {
                    Calendar.Event(
                        name: item.name, at: max($0, now), summary: "\(item.what) \(item.name)",
                        details: item.whyText)
                }
            }
            let file = Calendar(made: now, tool: ProgramVersion.text, events: events).text
            try program.console.answer(exactly: Array(file.utf8).span)
        } else if options.json {
            for item in items { program.console.answer(item.json) }
        } else {
            program.console.answer(
                heads: ["WHEN", "NAME", "WHAT", "WHY"],
                rows: items.map { item in
                    [
                        item.at.map { $0 <= now ? "now" : $0.minuteText } ?? "-", item.name,
                        item.what, item.whyText,
                    ]
                })
        }
    }

    /// One thing that will happen, or that cannot.
    fileprivate struct Item {
        /// Nil for what cannot happen by itself.
        let at: Timestamp?
        let name: String
        let what: String
        let why: String
        var isDue = false
        /// Whether the secret will be, or is, older than its policy allows.
        var isLate = false
        var spread = Interval.zero
        var maxAgeAt: Timestamp?
        /// What a clock in the policy's zone shows then.
        var local: (zone: String, time: String)?

        var whyText: String {
            var text = why
            if spread > .zero { text += ", spread by \(spread)" }
            if let local { text += " (\(local.time) \(local.zone))" }
            return text
        }

        var json: [String: JSON] {
            var object: [String: JSON] = [
                "kind": .string("plan"), "name": .string(name), "what": .string(what),
                "why": .string(why), "due": .boolean(isDue), "late": .boolean(isLate),
            ]
            object["at"] = (at?.rfc3339).map(JSON.string)
            object["max_age_at"] = (maxAgeAt?.rfc3339).map(JSON.string)
            if spread > .zero { object["spread_seconds"] = .integer(spread.seconds) }
            if let local {
                object["zone"] = .string(local.zone)
                object["local"] = .string(local.time)
            }
            return object
        }
    }

    /// Plans one secret.
    fileprivate struct Planner {
        let status: SecretStatus
        let freezes: [Freeze]
        let now: Timestamp
        let horizon: Timestamp

        private var name: String { status.secret.name }

        /// What will happen up to the horizon.
        func items(limit: Int) throws(Scheduling.UnknownZone) -> [Item] {
            guard let open = status.open else {
                guard let policy = status.policy else { return [] }
                return try forecast(policy.standing, limit: limit)
            }
            guard open.state == .open else {
                return [blocked("it waits for a person: \(open.cause?.text ?? "parked")")]
            }
            let at = max(open.nextTryAt ?? now, now)
            let isRetirement = open.step == .retire || open.step == .confirm
            let why =
                isRetirement && open.cause == nil
                ? "the overlap ends" : open.cause?.text ?? "it is under way"
            var items: [Item] = []
            if at <= horizon {
                items.append(
                    Item(
                        at: at, name: name,
                        what: isRetirement ? "retire" : "go on at \(open.step.rawValue)", why: why,
                        isDue: at <= now))
            }
            guard let standing = status.policy?.standing else { return items }
            // What is under way counts as done then.
            return items
                + (try forecast(
                    isRetirement ? standing : standing.rotated(at: at), limit: limit))
        }

        private func forecast(
            _ standing: Scheduling.Standing, limit: Int
        ) throws(Scheduling.UnknownZone) -> [Item] {
            if let hold = standing.hold, hold.until == .latest, now < hold.until {
                return [blocked("held: \(status.policy?.pausedReason ?? "")")]
            }
            let forecast = try Scheduling.forecast(
                standing, freezes: freezes, now: now, until: horizon, limit: limit)
            let zone = try zone(of: standing.policy.schedule)
            var items = forecast.times.map { due in
                Item(
                    at: due.at, name: name, what: "rotate",
                    why: due.why == .pause
                        ? "paused: \(status.policy?.pausedReason ?? "")" : due.why.text,
                    isDue: due.at <= now,
                    isLate: due.why == .maxAge || due.mustBeBefore.map { $0 < due.at } ?? false,
                    spread: due.spread, maxAgeAt: due.mustBeBefore,
                    local: zone.map { ($0.name, $0.clockText(at: due.at)) })
            }
            if forecast.isCut, let last = forecast.times.last {
                items.append(
                    Item(
                        at: last.at, name: name, what: "and so on",
                        why: "more than \(limit) times; see it with a nearer --until"))
            }
            return items
        }

        /// The zone in which a person thinks of the policy; nil for UTC.
        private func zone(of schedule: Schedule) throws(Scheduling.UnknownZone) -> Zone? {
            let name = schedule.window?.zone ?? schedule.cadence.zoneName
            guard let name, name != "UTC" else { return nil }
            return try Scheduling.zone(name)
        }

        /// What cannot happen by itself, and why.
        func blocked(_ why: String) -> Item {
            Item(
                at: nil, name: name, what: "blocked", why: why,
                isLate: status.due?.mustBeBefore.map { $0 <= now } ?? false,
                maxAgeAt: status.due?.mustBeBefore)
        }
    }
}
