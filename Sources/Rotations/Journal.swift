import Secrets

/// Where everything is written down: state, trail and vault. A call that returns has committed.
package protocol Journal: Sendable {
    // MARK: Reading

    /// All versions of a secret, the newest first.
    func versions(of secret: SecretReference) async throws(JournalError) -> [Version]

    /// The value of a version, read back from the vault.
    func value(
        of version: Int, of secret: SecretReference
    ) async throws(JournalError) -> SecretBytes

    /// The effect of the rotation's step that is not settled yet.
    func openEffect(of rotation: Rotation) async throws(JournalError) -> Effect?

    /// The minting calls of this secret whose fruit nobody has seen, or may still come: unsettled
    /// ones, those under watch (P17), and those that are recorded as lost (P16). The newest first.
    func attempts(of secret: SecretReference) async throws(JournalError) -> [Attempt]

    /// The sealed answer of an effect, opened.
    func answer(of effect: Effect) async throws(JournalError) -> SecretBytes

    /// The deliveries of a version, in order.
    func deliveries(
        of version: Int, of secret: SecretReference
    ) async throws(JournalError) -> [Delivery]

    /// A keyed fingerprint: equal for equal bytes, useless to a reader.
    func fingerprint(of bytes: borrowing SecretBytes) throws(JournalError) -> [UInt8]

    // MARK: Writing

    /// A new identifier.
    func newIdentifier() throws(JournalError) -> Identifier

    /// Makes sure that the outcome of a minting call can be written: room on the disk, the key, a
    /// canary, the data key and buffers for its answer (P9, P10).
    func makeReady(for effect: Effect) async throws(JournalError)

    /// Writes the rotation, the changes and their entries in one transaction. Throws `stale` when
    /// the row's revision is not the rotation's (P3). Returns the rotation with its new revision.
    func record(
        _ changes: [Change], in rotation: Rotation
    ) async throws(JournalError) -> Rotation

    /// Seals the answer of a minting call and commits it, before anybody looks at it (P13). Never
    /// refused for a stale revision (P3). What the database cannot take goes to the spool, and what
    /// the disk cannot take to standard error, sealed (P14); both count as kept.
    func keep(
        _ answer: consuming SecretBytes, of effect: Effect, in rotation: Rotation
    ) async throws(JournalError)

    /// Stores the decoded secret as a pending version and destroys the raw answer (P13).
    func store(
        _ issued: consuming Issued, as version: Int, of effect: Effect, in rotation: Rotation
    ) async throws(JournalError) -> Rotation

    /// Writes a delivery and its entry.
    func record(
        _ delivery: Delivery, rotation: Identifier?, hook: HookReport?
    ) async throws(JournalError)
}

/// Why nothing was written, or read.
package enum JournalError: Error, Hashable, Sendable {
    /// Another process has moved the rotation on (P3).
    case stale
    case busy
    case noRoom
    /// The database failed. What was being committed may or may not be there.
    case storage
    /// The database refused what was to be written; nothing of it is there.
    case refused
    /// A value could not be sealed or opened.
    case vault
    /// A row is not what it must be, or a sealed value is gone or does not open.
    case damaged
    /// The database could not take an answer. It is kept sealed, in the spool or on standard error,
    /// and the next run takes it in (P14).
    case spooled

    /// The cause that an entry names.
    package var cause: Cause {
        switch self {
        case .stale: .interrupted
        case .busy: .storageBusy
        case .noRoom: .noRoom
        case .storage, .refused, .spooled: .storageFailed
        case .vault, .damaged: .vaultFailed
        }
    }
}

/// A call that changes something at the provider.
package struct Effect: Hashable, Sendable {
    /// Where it stands.
    package enum State: String, Sendable, CaseIterable {
        /// Written down; whether it was sent is not known.
        case intended
        /// Its answer is sealed, and not yet decoded.
        case answered
        case done
        case refused
        /// It was sent, and nobody knows.
        case unsettled
        /// Another rotation took over.
        case abandoned
    }

    package let id: Identifier
    /// `issue`, `prove` when it grants rights, or `retire`.
    package let step: Step
    /// The version that it makes, equips or retires.
    package let version: Int
    /// The name of what it makes (P6), or the provider's id of what it equips or retires.
    package let name: String?
    package var state: State
    package let intendedAt: Timestamp

    package init(
        id: Identifier, step: Step, version: Int, name: String?, state: State,
        intendedAt: Timestamp
    ) {
        self.id = id
        self.step = step
        self.version = version
        self.name = name
        self.state = state
        self.intendedAt = intendedAt
    }
}

/// A minting call, and what was there before it.
package struct Attempt: Hashable, Sendable {
    package let effect: Effect
    /// The provider's ids that were there at prepare (P11).
    package let listed: [String]
    /// Until when "it did not happen" may turn out to be wrong (P17); nil when nobody has said so.
    package let watchUntil: Timestamp?

    package init(effect: Effect, listed: [String], watchUntil: Timestamp?) {
        self.effect = effect
        self.listed = listed
        self.watchUntil = watchUntil
    }
}

/// What a rotation records besides its own row. Each has its entry.
package enum Change: Sendable {
    /// The survey, what the old secret said, and how far the provider's clock was ahead of ours where
    /// that is worth a word (P28).
    case prepared(Survey, Verdict, clockOffsetMilliseconds: Int64?)
    case intended(Effect)
    case settled(Effect, OutcomeWord, Cause?, status: Int?)
    /// It seems not to have happened; it is looked for until then (P17).
    case watched(Effect, until: Timestamp)
    /// The watch is over: it has been found, or a later version took the place of what it could have
    /// changed.
    case unwatched(Effect)
    /// A secret was issued and never seen.
    case lost(version: Int, CredentialReference, Effect)
    case proved(version: Int, Verdict)
    /// The version is what consumers should use from now on.
    case promoted(version: Int)
    /// The version may be retired from then on.
    case retiring(version: Int, at: Timestamp)
    case owed(Delivery)
    /// A delivery that a newer version's took the place of (P22).
    case overtaken(Delivery)
    /// The provider has taken the credential away, at this time.
    case ended(version: Int, at: Timestamp)
    case retired(version: Int, Verdict, timeToDeathMilliseconds: Int64?)
    /// The value is erased from the vault.
    case destroyed(version: Int)
    /// It waits, and that is no failure.
    case held(Cause)
    case failed(Cause, status: Int?)
    case parked(Cause)
    /// What holds a rotation up did not hold this one: the deadline of the gate has passed, and the
    /// policy retires all the same (P25), or an emergency goes on with rights that differ.
    case gateOverridden(Cause)
    case superseded
    /// A person takes it up, for this reason, or a late commit does (P17).
    case resumed(reason: String?, Cause?)
    case finished
}
