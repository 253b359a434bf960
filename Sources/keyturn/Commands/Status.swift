import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn status`
struct Status: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Every secret: how fresh it is, what comes next, what is owed.",
        discussion: """
            The most urgent first. It reads only, and needs no root key. With --coverage, which \
            asks the provider and needs the key, it is every credential that is there: managed, \
            known, unmanaged, foreign or orphaned.

              keyturn status
              keyturn status --label env=prod --json
              keyturn status --watch
              keyturn status --coverage
            """)

    @OptionGroup var options: StateOptions
    @Option(name: .long, help: "Only policies with this label, KEY=VALUE.")
    var label: LabelOption?

    @Flag(name: .long, help: "Show it again every two seconds, until a signal.")
    var watch = false

    @Flag(
        name: .long,
        help: "What is at the provider against what is here: who keeps which credential fresh.")
    var coverage = false

    mutating func validate() throws {
        guard !coverage || !watch && label == nil else {
            throw ValidationError("--coverage is about everything, once")
        }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        if coverage {
            try await tellCoverage(program)
            return 0
        }
        guard watch else {
            try await tell(program)
            return 0
        }
        while true {
            if !options.json { program.console.turnPage() }
            try await tell(program)
            if let signal = surroundings.stopSignal() { return 128 + signal }
            await program.clock.wait(Interval(seconds: 2))
            if let signal = surroundings.stopSignal() { return 128 + signal }
        }
    }

    private func tellCoverage(_ program: Program) async throws(Failure) {
        let store = try await program.openForReading()
        try await program.unlock(store)
        let connections = try await program.storing { () async throws(StorageError) in
            try await store.connections()
        }
        for connection in connections {
            let coverage = try await Coverage(
                Organization(connection.name, program: program, store: store))
            for item in coverage.items where options.json {
                program.console.answer(item.json(connection.name))
            }
            guard !options.json else { continue }
            program.console.answer(
                heads: ["STANDING", "ID", "NAME", "SECRET", "TARGET"],
                rows: coverage.items.map { item in
                    [
                        item.standing.rawValue, item.credential.providerID,
                        item.credential.name ?? "-", item.secret ?? "-",
                        item.credential.kind.rawValue,
                    ]
                })
            program.console.answer("\(connection.name): \(coverage.summary)")
            if coverage.count(.unmanaged) > 0 {
                program.console.say(
                    "keyturn: hint: `\(Coverage.adoption(connection.name, connections.count))` writes "
                        + "policies for the unmanaged")
            }
        }
    }

    private func tell(_ program: Program) async throws(Failure) {
        let store = try await program.openForReading()
        let behind = try await program.storing { () async throws(StorageError) in
            try await store.anchorOverview().anchors.filter { $0.behind > 0 }
        }
        let now = program.clock.now()
        let pair = label?.pair
        let statuses = try await program.storing { () async throws(StorageError) in
            try await store.statuses(labelled: pair, at: now)
        }.filter { $0.policy != nil }
        let sorted = statuses.sorted {
            (-$0.state(at: now).urgency, $0.due?.at ?? .latest, $0.secret.name)
                < (-$1.state(at: now).urgency, $1.due?.at ?? .latest, $1.secret.name)
        }
        for anchor in behind { program.console.warn(Anchoring.text(anchor)) }
        if options.json {
            for status in sorted { program.console.answer(status.json(at: now)) }
            for anchor in behind {
                program.console.answer([
                    "kind": .string("anchor"), "name": .string(anchor.name),
                    "size": .integer(Int64(anchor.size)), "behind": .integer(Int64(anchor.behind)),
                ])
            }
        } else {
            program.console.answer(
                heads: ["NAME", "STATE", "VERSION", "AGE", "NEXT", "WHY", "OWED", "LAST"],
                rows: sorted.map { $0.row(at: now) },
                tints: sorted.map { $0.state(at: now).tint })
        }
    }
}

extension SecretStatus {
    /// What a person should think of it.
    enum State: String, CaseIterable {
        case fresh
        case due
        case rotating
        case overdue
        case unsettled
        case parked
        case foreignRotated = "foreign-rotated"

        /// The larger, the sooner somebody should look.
        var urgency: Int { Self.allCases.firstIndex(of: self) ?? 0 }

        var tint: Console.Tint {
            switch self {
            case .fresh: .green
            case .due, .rotating: .yellow
            case .overdue, .unsettled, .parked, .foreignRotated: .red
            }
        }
    }

    func state(at now: Timestamp) -> State {
        if let open {
            if open.state == .parked {
                return open.cause == .foreignRotated ? .foreignRotated : .parked
            }
            // Between the intent of a minting call and its outcome nobody knows.
            if open.step == .issue { return .unsettled }
            if open.step != .retire || open.cause != nil { return .rotating }
        }
        guard let due else { return .fresh }
        if let limit = due.mustBeBefore, limit <= now { return .overdue }
        // It has come due, and waits for the end of its pause.
        if due.why == .pause { return .due }
        return due.at <= now ? .due : .fresh
    }

    func row(at now: Timestamp) -> [String] {
        let isPaused = policy?.isPaused(at: now) ?? false
        return [
            secret.name, state(at: now).rawValue + (isPaused ? ", paused" : ""),
            version.map(String.init) ?? "-", ageText(at: now),
            nextAt.map { $0 <= now ? "now" : $0.minuteText } ?? "-", nextWhy ?? "-",
            debts == 0 ? "-" : String(debts), lastText,
        ]
    }

    /// The next thing that happens by itself.
    private var nextAt: Timestamp? {
        if let open { return open.state == .parked ? nil : open.nextTryAt ?? due?.at }
        return due?.at
    }

    private var nextWhy: String? {
        guard let open else { return due?.why.rawValue }
        guard open.nextTryAt != nil else { return nil }
        return open.step == .retire && open.cause == nil ? "overlap" : "back-off"
    }

    private var lastText: String {
        guard let last else { return "never rotated" }
        return switch last.state {
        case .done: "done"
        case .superseded: "superseded"
        case .parked: last.cause?.rawValue ?? "parked"
        case .open where last.cause != nil: last.cause?.rawValue ?? ""
        case .open: last.step == .retire ? "done, old one alive" : last.step.rawValue
        }
    }

    private func age(at now: Timestamp) -> Interval? { currentSince?.age(at: now) }

    /// `12d`, and where there is a limit how much of it is used up: `[##....] 12d/45d`.
    private func ageText(at now: Timestamp) -> String {
        guard let age = age(at: now) else { return "-" }
        guard let limit = policy?.policy.schedule.maxAge, limit > .zero else {
            return age.coarseText
        }
        let width: Int64 = 6
        let used = Int(min(width, age.seconds * width / limit.seconds))
        let bar =
            String(repeating: "#", count: used) + String(repeating: ".", count: Int(width) - used)
        return "[\(bar)] \(age.coarseText)/\(limit)"
    }

    func json(at now: Timestamp) -> [String: JSON] {
        var object: [String: JSON] = [
            "kind": .string("secret"), "name": .string(secret.name),
            "target": .object([
                "kind": .string(kind.rawValue), "id": .string(providerID ?? ""),
                "connection": .string(connection),
            ]),
            "state": .string(state(at: now).rawValue), "debts": .integer(Int64(debts)),
            "last": .string(lastText), "held": .boolean(isHeld),
        ]
        object["version"] = version.map { .integer(Int64($0)) }
        object["age_seconds"] = (age(at: now)?.seconds).map(JSON.integer)
        object["max_age_seconds"] = (policy?.policy.schedule.maxAge?.seconds).map(JSON.integer)
        object["next_at"] = (nextAt?.rfc3339).map(JSON.string)
        object["next_why"] = nextWhy.map(JSON.string)
        object["paused_until"] = (policy?.pausedUntil?.rfc3339).map(JSON.string)
        return object
    }
}

extension Interval {
    /// The largest unit that counts: `12d`, `3h`, `5m`, `20s`.
    var coarseText: String {
        switch seconds {
        case 172_800...: "\(seconds / 86_400)d"
        case 7_200...: "\(seconds / 3_600)h"
        case 120...: "\(seconds / 60)m"
        default: "\(seconds)s"
        }
    }
}
