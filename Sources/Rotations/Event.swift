/// The facts that the audit trail records: a closed list. A type once used keeps its meaning.
package enum EventType: String, Sendable, CaseIterable {
    case stateCreated = "state.created"
    case stateMigrated = "state.migrated"
    case connectionAdded = "connection.added"
    case connectionChanged = "connection.changed"
    case adminLoggedIn = "admin.logged-in"
    case policyAdded = "policy.added"
    case policyChanged = "policy.changed"
    case policyRenamed = "policy.renamed"
    case policyPaused = "policy.paused"
    case policyResumed = "policy.resumed"
    case policyRemoved = "policy.removed"
    case freezesChanged = "freezes.changed"
    case runHeartbeat = "run.heartbeat"
    case rotationStarted = "rotation.started"
    case rotationPrepared = "rotation.prepared"
    case scheduleOverridden = "schedule.overridden"
    case rotationResumed = "rotation.resumed"
    case rotationRolledBack = "rotation.rolled-back"
    case rotationAdvanced = "rotation.advanced"
    case rotationHeld = "rotation.held"
    case rotationFailed = "rotation.failed"
    case rotationParked = "rotation.parked"
    case rotationSuperseded = "rotation.superseded"
    case rotationFinished = "rotation.finished"
    case effectIntended = "effect.intended"
    case effectSettled = "effect.settled"
    case effectWatched = "effect.watched"
    case gateOverridden = "gate.overridden"
    case answerSealed = "answer.sealed"
    case answerRevealed = "answer.revealed"
    case versionAdopted = "version.adopted"
    case versionImported = "version.imported"
    case versionAcknowledged = "version.acknowledged"
    case versionStored = "version.stored"
    case versionLost = "version.lost"
    case versionProved = "version.proved"
    case versionPromoted = "version.promoted"
    case versionRetiring = "version.retiring"
    case versionRetired = "version.retired"
    case versionDestroyed = "version.destroyed"
    case deliveryOwed = "delivery.owed"
    case deliveryIntended = "delivery.intended"
    case deliverySettled = "delivery.settled"
    case deliveryClosed = "delivery.closed"
    case reactionOwed = "reaction.owed"
    case reactionSettled = "reaction.settled"
    case reactionClosed = "reaction.closed"
    case rehearsalBegun = "rehearsal.begun"
    case rehearsalSettled = "rehearsal.settled"
    case secretRevealed = "secret.revealed"
    case incidentOpened = "incident.opened"
    case incidentClosed = "incident.closed"
    case stateMoved = "state.moved"
    case machineRecorded = "machine.recorded"
    case signingKeyRotated = "signing-key.rotated"
    case epochStarted = "epoch.started"
    case anchorsChanged = "anchors.changed"
    case notifyChanged = "notify.changed"
    case anchorTorn = "anchor.torn"
    case anchorLagging = "anchor.lagging"
    case cosignatureAdded = "cosignature.added"
    case auditExported = "audit.exported"
    case secretSearched = "secret.searched"
    case reportMade = "report.made"
    case administrationScheduled = "administration.scheduled"
    case administrationCancelled = "administration.cancelled"
    case administrationIntended = "administration.intended"
    case administrationSettled = "administration.settled"
    case credentialFound = "credential.found"
    case rowsAccepted = "rows.accepted"
    case rowsRecorded = "rows.recorded"

    /// Whether what it says changes rows that are about no secret.
    package var isAboutState: Bool {
        switch self {
        case .stateCreated, .stateMigrated, .stateMoved, .machineRecorded, .connectionAdded,
            .connectionChanged, .adminLoggedIn, .freezesChanged, .anchorsChanged, .notifyChanged,
            .incidentOpened, .incidentClosed, .signingKeyRotated, .epochStarted, .cosignatureAdded,
            .administrationScheduled, .administrationCancelled, .administrationIntended,
            .administrationSettled:
            true
        default: false
        }
    }
}

/// One fact. Every field is typed and optional; there is no free map that a value could enter by.
package struct Event: Hashable, Sendable {
    package let type: EventType
    package var secret: SecretReference?
    package var version: Int?
    /// The provider's id and kind of the credential.
    package var target: TargetReference?
    package var rotation: Identifier?
    package var step: Step?
    /// The row of the effect that was intended or settled.
    package var effect: Identifier?
    package var outcome: OutcomeWord?
    package var cause: Cause?
    /// The HTTP status, where there was one.
    package var status: Int?
    package var verdict: Verdict?
    package var trigger: Rotation.Trigger?
    /// A person's words, shown to that person as permanent.
    package var reason: String?
    package var ticket: String?
    package var connection: String?
    package var admin: String?
    package var policy: String?
    package var destination: String?
    package var isRequired: Bool?
    package var hook: HookReport?
    /// A keyed fingerprint of the value or of what was delivered.
    package var fingerprint: [UInt8]?
    /// SHA-256 of the vault's record of the version.
    package var record: [UInt8]?
    /// SHA-256 of a policy, connection or setting before and after the change.
    package var digestBefore: [UInt8]?
    package var digestAfter: [UInt8]?
    /// A place outside the database where checkpoints are kept.
    package var anchor: String?
    /// The public key, as a vkey: of the log from here on, or of a witness.
    package var key: String?
    /// A head of the log: entries, root hash, and where there is one the signed note of it.
    package var size: Int?
    package var root: [UInt8]?
    package var note: String?
    package var until: Timestamp?
    /// From the provider's answer to the first refusal of the old secret.
    package var timeToDeathMilliseconds: Int64?
    package var schemaVersion: Int?
    /// How far the provider's clock was ahead of ours (P28).
    package var clockOffsetMilliseconds: Int64?
    package var incident: Identifier?
    /// What an emergency is about, as the person said it.
    package var selector: String?
    /// In which form the trail was handed out.
    package var exported: ExportFormat?
    /// What a policy demands from here on, in words and as the limit that a report measures by.
    package var schedule: String?
    package var maxAge: Interval?
    package var strategy: Strategy?
    /// Since when a secret's age counts that the policy's file told, or an earlier policy left.
    package var rotatedAt: Timestamp?
    /// When the schedule wanted the rotation.
    package var due: Timestamp?
    package var report: ReportReference?
    /// What was done at the provider that is no rotation; the name of what it was done to, the name
    /// that this got, and the roles.
    package var action: Administration.Action?
    package var providerName: String?
    package var newName: String?
    package var rights: [Right]?
    /// SHA-256 over the rows that the database has of the secret, and of the state itself, once the
    /// change is made.
    package var rows: [UInt8]?
    package var stateRows: [UInt8]?

    package init(_ type: EventType, _ fill: (inout Event) -> Void = { _ in }) {
        self.type = type
        fill(&self)
    }
}

/// The forms in which the trail is handed out.
package enum ExportFormat: String, Sendable {
    case jsonLines = "jsonl"
    case tiles
}

/// The forms of a report.
package enum ReportFormat: String, Sendable, CaseIterable {
    case text
    case json
    case csv
    case html
}

/// A report that was made, and how far the trail was found intact for it.
package struct ReportReference: Hashable, Sendable {
    package let format: ReportFormat
    package let from: Timestamp
    package let to: Timestamp
    /// `KEY=VALUE`, when it is about the policies with this label only.
    package let label: String?
    /// How many entries it rests on; all of them were found intact.
    package let size: Int
    /// Whether all of them were looked at for it, or only those since an earlier report.
    package let isWhole: Bool
    /// SHA-256 of its bytes.
    package let digest: [UInt8]

    package init(
        format: ReportFormat, from: Timestamp, to: Timestamp, label: String?, size: Int,
        isWhole: Bool, digest: [UInt8]
    ) {
        self.format = format
        self.from = from
        self.to = to
        self.label = label
        self.size = size
        self.isWhole = isWhole
        self.digest = digest
    }
}

/// A credential at the provider.
package struct TargetReference: Hashable, Sendable {
    package let kind: Target.Kind
    package let providerID: String

    package init(kind: Target.Kind, providerID: String) {
        self.kind = kind
        self.providerID = providerID
    }
}

/// How a command ended: by numbers and a hash, never by what it printed.
package struct HookReport: Hashable, Sendable {
    package let exit: Int?
    package let signal: Int?
    package let milliseconds: Int
    package let outputByteCount: Int
    /// SHA-256 of the beginning of its standard output, in hexadecimal digits.
    package let standardOutputHash: String
    /// The same of its standard error.
    package let standardErrorHash: String

    package init(
        exit: Int?, signal: Int?, milliseconds: Int, outputByteCount: Int,
        standardOutputHash: String, standardErrorHash: String
    ) {
        self.exit = exit
        self.signal = signal
        self.milliseconds = milliseconds
        self.outputByteCount = outputByteCount
        self.standardOutputHash = standardOutputHash
        self.standardErrorHash = standardErrorHash
    }
}

/// Who did it. What the environment claims is labelled a claim.
package struct Actor: Hashable, Sendable {
    package var uid: Int
    /// The user who logged in, which survives `sudo`; nil for a timer.
    package var loginUID: Int?
    package var user: String?
    package var host: String
    package var pid: Int
    /// systemd's invocation id of the unit.
    package var invocation: String?
    package var claimedSudoUser: String?

    package init(
        uid: Int, loginUID: Int?, user: String?, host: String, pid: Int, invocation: String?,
        claimedSudoUser: String?
    ) {
        self.uid = uid
        self.loginUID = loginUID
        self.user = user
        self.host = host
        self.pid = pid
        self.invocation = invocation
        self.claimedSudoUser = claimedSudoUser
    }
}
