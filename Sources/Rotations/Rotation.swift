/// One attempt to replace the current version of a secret.
package struct Rotation: Sendable {
    /// What set it off.
    package enum Trigger: String, Codable, Sendable, CaseIterable {
        case schedule
        case manual
        case emergency
        case recovery

        /// Windows, freezes and back-off do not hold a person's rotation (P31).
        package var isByHand: Bool { self == .manual || self == .emergency }
    }

    /// Whether it goes on.
    package enum State: String, Sendable, CaseIterable {
        case open
        /// It waits for a person; no schedule mints or retires for it.
        case parked
        case done
        /// A later rotation took its place.
        case superseded
    }

    package let id: Identifier
    package let secret: SecretReference
    package let target: Target
    package let trigger: Trigger
    package let reason: String?
    package let ticket: String?
    /// The emergency that it belongs to (P31).
    package let incident: Identifier?
    /// Copied from the policy when the rotation began (P4).
    package let terms: Terms
    package let startedAt: Timestamp

    package var step: Step
    package var state: State
    /// Counts its recorded changes; a record that meets another count is refused (P3).
    package var revision: Int
    /// The version that it replaces.
    package var from: Int?
    /// The version that it makes.
    package var to: Int?
    /// Calls that mint a secret, each deliberate (P15).
    package var mintings: Int
    package var failures: Int
    /// Nothing is tried before, save by hand (P29).
    package var nextTryAt: Timestamp?
    /// Why it failed last.
    package var cause: Cause?
    /// What the old secret said at prepare (P8).
    package var oldSaid: Verdict?
    /// The provider's ids that were there at prepare (P11).
    package var listed: [String]
    package var finishedAt: Timestamp?

    package init(
        id: Identifier, secret: SecretReference, target: Target, trigger: Trigger,
        reason: String?, ticket: String?, incident: Identifier? = nil, terms: Terms,
        startedAt: Timestamp, step: Step = .prepare,
        state: State = .open, revision: Int = 0, from: Int? = nil, to: Int? = nil,
        mintings: Int = 0, failures: Int = 0, nextTryAt: Timestamp? = nil, cause: Cause? = nil,
        oldSaid: Verdict? = nil, listed: [String] = [], finishedAt: Timestamp? = nil
    ) {
        self.id = id
        self.secret = secret
        self.target = target
        self.trigger = trigger
        self.reason = reason
        self.ticket = ticket
        self.incident = incident
        self.terms = terms
        self.startedAt = startedAt
        self.step = step
        self.state = state
        self.revision = revision
        self.from = from
        self.to = to
        self.mintings = mintings
        self.failures = failures
        self.nextTryAt = nextTryAt
        self.cause = cause
        self.oldSaid = oldSaid
        self.listed = listed
        self.finishedAt = finishedAt
    }

    /// Whether a step may be taken without a person. Parked, nothing is minted or retired, while
    /// proofs and deliveries go on (P29); but not those of a value that somebody else replaced, nor
    /// those of a state that was moved (P32).
    package var canGoOn: Bool {
        switch state {
        case .open: true
        case .parked:
            switch step {
            case .prepare, .issue, .retire: false
            case .prove, .promote, .deliver, .confirm: cause != .foreignRotated && cause != .moved
            }
        case .done, .superseded: false
        }
    }

    /// Whether it brings an older version back instead of making a new one.
    package var isRollback: Bool {
        guard let from, let to else { return false }
        return to < from
    }

    /// At most this many mintings in one rotation (P15).
    package static let maximumMintings = 3
}

/// The steps of a rotation, in the order of their names here; in place, `promote` comes before
/// `deliver`, since nothing else lives (P19).
package enum Step: String, Codable, Sendable, CaseIterable {
    case prepare
    case issue
    case prove
    case promote
    case deliver
    case retire
    case confirm

    /// The step after this one.
    package func next(in strategy: Strategy) -> Step? {
        switch (strategy, self) {
        case (_, .prepare): .issue
        case (_, .issue): .prove
        case (.inPlace, .prove): .promote
        case (.inPlace, .promote): .deliver
        case (.inPlace, .deliver): .confirm
        case (.overlap, .prove): .deliver
        case (.overlap, .deliver): .promote
        case (.overlap, .promote): .retire
        case (_, .retire): .confirm
        case (_, .confirm): nil
        }
    }
}

/// What a credential, or nobody, says to the question whether it lives.
package enum Verdict: String, Codable, Sendable, CaseIterable {
    case accepted
    /// Refused, and a control on the same endpoint was accepted within the minute (P20).
    case refused
    /// No answer that proves anything.
    case noVerdict = "no-verdict"
    /// We do not hold the value, so nobody can be asked.
    case notHeld = "not-held"
}
