import ArgumentParser
import Audit
import Files
import Rotations
import Storage

/// `keyturn policy apply`
struct PolicyApply: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Take in a file of connections and policies.",
        discussion: """
            The file is checked whole before anything is done, and applied in one transaction. \
            Nothing is asked or changed at the provider, and nothing is ever rotated by it. \
            Policies that the file no longer has are named and kept.

              keyturn policy apply keyturn.yaml --dry-run
              keyturn policy apply keyturn.yaml
              keyturn policy apply keyturn.yaml --prune
            """)

    @OptionGroup var options: StateOptions
    @Argument(help: "The file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String
    @Flag(name: .long, help: "Remove the policies that the file no longer has.")
    var prune = false
    @Flag(name: .long, help: "With --prune: close what a removed policy still owes.")
    var abandon = false
    @Flag(name: .long, help: "Say what would change, and change nothing.")
    var dryRun = false

    /// The largest file: some ten thousand policies.
    private static let limit = 16 << 20

    mutating func validate() throws {
        guard prune || !abandon else {
            throw ValidationError("--abandon is about policies that --prune removes; add --prune")
        }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.open(dryRun: dryRun)
        let plan = try await plan(program, store)
        if !dryRun, !plan.changes.isEmpty {
            try await program.unlock(store)
            try await program.storing { () async throws(StorageError) in
                try await store.apply(plan.changes)
            }
        }
        tell(plan, program.console)
        return 0
    }

    private func plan(_ program: Program, _ store: Store) async throws(Failure) -> ApplyPlan {
        let bytes = try read(program.surroundings)
        let now = program.clock.now()
        let stored = try await program.storing { () async throws(StorageError) in
            (
                connections: try await store.connections(), policies: try await store.policies(),
                freezes: try await store.freezes(),
                anchors: try await store.anchorSettings(),
                notifications: try await store.storedNotificationSettings(),
                owners: try await store.identities(),
                names: try await store.secretNames(),
                obligations: try await store.obligations(),
                keySource: try await store.rootKeySource().source
            )
        }
        do throws(ConfigurationFile.Problems) {
            let parsed = try ConfigurationFile.parse(
                bytes, state: program.directory,
                storedConnections: stored.connections)
            try refuseRootKey(stored.keySource, in: parsed)
            return try ApplyPlan(
                parsed,
                over: ApplyPlan.Stored(
                    connections: stored.connections, policies: stored.policies,
                    freezes: stored.freezes, anchors: stored.anchors,
                    notifications: stored.notifications,
                    owner: { target, host in
                        stored.owners[
                            Identity(
                                apiHost: host, kind: target.kind, providerID: target.providerID)]
                    }, holder: { stored.names[$0] },
                    obligations: { stored.obligations[$0.id] ?? [] },
                    becomesDue: { known, schedule in
                        Self.isDue(known, known.policy.schedule, stored.freezes, now) == false
                            && Self.isDue(known, schedule, parsed.freezes, now) == true
                    }),
                options: ApplyPlan.Options(prune: prune, abandon: abandon))
        } catch {
            throw tell(error, program.console)
        }
    }

    /// Whether a policy is due by a schedule; nil where a time zone is missing, which is told elsewhere.
    private static func isDue(
        _ known: StoredPolicy, _ schedule: Schedule, _ freezes: [Freeze], _ now: Timestamp
    ) -> Bool? {
        let (policy, standing) = (known.policy, known.standing)
        let changed = Policy(
            name: policy.name, target: policy.target, schedule: schedule, labels: policy.labels,
            terms: policy.terms, after: policy.after)
        do throws(Scheduling.UnknownZone) {
            return try Scheduling.due(
                Scheduling.Standing(
                    policy: changed, registeredAt: standing.registeredAt,
                    rotatedAt: standing.rotatedAt, phase: standing.phase), freezes: freezes,
                now: now
            )?.isNow(now) ?? false
        } catch {
            return nil
        }
    }

    /// A delivery over the root key would take every sealed secret with it.
    private func refuseRootKey(
        _ source: String, in file: ConfigurationFile
    ) throws(ConfigurationFile.Problems) {
        let problems = file.policies.flatMap { declared in
            declared.policy.terms.destinations.filter { $0.id == source }.map { _ in
                Problem(
                    declared.mark,
                    "`\(declared.policy.name)` would overwrite the root key of this state",
                    hint: "deliver to another file")
            }
        }
        guard problems.isEmpty else { throw ConfigurationFile.Problems(problems) }
    }

    private func read(_ surroundings: Surroundings) throws(Failure) -> [UInt8] {
        let path = surroundings.absolute(file)
        do throws(FileError) {
            return try PublicFile.read(path, limit: Self.limit)
        } catch {
            throw Failure(error)
        }
    }

    /// All problems but the last are told here; the last ends the command.
    private func tell(_ problems: ConfigurationFile.Problems, _ console: Console) -> Failure {
        let failures = problems.all.map {
            Failure($0.text(in: file), hint: $0.hint, .configuration)
        }
        for failure in failures.dropLast() { console.fail(failure) }
        return failures.last ?? Failure("the file is wrong", .configuration)
    }

    private func tell(_ plan: ApplyPlan, _ console: Console) {
        for line in plan.lines {
            if options.json {
                var object: [String: JSON] = [
                    "kind": .string("change"), "change": .string(line.verb),
                    "what": .string(line.kind), "name": .string(line.name),
                    "applied": .boolean(!dryRun && line.verb != "kept" && line.verb != "unchanged"),
                ]
                object["detail"] = line.detail.map(JSON.string)
                console.answer(object)
            } else {
                let detail = line.detail.map { " (\($0))" } ?? ""
                console.answer("\(line.verb) \(line.kind) \(line.name)\(detail)")
            }
        }
        guard !options.json else { return }
        if plan.lines.contains(where: { $0.verb == "kept" }) {
            console.say("keyturn: --prune removes the policies that the file no longer has")
        }
        if dryRun, !plan.changes.isEmpty { console.say("keyturn: nothing was changed (--dry-run)") }
    }
}
