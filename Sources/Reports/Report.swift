import Audit
import Rotations

/// What an auditor asks of a period, as plain values: every form of a report is made from these, and
/// every statement names the entries that it rests on.
///
/// The rotations of the period are not in it. They may be many, so each is handed on by itself.
package struct Report: Sendable {
    package var scope: Scope
    package var integrity: Integrity
    /// By name.
    package var secrets: [Secret] = []
    /// The oldest first, as everything below.
    package var emergencies: [Emergency] = []
    package var exceptions: [Exceptional] = []
    package var debts: [Debt] = []
    package var measures = Measures()

    package init(scope: Scope, integrity: Integrity) {
        self.scope = scope
        self.integrity = integrity
    }

    /// What the report is about, and who made it.
    package struct Scope: Hashable, Sendable {
        package let from: Timestamp
        /// The first instant that is not part of the period.
        package let to: Timestamp
        package let madeAt: Timestamp
        /// `KEY=VALUE`; nil for all secrets.
        package let label: String?
        /// Name and version of the program.
        package let tool: String

        package init(
            from: Timestamp, to: Timestamp, madeAt: Timestamp, label: String?, tool: String
        ) {
            self.from = from
            self.to = to
            self.madeAt = madeAt
            self.label = label
            self.tool = tool
        }

        /// The end of what is looked at: of the period, or just after the present.
        package var end: Timestamp { min(to, Timestamp(milliseconds: madeAt.milliseconds + 1)) }
    }

    /// What the report rests on, and how far it was checked.
    package struct Integrity: Sendable {
        /// The signed checkpoint over all entries that were read, verbatim.
        package let checkpoint: String
        /// The number of entries under it.
        package let size: Int
        /// The vkeys of all epochs, the newest first.
        package let keys: [String]
        /// An earlier report for which the entries before these were found intact; nil when all were
        /// looked at for this one.
        package let known: KnownGood?
        /// Checkpoints and vault records that were looked at for this report.
        package let checkpointCount: Int
        package let recordCount: Int

        package init(
            checkpoint: String, size: Int, keys: [String], known: KnownGood?, checkpointCount: Int,
            recordCount: Int
        ) {
            self.checkpoint = checkpoint
            self.size = size
            self.keys = keys
            self.known = known
            self.checkpointCount = checkpointCount
            self.recordCount = recordCount
        }
    }

    /// Entries that were found intact for an earlier report.
    package struct KnownGood: Sendable {
        /// How many entries.
        package let size: Int
        /// The entry of that report.
        package let evidence: Evidence
        package let who: Who
        /// The entry of the last report for which all entries before it were looked at.
        package let whole: Evidence?

        package init(size: Int, evidence: Evidence, who: Who, whole: Evidence?) {
            self.size = size
            self.evidence = evidence
            self.who = who
            self.whole = whole
        }
    }

    /// A secret at the end of the period, and what it was like in between.
    package struct Secret: Sendable {
        package let id: String
        package let name: String
        /// The provider's kind and id of the credential, as the trail last named them.
        package let kind: String?
        package let providerID: String?
        /// Nil when no policy applied at the end.
        package let policy: Demand?
        package let version: Int?
        package let age: Age?
        package let ageAtEnd: Interval?
        /// The longest time without a rotation that ended in the period or went on at its end.
        package let longestGap: Gap?
        /// Spans of the period in which it was older than its policy allowed.
        package let overdue: [Overdue]
        /// Rotations that made a version current in the period.
        package let rotations: Int
        /// Tries that failed in the period.
        package let failures: Int
        /// A rotation that was not done at the end, and why it was not.
        package let open: Rotation?
        /// Deliveries and retirements that were owed at the end.
        package let debts: Int
    }

    /// What a policy demands.
    package struct Demand: Hashable, Sendable {
        /// In words, as `every 30d`; nil in entries of older programs.
        package let schedule: String?
        package let maxAge: Interval?
        package let strategy: String?
        /// The entry that says so.
        package let evidence: Evidence
    }

    /// Since when a secret's age counts.
    package struct Age: Hashable, Sendable {
        package enum Basis: String, Hashable, Sendable {
            /// A rotation made the version current.
            case rotated
            /// Somebody else made the value; it was taken in then.
            case imported
            /// The policy's file told the time.
            case told
            /// It is at least as old as this: the trail knows it since then.
            case known
        }

        package let basis: Basis
        package let since: Timestamp
        package let evidence: Evidence
    }

    /// A time without a rotation.
    package struct Gap: Hashable, Sendable {
        package let length: Interval
        package let end: Timestamp
        /// The rotation that ended it; nil where it went on.
        package let evidence: Evidence?
        /// Whether the trail does not know when it began: it was at least as long.
        package let isOpenBefore: Bool
    }

    /// A span in which a secret was older than allowed.
    package struct Overdue: Hashable, Sendable {
        package let from: Timestamp
        package var until: Timestamp
        package let limit: Interval
        /// What ended it: a rotation, another limit; nil where it went on.
        package var evidence: Evidence?
        /// Tries that failed since the last rotation.
        package var failures: Int
        package var cause: String?
    }

    /// One rotation, as far as the period shows it.
    package struct Rotation: Hashable, Sendable {
        package enum Outcome: String, CaseIterable, Sendable {
            case done
            case superseded
            /// It waits for a person.
            case parked
            /// It was under way.
            case open
        }

        package let id: String
        package let secretID: String
        package let secret: String
        package let trigger: String
        package let who: Who
        package let reason: String?
        package let ticket: String?
        package let incident: String?
        package let due: Timestamp?
        package let started: Evidence
        package var isRollback = false
        /// The version that it made current, and when.
        package var version: Int?
        package var promoted: Timestamp?
        package var outcome = Outcome.open
        package var failures = 0
        /// Why it failed last.
        package var cause: String?
        /// The entry that says how it stands.
        package var last: Evidence
    }

    /// An emergency, with the times that count after a leak.
    package struct Emergency: Sendable {
        package let id: String
        package let selector: String
        package let reason: String
        package let ticket: String?
        package let who: Who
        package let opened: Evidence
        package var closed: Evidence?
        package var secrets: [Response] = []

        /// From declaring it until every secret's new value was delivered; nil while one was not.
        package var timeToDelivery: Int64? { worst(\.delivered) }
        /// From declaring it until every old credential was seen refused; nil while one was not.
        package var timeToDeath: Int64? { worst(\.refused) }

        private func worst(_ time: (Response) -> Timestamp?) -> Int64? {
            let times = secrets.map(time)
            guard !times.isEmpty, !times.contains(nil) else { return nil }
            return times.compactMap { $0 }.max().map {
                $0.milliseconds - opened.time.milliseconds
            }
        }
    }

    /// What an emergency did to one secret.
    package struct Response: Sendable {
        package let secret: String
        package let rotation: String
        package let started: Evidence
        /// A new value was made.
        package var minted: Timestamp?
        /// It was proved and had reached every required destination.
        package var delivered: Timestamp?
        package var credentials: [Credential] = []

        /// The provider was made to take every old credential away.
        package var revoked: Timestamp? { latest(\.revoked) }
        /// Every old credential was seen refused, or taken away where nobody can ask.
        package var refused: Timestamp? {
            latest { $0.isUnaskable ? $0.revoked : $0.refused }
        }

        private func latest(_ time: (Credential) -> Timestamp?) -> Timestamp? {
            let times = credentials.map(time)
            return times.contains(nil) ? nil : times.compactMap { $0 }.max()
        }
    }

    /// An old credential in an emergency.
    package struct Credential: Hashable, Sendable {
        package let version: Int
        package var revoked: Timestamp?
        package var refused: Timestamp?
        /// It was taken away, and nobody can ask whether it is refused: its value was never held here.
        package var isUnaskable = false
        /// From the provider's answer to the first refusal, in milliseconds.
        package var timeToDeath: Int64?
        /// The entry that says how it ended.
        package var evidence: Evidence?
    }

    /// What was not the rule: somebody held a schedule, looked at a value, overrode a gate.
    package struct Exceptional: Hashable, Sendable {
        package let kind: Kind
        package let secret: String?
        package let who: Who?
        package let reason: String?
        package var evidence: Evidence?
        /// Until when it was meant to be so.
        package var until: Timestamp?
        /// What ended it before.
        package var ended: Evidence?
        /// How often, where one line stands for many.
        package var count = 1
        package var detail: String?

        package enum Kind: String, CaseIterable, Sendable {
            case paused
            case freeze
            case freezesChanged = "freezes-changed"
            case policyChanged = "policy-changed"
            case policyRemoved = "policy-removed"
            case scheduleOverridden = "schedule-overridden"
            case gateOverridden = "gate-overridden"
            case takenUp = "taken-up"
            case rolledBack = "rolled-back"
            case imported
            case revealed
            case answerRevealed = "answer-revealed"
            case valueSearched = "value-searched"
            case exported
            case reported
            case clockHeld = "clock-held"
            case stateMoved = "state-moved"
            /// The log has a new origin and key; after a loss, with the loss.
            case epochStarted = "epoch-started"
            case signingKeyRotated = "signing-key-rotated"
            /// Something at the provider that is no rotation: an account created, roles given.
            case administered
            /// A credential that nothing keeps fresh.
            case unmanaged
        }
    }

    /// What was owed at the end of the period.
    package struct Debt: Hashable, Sendable {
        package enum Kind: Hashable, Sendable {
            case delivery(destination: String, isRequired: Bool)
            /// Nobody has seen the credential refused; it may live until then.
            case retirement(until: Timestamp?)
        }

        package let secretID: String
        package let secret: String
        package let version: Int
        package let kind: Kind
        package let evidence: Evidence
        /// Why the last try failed.
        package let cause: String?
    }

    /// Counts and times over the period.
    package struct Measures: Sendable {
        /// Rotations that began in the period, by trigger.
        package var started: [String: Int] = [:]
        /// Rotations that ended in the period or had not at its end, by outcome.
        package var outcomes: [String: Int] = [:]
        /// Tries that failed, by cause.
        package var causes: [String: Int] = [:]
        /// From the time that the schedule wanted to the new version's becoming current.
        package var dueToDone = Samples()
        /// From the beginning of a rotation to the new version's becoming current.
        package var duration = Samples()
        /// From the provider's answer to the first refusal of the old credential.
        package var timeToDeath = Samples()
        /// Rotations over time.
        package var bins: [Bin] = []
    }

    /// Rotations in a part of the period.
    package struct Bin: Hashable, Sendable {
        package let from: Timestamp
        package let to: Timestamp
        /// Versions that became current, by what set the rotation off.
        package var scheduled = 0
        package var manual = 0
        package var emergency = 0
        /// Tries that failed.
        package var failed = 0
    }
}

/// An entry that a statement rests on.
package struct Evidence: Hashable, Sendable {
    /// Its index in the tree.
    package let sequence: Int
    package let time: Timestamp
    /// Its leaf hash, 32 bytes.
    package let hash: [UInt8]

    package init(sequence: Int, time: Timestamp, hash: [UInt8]) {
        self.sequence = sequence
        self.time = time
        self.hash = hash
    }
}

/// Who did it, as the entry says.
package struct Who: Hashable, Sendable {
    package let uid: Int64
    package let user: String?
    /// Who had logged in, which survives `sudo`.
    package let loginUID: Int64?
    /// Whom the environment named.
    package let claimedSudoUser: String?
    package let host: String
    /// Whether systemd ran it.
    package let isUnit: Bool

    package init(
        uid: Int64, user: String?, loginUID: Int64?, claimedSudoUser: String?, host: String,
        isUnit: Bool
    ) {
        self.uid = uid
        self.user = user
        self.loginUID = loginUID
        self.claimedSudoUser = claimedSudoUser
        self.host = host
        self.isUnit = isUnit
    }

    /// Reads the `actor` of an entry.
    package init?(_ actor: JSON?) {
        guard let members = actor?.members, let uid = members["uid"]?.integer,
            let host = members["host"]?.text
        else { return nil }
        self.init(
            uid: uid, user: members["user"]?.text, loginUID: members["login_uid"]?.integer,
            claimedSudoUser: members["claimed"]?.members?["sudo_user"]?.text, host: host,
            isUnit: members["invocation"] != nil)
    }

    /// In a few words: `root on db1, logged in as uid 1000, claims sudo by ann`.
    package var text: String {
        var text = "\(user ?? "uid \(uid)") on \(host)"
        if isUnit { text += ", by systemd" }
        if let loginUID, loginUID != uid { text += ", logged in as uid \(loginUID)" }
        if let claimedSudoUser { text += ", claims sudo by \(claimedSudoUser)" }
        return text
    }
}

/// Times that were measured, in milliseconds.
package struct Samples: Hashable, Sendable {
    /// In tenths of a second, so that many of them stay small.
    private var values: [UInt32] = []

    package init() {}

    package mutating func add(_ milliseconds: Int64) {
        values.append(UInt32(clamping: (max(milliseconds, 0) + 50) / 100))
    }

    package var count: Int { values.count }

    /// The smallest value that so many of a hundred do not exceed (nearest rank); nil without any.
    package func percentile(_ percent: Int) -> Int64? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let rank = (percent * sorted.count + 99) / 100
        return Int64(sorted[max(rank, 1) - 1]) * 100
    }
}
