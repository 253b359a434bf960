import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn policy pause`
struct PolicyPause: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Hold a policy's schedule until a time.",
        discussion: """
            Nothing new is rotated by schedule, until the secret reaches its max-age. What is \
            under way, deliveries, retirements and rotations by hand go on. A pause has an end and \
            a reason.

              keyturn policy pause ci-deployer --until 2026-12-24 --reason "release freeze"
            """)

    @OptionGroup var options: StateOptions
    @Argument(help: "The policy's name.") var name: String
    @Option(name: .long, help: "The end: 2026-12-24, 2026-12-24T09:00:00Z, or a duration: 3d.")
    var until: String
    @Option(name: .long, help: "Why; it stands in the audit trail for ever.")
    var reason: String
    @Flag(name: .long, help: "Say what would happen, and change nothing.")
    var dryRun = false

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let now = program.clock.now()
        let end = try Self.end(until, now: now)
        let reason = try Reason.checked(reason)
        let store = try await program.open(dryRun: dryRun)
        let stored = try await store.policyOrFailure(name)
        if !dryRun {
            try await program.unlock(store)
            try await program.storing { () async throws(StorageError) in
                try await store.pause(stored.secret, until: end, reason: reason)
            }
        }
        if let limit = try await maxAge(stored.secret, store, program), limit < end {
            program.console.warn(
                "its max-age comes before the end: it is rotated from \(limit.minuteText) on all "
                    + "the same")
        }
        program.console.answer(
            json: options.json,
            "\(name): \(dryRun ? "would be paused" : "paused") until \(end.rfc3339)",
            [
                "kind": .string("pause"), "name": .string(name), "until": .string(end.rfc3339),
                "applied": .boolean(!dryRun),
            ])
        return 0
    }

    /// When the secret reaches its max-age; nil when there is none.
    private func maxAge(
        _ secret: SecretReference, _ store: Store, _ program: Program
    ) async throws(Failure) -> Timestamp? {
        let now = program.clock.now()
        return try await program.storing { () async throws(StorageError) in
            try await store.statuses(at: now).first { $0.secret == secret }?.due?.mustBeBefore
        }
    }

    private static func end(_ text: String, now: Timestamp) throws(Failure) -> Timestamp {
        // A duration, or else a time.
        if let interval = try? Interval(parsing: text) {
            guard interval > .zero else { throw Failure("a pause of \(text) is none", .usage) }
            return now + interval
        }
        guard let time = Timestamp(rfc3339: text) else {
            throw Failure(
                "`\(text)` is no time", hint: "write 2026-12-24, 2026-12-24T09:00:00Z or 3d",
                .usage)
        }
        guard time > now else { throw Failure("\(time.rfc3339) is past", .usage) }
        return time
    }
}

/// `keyturn policy resume`
struct PolicyResume: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let a paused policy's schedule go on.",
        discussion: """
            After a move or a restore of the state all schedules are held: --all lets them go on.

              keyturn policy resume ci-deployer
              keyturn policy resume --all
            """)

    @OptionGroup var options: StateOptions
    @Argument(help: "The policy's name.") var name: String?
    @Flag(name: .long, help: "All policies that are paused.") var all = false
    @Flag(name: .long, help: "Say what would happen, and change nothing.")
    var dryRun = false

    mutating func validate() throws {
        guard (name != nil) != all else { throw ValidationError("name a policy, or --all") }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.open(dryRun: dryRun)
        let policies: [StoredPolicy]
        if let name {
            policies = [try await store.policyOrFailure(name)]
        } else {
            policies = try await program.storing { () async throws(StorageError) in
                try await store.policies().filter { $0.pausedUntil != nil }
            }
        }
        let paused = policies.filter { $0.pausedUntil != nil }.map(\.secret)
        if !paused.isEmpty, !dryRun {
            try await program.unlock(store)
            try await program.storing { () async throws(StorageError) in
                try await store.resume(paused)
            }
        }
        for policy in policies { tell(policy, program.console) }
        return 0
    }

    private func tell(_ stored: StoredPolicy, _ console: Console) {
        let (name, wasPaused) = (stored.policy.name, stored.pausedUntil != nil)
        console.answer(
            json: options.json,
            wasPaused
                ? "\(name): its schedule \(dryRun ? "would go on" : "goes on")"
                : "\(name): it is not paused",
            [
                "kind": .string("resume"), "name": .string(name),
                "was_paused": .boolean(wasPaused), "applied": .boolean(wasPaused && !dryRun),
            ])
    }
}

/// A person's words for the audit trail.
enum Reason {
    /// The longest, in UTF-8 bytes.
    static let limit = 500

    /// The reason, trimmed, or why it is refused.
    static func checked(_ text: String) throws(Failure) -> String {
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard !words.isEmpty else { throw Failure("the reason is empty", .usage) }
        guard words.utf8.count <= limit else {
            throw Failure("the reason is longer than \(limit) bytes", .usage)
        }
        return words
    }
}

extension Console {
    /// One line for a person, or its object.
    func answer(json: Bool, _ line: String, _ object: [String: JSON]) {
        // A name may come from elsewhere.
        if json { answer(object) } else { answer(line.replacing("\n", with: "\\n")) }
    }
}
