import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn policy list`
struct PolicyList: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "All policies.",
        discussion: """
              keyturn policy list
              keyturn policy list --json | jq .name
            """)

    @OptionGroup var options: StateOptions

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let policies = try await program.storing { () async throws(StorageError) in
            try await store.policies()
        }
        if options.json {
            for policy in policies { program.console.answer(policy.json) }
        } else {
            let now = program.clock.now()
            program.console.answer(
                heads: ["NAME", "STATE", "STRATEGY", "SCHEDULE"],
                rows: policies.map { stored in
                    let policy = stored.policy
                    return [
                        policy.name, stored.isPaused(at: now) ? "paused" : "active",
                        policy.terms.strategy.rawValue, policy.schedule.text,
                    ]
                })
        }
        return 0
    }
}

/// `keyturn policy show`
struct PolicyShow: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One policy, whole.",
        discussion: "  keyturn policy show ci-deployer")

    @OptionGroup var options: StateOptions
    @Argument(help: "The policy's name.") var name: String

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let stored = try await store.policyOrFailure(name)
        guard !options.json else {
            program.console.answer(stored.json)
            return 0
        }
        let policy = stored.policy
        var lines: [(String, String)] = [
            ("name", policy.name), ("target", policy.target.kind.rawValue),
            ("connection", policy.target.connection), ("id", policy.target.providerID),
        ]
        if let name = policy.target.name { lines.append(("provider name", name)) }
        if let project = policy.target.project { lines.append(("project", project)) }
        lines.append(("strategy", policy.terms.strategy.rawValue))
        lines.append(("schedule", policy.schedule.text))
        if let maxAge = policy.schedule.maxAge { lines.append(("max age", "\(maxAge)")) }
        if policy.terms.strategy == .overlap {
            lines.append(("overlap", "\(policy.terms.overlap)"))
        }
        lines.append(("keeps", "\(policy.terms.keep) values"))
        lines.append(("attempts", "\(policy.terms.attempts)"))
        for (key, value) in policy.labels.sorted(by: { $0.key < $1.key }) {
            lines.append(("label", "\(key)=\(value)"))
        }
        for destination in policy.terms.destinations {
            lines.append(
                ("delivers to", destination.id + (destination.isRequired ? "" : " (best effort)")))
        }
        if let until = stored.pausedUntil {
            lines.append(("paused until", "\(until.rfc3339), \(stored.pausedReason ?? "")"))
        }
        let width = lines.map(\.0.count).max() ?? 0
        for (key, value) in lines {
            let gap = String(repeating: " ", count: width - key.count + 2)
            program.console.answer("\(key):\(gap)\(value)")
        }
        return 0
    }
}

extension StoredPolicy {
    /// Whether its schedule is held now.
    func isPaused(at now: Timestamp) -> Bool { pausedUntil.map { $0 > now } ?? false }

    /// The object of `--json`.
    var json: [String: JSON] {
        var object: [String: JSON] = [
            "kind": .string("policy"), "name": .string(policy.name),
            "target": .object([
                "kind": .string(policy.target.kind.rawValue),
                "id": .string(policy.target.providerID),
                "connection": .string(policy.target.connection),
            ]),
            "strategy": .string(policy.terms.strategy.rawValue),
            "schedule": .string(policy.schedule.text),
            "labels": .object(policy.labels.mapValues(JSON.string)),
            "deliver": .array(
                policy.terms.destinations.map {
                    .object(["id": .string($0.id), "required": .boolean($0.isRequired)])
                }),
            "keep": .integer(Int64(policy.terms.keep)),
            "attempts": .integer(Int64(policy.terms.attempts)),
            "overlap_seconds": .integer(policy.terms.overlap.seconds),
        ]
        object["max_age_seconds"] = (policy.schedule.maxAge?.seconds).map(JSON.integer)
        object["paused_until"] = (pausedUntil?.rfc3339).map(JSON.string)
        object["paused_reason"] = pausedReason.map(JSON.string)
        return object
    }
}
