import ArgumentParser
import Audit
import Files
import Linux
import OpenSSL
import Rotations
import SQLite
import Storage

/// `keyturn check`
struct Check: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Look at everything that a rotation will need, and change nothing.",
        discussion: """
            The key, permissions, the database, connections and their admins, the credentials' \
            names at the provider, destinations. At the end it prints the systemd drop-in that \
            the policies' destinations need. Exit status 7 when something needs attention.

              keyturn check
              keyturn check --offline
              keyturn check --drift
            """)

    @OptionGroup var options: StateOptions
    @Flag(name: .long, help: "Ask nothing of the provider.")
    var offline = false
    @Flag(
        name: .long,
        help: "Compare delivered files with what was delivered: contents, owner and mode.")
    var drift = false

    /// One thing that was looked at.
    struct Item {
        enum State: String { case ok, attention, failed }

        let name: String
        let state: State
        let detail: String
        var hint: String?
        var status = ExitStatus.attention
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        var items = [memory()]
        items.append(await key(program, store))
        let isUnlocked = items.last?.state == .ok
        items.append(await database(store))
        if isUnlocked { items += await tables(store) }
        items += await anchors(store)
        let now = program.clock.now()
        // The database's own check has told why it cannot be read.
        let statuses = (try? await store.statuses(at: now)) ?? []
        items += await runs(store, statuses, now)
        items += secrets(statuses, now)
        items += await freezes(store, now)
        items += await reactions(store)
        items += await administrations(store, now)
        let policies = try await program.storing { () async throws(StorageError) in
            try await store.policies()
        }
        if drift, isUnlocked { items += await drifted(store, policies) }
        items += try await outside(program, store, policies, isUnlocked: isUnlocked)
        for item in items { tell(item, program.console) }
        tell(DropIn(policies: policies.map(\.policy)), program.console)
        return Self.verdict(items).rawValue
    }

    /// The gravest first; attention is what is left.
    private static let gravity: [ExitStatus] = [
        .brokenTrail, .loosePermissions, .configuration, .failure, .attention,
    ]

    private static func verdict(_ items: [Item]) -> ExitStatus {
        let found = Set(items.filter { $0.state != .ok }.map(\.status))
        return gravity.first { found.contains($0) } ?? .success
    }

    private func tell(_ dropIn: DropIn, _ console: Console) {
        guard !dropIn.lines.isEmpty else { return }
        guard options.json else {
            console.answer("")
            console.answer("# \(DropIn.path)")
            for line in dropIn.lines { console.answer(line) }
            return
        }
        console.answer([
            "kind": .string("drop-in"), "path": .string(DropIn.path),
            "lines": .array(dropIn.lines.map(JSON.string)),
        ])
    }

    private func tell(_ item: Item, _ console: Console) {
        guard options.json else {
            console.answer("\(item.state.rawValue.uppercased()) \(item.name): \(item.detail)")
            if let hint = item.hint { console.answer("     \(hint)") }
            return
        }
        var object: [String: JSON] = [
            "kind": .string("check"), "name": .string(item.name),
            "state": .string(item.state.rawValue), "detail": .string(item.detail),
        ]
        object["hint"] = item.hint.map(JSON.string)
        console.answer(object)
    }

    // MARK: Here

    private func memory() -> Item {
        switch SecureHeap.protection {
        case .locked:
            Item(name: "memory", state: .ok, detail: "secrets are locked in memory")
        case .unlocked:
            Item(
                name: "memory", state: .attention,
                detail: "secrets cannot be locked in memory and may reach the swap",
                hint: "raise the limit: LimitMEMLOCK=8M in the unit, or ulimit -l 8192")
        case .absent:
            Item(
                name: "memory", state: .failed, detail: "there is no memory for secrets",
                status: .failure)
        }
    }

    private func key(_ program: Program, _ store: Store) async -> Item {
        do throws(Failure) {
            try await program.unlock(store)
            let source = try await program.storing { () async throws(StorageError) in
                try await store.rootKeySource()
            }
            return Item(
                name: "key", state: .ok, detail: "\(source.source) is the root key \(source.keyID)")
        } catch {
            return Item(
                name: "key", state: .failed, detail: error.message, hint: error.hint,
                status: error.status)
        }
    }

    private func database(_ store: Store) async -> Item {
        do throws(StorageError) {
            let health = try await store.quickCheck()
            let count = try await store.entryCount()
            return health
                ? Item(
                    name: "database", state: .ok,
                    detail: "\(count) entries; SQLite \(Database.version)")
                : Item(
                    name: "database", state: .failed, detail: "SQLite finds it damaged",
                    hint: "restore a backup", status: .brokenTrail)
        } catch {
            let failure = Failure(error)
            return Item(
                name: "database", state: .failed, detail: failure.message, hint: failure.hint,
                status: failure.status)
        }
    }

    /// What stands in the tables is what the trail says of it.
    private func tables(_ store: Store) async -> [Item] {
        do throws(StorageError) {
            return try await store.contradictions().map {
                Item(
                    name: "tables", state: .failed, detail: $0,
                    hint: "keyturn audit verify names what was edited", status: .brokenTrail)
            }
        } catch {
            let failure = Failure(error)
            return [
                Item(
                    name: "tables", state: .failed, detail: failure.message, hint: failure.hint,
                    status: failure.status)
            ]
        }
    }

    /// What is outside the database shows the same history, and all of it.
    private func anchors(_ store: Store) async -> [Item] {
        do throws(StorageError) {
            let overview = try await store.anchorOverview()
            if let conflict = overview.conflict {
                let failure = Failure(conflict)
                return [
                    Item(
                        name: "anchor", state: .failed, detail: failure.message,
                        hint: failure.hint, status: failure.status)
                ]
            }
            return overview.anchors.map { anchor in
                anchor.behind == 0
                    ? Item(
                        name: "anchor", state: .ok,
                        detail: "\(anchor.name) shows all \(anchor.size) entries")
                    : Item(
                        name: "anchor", state: .attention, detail: Anchoring.text(anchor),
                        hint: Self.hint(anchor))
            }
                + overview.oddities.map {
                    Item(
                        name: "anchor", state: .attention, detail: $0,
                        hint: "keyturn audit verify looks at every block")
                }
        } catch {
            let failure = Failure(error)
            return [
                Item(
                    name: "anchor", state: .failed, detail: failure.message, hint: failure.hint,
                    status: failure.status)
            ]
        }
    }

    private static func hint(_ anchor: Store.AnchorStatus) -> String {
        anchor.name.hasPrefix("file:")
            ? "the file must be writable for this user; the next entry brings it up to date"
            : "it is tried again by every run"
    }

    /// A dead-man's check: each run writes an entry when the trail was silent for a day, and takes up
    /// what is due.
    private func runs(
        _ store: Store, _ statuses: [SecretStatus], _ now: Timestamp
    ) async -> [Item] {
        // As above.
        guard let work = try? await store.work(at: now), let last = work.lastEntryAt else {
            return []
        }
        let hint = "is the timer running? systemctl list-timers keyturn.timer, or crontab -l"
        let silence = last.age(at: now)
        if silence > Self.longestSilence {
            return [
                Item(
                    name: "runs", state: .attention,
                    detail: "no run came for \(silence.coarseText): each writes an entry a day",
                    hint: hint)
            ]
        }
        let waiting = statuses.filter { status in
            status.open == nil
                && status.due.map { $0.at.age(at: now) > Self.longestWait } ?? false
        }.sorted { ($0.due?.at ?? now) < ($1.due?.at ?? now) }
        guard let first = waiting.first, let since = first.due?.at else {
            return [
                Item(
                    name: "runs", state: .ok, detail: "the last entry is \(silence.coarseText) old")
            ]
        }
        let others = waiting.count - 1
        return [
            Item(
                name: "runs", state: .attention,
                detail: "\(first.secret.name) is due since \(since.minuteText)"
                    + (others > 0 ? " and \(others) more are" : "") + ", and no run took it up",
                hint: hint)
        ]
    }

    /// A heartbeat is due after 24 hours, and a timer may come an hour apart and late.
    private static let longestSilence = Interval.hours(26)
    /// How long what is due may wait for a run.
    private static let longestWait = Interval.hours(2)

    /// What was to be done after deliveries, and was not.
    private func reactions(_ store: Store) async -> [Item] {
        // As above.
        ((try? await store.owedReactions(at: .latest)) ?? []).map { owed in
            Item(
                name: owed.reaction.id, state: .attention,
                detail: "owed to \(owed.secrets.map(\.name).joined(separator: ", "))"
                    + (owed.cause.map { ": \($0.text)" } ?? ""),
                hint: "keyturn run tries it again; keyturn deliver NAME at once")
        }
    }

    /// A freeze that has ended holds nothing any longer, and nobody seems to have looked since.
    private func freezes(_ store: Store, _ now: Timestamp) async -> [Item] {
        // As above.
        return ((try? await store.freezes()) ?? []).filter { $0.until <= now }.map { freeze in
            Item(
                name: "freeze", state: .attention,
                detail: "the freeze of \(freeze.owner) (\(freeze.reason)) ended "
                    + "\(freeze.until.minuteText)",
                hint: "take it out of the file, and apply that")
        }
    }

    private func secrets(_ statuses: [SecretStatus], _ now: Timestamp) -> [Item] {
        statuses.compactMap { status in
            guard status.policy != nil else { return nil }
            let name = "secret \(status.secret.name)"
            switch status.state(at: now) {
            case .fresh, .due, .rotating:
                if status.policy?.pausedReason == Moved.reason {
                    return Item(
                        name: name, state: .attention,
                        detail: "its schedule is held: \(Moved.reason)",
                        hint: "keyturn policy resume --all")
                }
                if let due = status.due, due.why == .maxAge, status.open == nil {
                    return Item(
                        name: name, state: .attention,
                        detail:
                            "its max-age comes before its next window, or the end of a freeze or "
                            + "a pause: it is rotated \(due.at.minuteText) all the same",
                        hint: "keyturn rotate \(status.secret.name), or change its window")
                }
                guard status.debts > 0 else { return nil }
                return Item(
                    name: name, state: .attention, detail: "\(status.debts) owed",
                    hint: "keyturn secret show \(status.secret.name)")
            case .overdue:
                return Item(name: name, state: .attention, detail: "it is past its max-age")
            case .unsettled:
                return Item(
                    name: name, state: .attention,
                    detail: "nobody knows whether its last minting call happened",
                    hint: "keyturn run finds out")
            case .parked, .foreignRotated:
                return Item(
                    name: name, state: .attention,
                    detail: "parked: \(status.open?.cause?.text ?? "")",
                    hint: "keyturn rotation resume \(status.secret.name) --reason \"…\"")
            }
        }
    }

    /// Delivered files that somebody changed, moved or opened up.
    private func drifted(_ store: Store, _ policies: [StoredPolicy]) async -> [Item] {
        var items: [Item] = []
        for stored in policies {
            let name = "drift \(stored.policy.name)"
            do throws(JournalError) {
                let found = try await DriftCheck(store: store).drifted(stored.secret)
                items += found.map { delivery, drift in
                    Item(
                        name: name, state: .attention,
                        detail: "\(delivery.destination.id) \(drift.text)",
                        hint: "keyturn deliver \(stored.policy.name) --to "
                            + "\(delivery.destination.id)")
                }
                if found.isEmpty {
                    items.append(
                        Item(name: name, state: .ok, detail: "its files are as delivered"))
                }
            } catch {
                let failure = Failure(error)
                items.append(
                    Item(
                        name: name, state: .failed, detail: failure.message, hint: failure.hint,
                        status: failure.status))
            }
        }
        return items
    }

    // MARK: Outside

    private func outside(
        _ program: Program, _ store: Store, _ policies: [StoredPolicy], isUnlocked: Bool
    ) async throws(Failure) -> [Item] {
        var items: [Item] = []
        let inspector = try await Inspector(program: program, store: store)
        let connections = try await program.storing { () async throws(StorageError) in
            try await store.connections()
        }
        var usable: Set<String> = []
        for connection in connections where isUnlocked && !offline {
            if let failure = await inspector.problem(of: connection) {
                items.append(
                    Item(
                        name: "connection \(connection.name)", state: .failed,
                        detail: failure.message, hint: failure.hint, status: failure.status))
            } else {
                usable.insert(connection.name)
                items.append(
                    Item(
                        name: "connection \(connection.name)", state: .ok,
                        detail: "\(connection.api) answers an admin"))
                for (name, reason) in await inspector.deadAdmins(of: connection) {
                    items.append(
                        Item(
                            name: "admin \(connection.name)/\(name)", state: .attention,
                            detail: reason,
                            hint: "keyturn login \(connection.name) --as \(name) --client-id ID"))
                }
            }
        }
        for connection in connections where usable.contains(connection.name) {
            items += try await coverage(
                of: Organization(connection.name, program: program, store: store),
                among: connections.count)
        }
        var strangers: [String: String] = [:]
        for stored in policies {
            var problems: [String] = []
            if usable.contains(stored.policy.target.connection) {
                let found = await inspector.credential(of: stored)
                problems = found.problems
                for stranger in found.strangers {
                    strangers[stranger.providerID] = stranger.name
                }
            }
            for problem in problems {
                items.append(
                    Item(
                        name: "policy \(stored.policy.name)", state: .attention, detail: problem))
            }
            let unfit = await inspector.destinationProblems(of: stored)
            for problem in unfit {
                items.append(
                    Item(
                        name: "policy \(stored.policy.name)", state: .attention,
                        detail: problem.description, hint: problem.hint,
                        status: problem.isLoosePermissions ? .loosePermissions : .attention))
            }
            let missing = await store.undelivered(stored)
            for id in missing {
                items.append(
                    Item(
                        name: "policy \(stored.policy.name)", state: .attention,
                        detail: "\(id) has never got the current version",
                        hint: "`keyturn deliver \(stored.policy.name)`, or wait for a rotation"))
            }
            if problems.isEmpty, unfit.isEmpty, missing.isEmpty {
                items.append(
                    Item(
                        name: "policy \(stored.policy.name)", state: .ok,
                        detail: Self.fitness(stored.policy.terms.destinations.count)))
            }
        }
        for (id, name) in strangers.sorted(by: { $0.key < $1.key }) {
            items.append(
                Item(
                    name: "credential \(id)", state: .attention,
                    detail: "\(name) looks like ours, and this state does not know it",
                    hint: "another state, or what a backup forgot; keyturn never touches it"))
        }
        return items
    }

    /// What people set for a date, and what nobody knows the end of.
    private func administrations(_ store: Store, _ now: Timestamp) async -> [Item] {
        // The database's own check has told why it cannot be read.
        ((try? await store.administrations()) ?? []).compactMap { administration, state in
            let name = "\(administration.action.rawValue) \(administration.name)"
            switch state {
            case .scheduled:
                let isOverdue = administration.dueAt.map { $0 + .hours(24) <= now } ?? true
                return Item(
                    name: name, state: isOverdue ? .attention : .ok,
                    detail: "set for \(administration.dueAt?.secondText ?? "now")"
                        + (isOverdue ? ", and not done" : ""),
                    hint: isOverdue
                        ? "`keyturn run` says why; --take-back keeps it" : "--take-back keeps it")
            case .intended, .unsettled:
                return Item(
                    name: name, state: .attention, detail: "nobody knows whether it happened",
                    hint: "`keyturn run` asks again")
            case .lost:
                return Item(
                    name: name, state: .ok,
                    detail: "no answer came: if it was created, its secret is lost",
                    hint: "should the sealed answer be found, `keyturn recover` takes it in")
            }
        }
    }

    /// How much of what is at the provider something here keeps fresh.
    private func coverage(
        of organization: Organization, among count: Int
    ) async throws(Failure) -> [Item] {
        let name = "coverage \(organization.connection.name)"
        do throws(Failure) {
            let coverage = try await Coverage(organization)
            return [
                Item(
                    name: name, state: .ok, detail: coverage.summary,
                    hint: coverage.count(.unmanaged) > 0
                        ? "`\(Coverage.adoption(organization.connection.name, count))` writes "
                            + "policies for the unmanaged" : nil)
            ]
        } catch {
            return [
                Item(name: name, state: .attention, detail: error.message, hint: error.hint)
            ]
        }
    }

    private static func fitness(_ count: Int) -> String {
        switch count {
        case 0: "it delivers nowhere"
        case 1: "its destination is fit"
        default: "its \(count) destinations are fit"
        }
    }
}

extension Store {
    /// The destinations of a policy that its current value, which is held, was never brought to: they
    /// are newer than the version. What is owed is told elsewhere.
    func undelivered(_ stored: StoredPolicy) -> [String] {
        // What cannot be read is told by `check` of the database.
        guard
            let current = (try? versions(ofSecret: stored.secret.id))?
                .first(where: { $0.state == .current }), current.isHeld,
            let known = try? deliveredDestinations(of: stored.secret, version: current.number)
        else { return [] }
        // A rotation under way brings its version to what it copied (P4). In place, that is the
        // current one.
        let open = (try? openRotation(of: stored.secret)) ?? nil
        let coming = open?.terms.strategy == .overlap ? open?.terms.destinations ?? [] : []
        let expected = known.union(coming.map(\.id))
        return stored.policy.terms.destinations.filter { destination in
            // A file that is there may be where the value was taken from (`secret import --from`).
            if case .file(let file) = destination.receiver,
                ((try? PlainFile.state(file.path)) ?? nil) != nil
            {
                return false
            }
            return !expected.contains(destination.id)
        }.map(\.id)
    }
}
