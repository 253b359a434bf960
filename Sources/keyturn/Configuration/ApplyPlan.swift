import Rotations
import Storage
import YAML

/// What applying a file changes: decided from the file and what is stored, before anything is done.
struct ApplyPlan {
    /// One line of the plan, for people and programs.
    struct Line: Hashable {
        /// added, changed, renamed, removed, kept, unchanged
        let verb: String
        /// connection, policy, freezes, anchors
        let kind: String
        let name: String
        /// Besides, such as the old name or why it is due.
        let detail: String?
    }

    let changes: [ConfigurationChange]
    let lines: [Line]

    /// What is stored, as far as a plan needs it.
    struct Stored {
        let connections: [Connection]
        let policies: [StoredPolicy]
        let freezes: [Freeze]
        let anchors: AnchorSettings
        let notifications: NotificationSettings
        /// The secret that ever had an id at the provider, by API host, kind and id.
        let owner: (_ target: Target, _ apiHost: String) -> SecretReference?
        /// The secret that bears a name, with a policy or without.
        let holder: (_ name: String) -> SecretReference?
        /// What a secret's policy cannot be dropped with: owed deliveries and retirements (P27).
        let obligations: (_ secret: SecretReference) -> [String]
        /// Whether a policy is not due, and would be by another schedule.
        let becomesDue: (_ known: StoredPolicy, _ schedule: Schedule) -> Bool
    }

    /// How far an apply may go.
    struct Options {
        /// Remove the policies that the file no longer has.
        var prune = false
        /// Close what a removed policy still owes.
        var abandon = false
    }

    /// Plans the changes. A problem with a policy bears its place in the file.
    init(
        _ file: ConfigurationFile, over stored: Stored, options: Options
    ) throws(ConfigurationFile.Problems) {
        var planner = Planner(file: file, stored: stored, options: options)
        planner.planConnections()
        planner.planPolicies()
        planner.planAbsent()
        planner.planFreezes()
        planner.planAnchors()
        planner.planNotifications()
        guard planner.problems.isEmpty else {
            throw ConfigurationFile.Problems(planner.problems)
        }
        changes = planner.changes
        lines = planner.lines
    }

    private struct Planner {
        let file: ConfigurationFile
        let stored: Stored
        let options: Options
        var changes: [ConfigurationChange] = []
        var lines: [Line] = []
        var problems: [Problem] = []
        /// The name under which the file has each secret.
        var declared: [Identifier: String] = [:]

        mutating func planConnections() {
            for connection in file.connections {
                switch stored.connections.first(where: { $0.name == connection.name }) {
                case nil: add(.addConnection(connection), "added", "connection", connection.name)
                case connection?: note("unchanged", "connection", connection.name)
                case .some:
                    add(.changeConnection(connection), "changed", "connection", connection.name)
                }
            }
        }

        mutating func planPolicies() {
            for declared in file.policies { plan(declared) }
        }

        private mutating func plan(_ declared: ConfigurationFile.DeclaredPolicy) {
            let policy = declared.policy
            let host = apiHost(of: policy.target.connection)
            let owner = stored.owner(policy.target, host)
            let known = stored.policies.first { $0.policy.name == policy.name }
            if let owner, let other = self.declared.updateValue(policy.name, forKey: owner.id) {
                problems.append(
                    Problem(
                        declared.targetMark,
                        "`\(other)` and `\(policy.name)` are policies over one credential: both "
                            + "ids belonged to it"))
                return
            }
            switch (known, owner) {
            case (let known?, let owner?) where known.secret.id == owner.id:
                if known.policy == policy {
                    note("unchanged", "policy", policy.name)
                } else {
                    add(
                        .change(policy, of: known.secret), "changed", "policy", policy.name,
                        stored.becomesDue(known, policy.schedule)
                            ? "due at once by its new schedule, in its first window"
                            : Self.destinations(of: policy, besides: known.policy))
                }
            case (let known?, _): problems.append(otherCredential(declared, known))
            case (nil, let owner?): take(owner, for: declared)
            case (nil, nil): adopt(declared)
            }
        }

        /// New destinations wait for the next version (P4).
        private static func destinations(of policy: Policy, besides known: Policy) -> String? {
            let old = Set(known.terms.destinations.map(\.id))
            return policy.terms.destinations.allSatisfy { old.contains($0.id) }
                ? nil
                : "its new destinations get the next version; now: keyturn deliver \(policy.name)"
        }

        /// A credential that a secret stands for already, under another name or without a policy.
        private mutating func take(
            _ owner: SecretReference, for declared: ConfigurationFile.DeclaredPolicy
        ) {
            let policy = declared.policy
            guard isFree(policy.name, for: owner, declared.mark) else { return }
            if let holder = stored.policies.first(where: { $0.secret.id == owner.id }) {
                add(
                    .rename(policy, of: owner), "renamed", "policy", policy.name,
                    "from \(holder.policy.name)")
            } else {
                add(
                    .attach(policy, to: owner, rotatedAt: declared.lastRotated), "added",
                    "policy", policy.name, "over the credential \(owner.name)")
            }
        }

        /// A credential that nobody here knows.
        private mutating func adopt(_ declared: ConfigurationFile.DeclaredPolicy) {
            let policy = declared.policy
            guard isFree(policy.name, for: nil, declared.mark) else { return }
            let detail =
                declared.lastRotated == nil && policy.schedule.first == .due
                ? "never rotated here: due at once, in its first window" : nil
            add(
                .adopt(policy, rotatedAt: declared.lastRotated), "added", "policy", policy.name,
                detail)
        }

        /// A secret outlives its policy, with its name and its history.
        private mutating func isFree(
            _ name: String, for owner: SecretReference?, _ mark: Mark
        ) -> Bool {
            guard let holder = stored.holder(name), holder.id != owner?.id else { return true }
            problems.append(
                Problem(
                    mark,
                    "`\(name)` is the name of another secret, whose policy was removed and whose "
                        + "history is kept",
                    hint: "give the policy of the new credential another name"))
            return false
        }

        private func otherCredential(
            _ declared: ConfigurationFile.DeclaredPolicy, _ known: StoredPolicy
        ) -> Problem {
            let (old, new) = (known.policy.target, declared.policy.target)
            let name = declared.policy.name
            guard (old.kind, old.providerID) == (new.kind, new.providerID) else {
                return Problem(
                    declared.targetMark,
                    "`\(name)` is the policy of another credential, \(old.providerID); a policy "
                        + "keeps its credential for life",
                    hint: "give the policy of the new credential another name")
            }
            return Problem(
                declared.targetMark,
                "the connection of `\(name)` leads to another API than before, and a credential "
                    + "there is another credential",
                hint: "give the new connection and its policies other names")
        }

        mutating func planAbsent() {
            let absent = stored.policies.filter { known in
                declared[known.secret.id] == nil
                    && !file.policies.contains { $0.policy.name == known.policy.name }
            }
            if !options.prune {
                problems += Clashes(connections: file.connections)
                    .between(file.policies, kept: absent.map(\.policy))
            }
            for known in absent {
                guard options.prune else {
                    note("kept", "policy", known.policy.name, "not in the file")
                    continue
                }
                let obligations = stored.obligations(known.secret)
                guard obligations.isEmpty || options.abandon else {
                    problems.append(
                        Problem(
                            Mark(line: 1, column: 1),
                            "`\(known.policy.name)` still owes: "
                                + obligations.joined(separator: "; "),
                            hint: "let `keyturn run` pay it, or close it with --abandon"))
                    continue
                }
                add(
                    .remove(known.secret), "removed", "policy", known.policy.name,
                    "its credential stays alive at the provider")
            }
        }

        mutating func planFreezes() {
            guard file.freezes != stored.freezes else { return }
            add(.setFreezes(file.freezes), "changed", "freezes", String(file.freezes.count))
        }

        mutating func planAnchors() {
            guard file.anchors != stored.anchors else { return }
            let names =
                (file.anchors.file.map { ["file:\($0)"] } ?? [])
                + file.anchors.receipts.map(\.name)
            add(
                .setAnchors(file.anchors), "changed", "anchors",
                names.isEmpty ? "none besides the state's own" : names.joined(separator: ", "))
        }

        mutating func planNotifications() {
            guard file.notifications != stored.notifications else { return }
            let programs = file.notifications.hooks.map { $0.run[0] }
            add(
                .setNotifications(file.notifications), "changed", "notify",
                programs.isEmpty ? "nobody" : programs.joined(separator: ", "))
        }

        private func apiHost(of connection: String) -> String {
            (file.connections + stored.connections).first { $0.name == connection }?.apiHost ?? ""
        }

        private mutating func add(
            _ change: ConfigurationChange, _ verb: String, _ kind: String, _ name: String,
            _ detail: String? = nil
        ) {
            changes.append(change)
            note(verb, kind, name, detail)
        }

        private mutating func note(
            _ verb: String, _ kind: String, _ name: String, _ detail: String? = nil
        ) {
            lines.append(Line(verb: verb, kind: kind, name: name, detail: detail))
        }
    }
}
