import Audit
import Rotations

extension Report {
    /// What a person reads before the rotations.
    var document: Document {
        var sections = [inShort, basis, ages]
        if !late.isEmpty { sections.append(overdue) }
        sections.append(owed)
        sections += emergencies.enumerated().map { section(of: $1, number: $0 + 1) }
        sections += [exceptional, measured, cited]
        return Document(title: "Rotation report", facts: facts, sections: sections)
    }

    private var facts: [(name: String, value: String)] {
        [
            ("period", "from \(scope.from.secondText) to \(scope.to.secondText), UTC"),
            (
                "about",
                scope.label.map { "the secrets whose policies have the label \($0) today" }
                    ?? "all secrets"
            ),
            ("log", integrity.checkpoint.split(separator: "\n").first.map(String.init) ?? ""),
            ("made", "\(scope.madeAt.secondText) by \(scope.tool)"),
        ]
    }

    // MARK: In short

    private var managed: [Secret] { secrets.filter { $0.policy != nil } }
    private var late: [(secret: Secret, span: Overdue)] {
        secrets.flatMap { secret in secret.overdue.map { (secret, $0) } }
            .sorted { ($0.span.from, $0.secret.name) < ($1.span.from, $1.secret.name) }
    }

    private var inShort: Document.Section {
        let lateAtEnd = managed.count { $0.isOverdue(at: scope.end) }
        let everLate = secrets.count { !$0.overdue.isEmpty }
        let limited = managed.count { $0.policy?.maxAge != nil }
        let failures = measures.causes.values.reduce(0, +)
        let due = debts.count { $0.isDue(at: scope.end) }
        func alarm(_ count: Int) -> Document.Cell {
            count == 0 ? .count(0) : .alarm(String(count))
        }
        let rows: [[Document.Cell]] = [
            [.text("secrets with a policy at the end"), .count(managed.count)],
            [.text("secrets without one"), .count(secrets.count - managed.count)],
            [.text("policies with a limit of age"), .count(limited)],
            [.text("secrets older than allowed at the end"), alarm(lateAtEnd)],
            [.text("secrets older than allowed at any time in the period"), alarm(everLate)],
            [
                .text("never rotated here"),
                .count(managed.count { $0.age?.basis ?? .known != .rotated }),
            ],
            [.text("rotations done"), .count(measures.outcomes["done"] ?? 0)],
            [.text("rotations that wait for a person"), alarm(measures.outcomes["parked"] ?? 0)],
            [.text("tries that failed"), .count(failures)],
            [.text("emergencies"), .count(emergencies.count)],
            [.text("exceptions"), .count(exceptions.count)],
            [.text("deliveries and retirements overdue at the end"), alarm(due)],
            [.text("deliveries and retirements not yet due"), .count(debts.count - due)],
        ]
        return Document.Section(
            id: "short", title: "In short",
            table: Document.Table(heads: ["FIGURE", "NUMBER"], rows: rows))
    }

    // MARK: What it rests on

    private var basis: Document.Section {
        var section = Document.Section(
            id: "basis", title: "What this rests on",
            paragraphs: [
                "Every statement is read from the entries of the audit trail, up to the signed "
                    + "checkpoint below, and names the entry (#seq) that says so. The table of "
                    + "entries and the list of rotations have their leaf hashes: SHA-256 over a "
                    + "zero byte and the entry, which `keyturn audit show SEQ --leaf` prints.",
                verification,
                "This shows that the trail is one that the holder of its key signed, and that it "
                    + "was not changed since. Whoever holds that key can sign another one: compare "
                    + "the checkpoint with one that was kept elsewhere "
                    + "(`keyturn audit verify --since KEPT`). The SHA-256 of this very report is in "
                    + "the trail too, in the entry `report.made`.",
            ],
            verbatim: [integrity.checkpoint] + integrity.keys.map { $0 + "\n" })
        if scope.label != nil {
            section.paragraphs.append(
                "Labels are not in the trail: which secrets it is about is what the policies say "
                    + "today. Exceptions that concern no secret are listed all the same.")
        }
        return section
    }

    private var verification: String {
        let size = integrity.size
        let seen =
            "\(counted(integrity.checkpointCount, "checkpoint")) and "
            + "\(counted(integrity.recordCount, "vault record"))"
        guard let known = integrity.known else {
            return "For this report all \(counted(size, "entry", "entries")) were recomputed, with "
                + "the tree, \(seen), the columns that queries use and the schema: intact."
        }
        let whole =
            known.whole.map {
                "All entries were last recomputed for the report at entry #\($0.sequence) "
                    + "(\($0.time.secondText))."
            } ?? "No report says that all entries were recomputed at once."
        return "For this report the \(counted(size - known.size, "entry", "entries")) from "
            + "#\(known.size) on were recomputed, with \(seen): intact, and they continue the tree "
            + "that was found intact on \(known.evidence.time.secondText) by \(known.who.text) "
            + "(entry #\(known.evidence.sequence)). \(whole) `--verify` recomputes all of them."
    }

    // MARK: Ages

    private var ages: Document.Section {
        let rows = secrets.map { secret -> [Document.Cell] in
            let state = secret.state(at: scope.end)
            return [
                .text(secret.name), state.isAlarming ? .alarm(state.text) : .text(state.text),
                .maybe(secret.ageText), .maybe(secret.policy?.maxAge?.plainText),
                .maybe(secret.longestGap?.text), .count(secret.rotations),
                .count(secret.failures),
                .maybe(secret.policy.map { $0.schedule ?? "not in the entry" }),
                .entry(secret.age?.evidence), .entry(secret.policy?.evidence),
            ]
        }
        return Document.Section(
            id: "ages", title: "Age against limit",
            paragraphs: [
                "How old each secret was at the end, the oldest that its policy allowed then, and "
                    + "the longest time without a rotation that the period saw. A policy without "
                    + "`max-age` sets no limit."
            ], chart: .ages(secrets),
            table: Document.Table(
                heads: [
                    "SECRET", "STATE", "AGE", "LIMIT", "LONGEST GAP", "ROTATED", "FAILED",
                    "SCHEDULE", "SINCE", "POLICY",
                ], rows: rows))
    }

    private var overdue: Document.Section {
        let rows = late.map { secret, span -> [Document.Cell] in
            let goesOn = span.until >= scope.end
            return [
                .text(secret.name), .text(span.from.secondText),
                goesOn ? .alarm("went on") : .text(span.until.secondText),
                .text(span.from.age(at: span.until).plainText), .text(span.limit.plainText),
                .count(span.failures), .maybe(span.cause), .entry(span.evidence),
            ]
        }
        return Document.Section(
            id: "overdue", title: "Older than allowed",
            table: Document.Table(
                heads: [
                    "SECRET", "FROM", "UNTIL", "FOR", "LIMIT", "FAILED TRIES", "LAST CAUSE",
                    "ENDED BY",
                ], rows: rows))
    }

    private var owed: Document.Section {
        let rows = debts.map { debt -> [Document.Cell] in
            let what: String
            switch debt.kind {
            case .delivery(let destination, let isRequired):
                what = "delivery to \(destination)" + (isRequired ? "" : " (best effort)")
            case .retirement(let until):
                let date = until.map { ", which may live until \($0.secondText)" } ?? ""
                what = "to see the old credential refused\(date)"
            }
            return [
                .text(debt.secret), .text("version \(debt.version)"),
                debt.isDue(at: scope.end) ? .alarm(what) : .text(what),
                .text(debt.evidence.time.secondText), .maybe(debt.cause), .entry(debt.evidence),
            ]
        }
        return Document.Section(
            id: "owed", title: "Owed at the end",
            paragraphs: rows.isEmpty ? ["Nothing."] : [],
            table: Document.Table(
                heads: ["SECRET", "VERSION", "WHAT", "SINCE", "LAST CAUSE", "ENTRY"], rows: rows))
    }

    // MARK: Emergencies

    private func section(of emergency: Emergency, number: Int) -> Document.Section {
        let opened = emergency.opened.time
        func after(_ time: Timestamp?) -> Document.Cell {
            time.map {
                .text("+" + plainText(milliseconds: $0.milliseconds - opened.milliseconds))
            } ?? .alarm("not yet")
        }
        let rows = emergency.secrets.flatMap { response in
            response.credentials.map { credential -> [Document.Cell] in
                [
                    .text(response.secret), after(response.started.time), after(response.minted),
                    after(response.delivered), .text("version \(credential.version)"),
                    after(credential.revoked),
                    credential.isUnaskable ? .text("cannot be asked") : after(credential.refused),
                    .entry(response.started), .entry(credential.evidence),
                ]
            }
        }
        func worst(_ milliseconds: Int64?) -> String {
            milliseconds.map { plainText(milliseconds: $0) } ?? "not yet"
        }
        let end = emergency.closed.map { "Closed \($0.time.secondText), entry #\($0.sequence)." }
        let ticket = emergency.ticket.map { ", \($0)" } ?? ""
        return Document.Section(
            id: "emergency-\(number)", title: "Emergency \(number): \(emergency.selector)",
            paragraphs: [
                "Declared \(opened.secondText) by \(emergency.who.text): \(emergency.reason)"
                    + "\(ticket); entry #\(emergency.opened.sequence). \(end ?? "Not closed.")",
                "Until the last new value was delivered: \(worst(emergency.timeToDelivery)). Until "
                    + "the last old credential was seen refused (taken away, where nobody can ask "
                    + "since its value was never held): \(worst(emergency.timeToDeath)). "
                    + "All times count from declaring it.",
            ],
            table: Document.Table(
                heads: [
                    "SECRET", "BEGUN", "NEW VALUE", "DELIVERED", "OLD CREDENTIAL", "TAKEN AWAY",
                    "SEEN REFUSED", "BEGUN BY", "ENDED BY",
                ], rows: rows))
    }

    // MARK: The rest

    private var exceptional: Document.Section {
        let rows = exceptions.map { exception -> [Document.Cell] in
            let isPast = exception.kind == .freeze
            return [
                .maybe(isPast ? nil : exception.evidence?.time.secondText),
                .text(
                    exception.kind.text
                        + (exception.count > 1 ? ", \(exception.count) times" : "")),
                .maybe(exception.secret), .maybe(exception.who?.text),
                .maybe(exception.until.map { $0 == .latest ? "without end" : $0.secondText }),
                .entry(exception.evidence),
                .entry(exception.ended),
                .text(
                    [exception.detail, exception.reason].compactMap(\.self).joined(separator: "; ")),
            ]
        }
        return Document.Section(
            id: "exceptions", title: "Exceptions",
            paragraphs: rows.isEmpty
                ? ["None."]
                : ["What was not the rule, or showed a value or the trail to somebody."],
            table: Document.Table(
                heads: ["WHEN", "WHAT", "SECRET", "WHO", "UNTIL", "ENTRY", "ENDED BY", "WHY"],
                rows: rows))
    }

    private var measured: Document.Section {
        func row(_ name: String, _ samples: Samples) -> [Document.Cell] {
            [.text(name), .count(samples.count)]
                + [50, 95, 100].map { percent in
                    .maybe(samples.percentile(percent).map { plainText(milliseconds: $0) })
                }
        }
        func row(_ name: String, _ count: Int) -> [Document.Cell] {
            [.text(name), .count(count), .text("-"), .text("-"), .text("-")]
        }
        let counts =
            measures.started.sorted { $0.key < $1.key }.map { row("begun: \($0.key)", $0.value) }
            + measures.outcomes.sorted { $0.key < $1.key }.map { row("ended: \($0.key)", $0.value) }
            + measures.causes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
                row("failed: \($0.key)", $0.value)
            }
        return Document.Section(
            id: "measures", title: "Measures", chart: .rotations(measures.bins),
            table: Document.Table(
                heads: ["MEASURE", "COUNT", "MEDIAN", "95 OF 100 WITHIN", "LONGEST"],
                rows: [
                    row("from due to the new version in use", measures.dueToDone),
                    row("from begun to the new version in use", measures.duration),
                    row("from replaced to seen refused", measures.timeToDeath),
                ] + counts))
    }

    /// The entries that the tables above name.
    private var cited: Document.Section {
        var entries: [Evidence] = secrets.flatMap { secret in
            [secret.age?.evidence, secret.policy?.evidence] + secret.overdue.map(\.evidence)
        }.compactMap(\.self)
        entries += debts.map(\.evidence)
        for emergency in emergencies {
            entries += [emergency.opened, emergency.closed].compactMap(\.self)
            for response in emergency.secrets {
                entries += [response.started] + response.credentials.compactMap(\.evidence)
            }
        }
        entries += exceptions.flatMap { [$0.evidence, $0.ended] }.compactMap(\.self)
        entries += [integrity.known?.evidence, integrity.known?.whole].compactMap(\.self)
        let distinct = Dictionary(entries.map { ($0.sequence, $0) }) { first, _ in first }
        return Document.Section(
            id: "entries", title: "Entries named above",
            table: Document.Table(
                heads: ["ENTRY", "TIME", "LEAF HASH"],
                rows: distinct.values.sorted { $0.sequence < $1.sequence }.map {
                    [.entry($0.sequence), .text($0.time.secondText), .hash($0.hash)]
                }))
    }
}

extension Report.Secret {
    /// What a person should think of it at the end of the period.
    func state(at end: Timestamp) -> (text: String, isAlarming: Bool) {
        guard let policy else { return ("no policy", false) }
        var words: [String] = []
        if isOverdue(at: end) {
            words.append("overdue")
        } else {
            words.append(policy.maxAge == nil ? "no limit" : "within limit")
        }
        if open?.outcome == .parked { words.append("parked: \(open?.cause ?? "by itself")") }
        return (words.joined(separator: ", "), words.count > 1 || words == ["overdue"])
    }

    /// Whether it was older than allowed at the end of the period.
    func isOverdue(at end: Timestamp) -> Bool { overdue.last.map { $0.until >= end } ?? false }

    /// Its age at the end, and what is known of it.
    var ageText: String? {
        guard let age, let ageAtEnd else { return nil }
        return switch age.basis {
        case .rotated: ageAtEnd.plainText
        case .imported: "\(ageAtEnd.plainText), imported"
        case .told: "\(ageAtEnd.plainText), as told"
        case .known: "\(ageAtEnd.plainText) or more"
        }
    }
}

extension Report.Gap {
    /// Its length, and what is known of it.
    var text: String { length.plainText + (isOpenBefore ? " or more" : "") }
}

extension Report.Exceptional.Kind {
    /// In a few words.
    var text: String {
        switch self {
        case .paused: "policy paused"
        case .freeze: "freeze"
        case .freezesChanged: "freezes changed"
        case .policyChanged: "policy changed"
        case .policyRemoved: "policy removed"
        case .scheduleOverridden: "schedule overridden"
        case .gateOverridden: "gate overridden"
        case .takenUp: "taken up by a person"
        case .rolledBack: "rolled back"
        case .imported: "value imported"
        case .revealed: "value revealed"
        case .answerRevealed: "answer revealed"
        case .valueSearched: "value searched"
        case .exported: "trail exported"
        case .reported: "report made"
        case .clockHeld: "held by the clock"
        case .stateMoved: "state moved"
        case .epochStarted: "new epoch of the trail"
        case .signingKeyRotated: "new audit key"
        case .administered: "administered at the provider"
        case .unmanaged: "found, kept fresh by nothing"
        }
    }
}
