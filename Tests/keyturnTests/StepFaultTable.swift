import Rotations

/// Every step of a rotation against every fault, and what an operator sees of it.
///
/// A row reads: when any of these calls meets any of these faults, this follows. So
///
///     once(deletes, [.tooManyForHours], .waitsForBackOff(.rateLimited))
///
/// says: a delete after the overlap that is answered once with 429 and `Retry-After: 7200` ends the
/// run with exit 1 and the cause `rate-limited`; the next run does nothing, and one after those two
/// hours finishes the rotation. `OutsideCall` says where a call stands, `CallFault` what a fault is,
/// and `Expected` what its words mean: each also promises that all is well in the end.
///
/// `once`: the fault meets one call. `lasting`: it meets that call and all like it until the run has
/// ended; then it is mended. `never`: there is no such combination, and why. A call that changes
/// something has both durations; one that only reads has the one that is more of a trial, since it
/// is sent up to three times.
///
/// This file has the calls at the provider, `StepFaultTable+Destinations` files and commands,
/// `StepFaultTable+Journal` the writes of our own, promotion among them. `StepFaultTests` runs them,
/// and fails when a combination is missing or is named twice. Whoever adds a call, a fault or a write
/// adds a case there, and is told which words are missing.
enum StepFaultTable {
    /// Calls, faults and what follows: one cell for each combination.
    struct Row: Sendable {
        let calls: [OutsideCall]
        let faults: [CallFault]
        /// Nil for both.
        let isLasting: Bool?
        let expected: Expected
    }

    /// One of the table, which is run.
    struct Cell: Hashable, Sendable {
        let call: OutsideCall
        let fault: CallFault
        let isLasting: Bool
    }

    static let rows =
        prepare + issue + evidence + prove + retire + confirm + watch + worldless + lateness

    // MARK: Prepare: nothing is minted, whatever happens

    private static let tokens: [OutsideCall] = [
        .adminToken, .adminTokenForKey, .adminTokenForSibling,
    ]
    private static let asksOld: [OutsideCall] = [.askOldSecret, .askOldSibling]

    private static let prepare: [Row] = [
        once(tokens, [.badRequest, .missing, .conflict], .doneByNextRun(.refusedByProvider)),
        once(tokens, [.unauthenticated, .forbidden], .doneByNextRun(.adminRefused)),
        once(tokens, [.tooMany], .doneByNextRun(.rateLimited)),
        once(tokens, [.tooManyForHours], .waitsForBackOff(.rateLimited)),
        once(tokens, mute + hung + torn, .doneByNextRun(.noAnswer)),

        // P30: what is wrong with the other admin may not be found out by locking oneself out.
        once([.otherAdminToken], refused + [.unauthenticated], .doneByNextRun(.lockOut)),
        once([.otherAdminToken], [.tooMany], .doneByNextRun(.rateLimited)),
        once([.otherAdminToken], [.tooManyForHours], .waitsForBackOff(.rateLimited)),
        once([.otherAdminToken], mute + hung + torn, .doneByNextRun(.noAnswer)),
        once([.otherAdminList, .otherAdminBindings], refused, .doneByNextRun(.lockOut)),
        lasting(
            [.otherAdminList, .otherAdminBindings], [.unauthenticated], .doneByNextRun(.lockOut)),

        // P8: refused again and again, with a control, it was somebody else; without one nobody knows.
        once(asksOld, [.unauthenticated, .forbidden], .doneInSameRun),
        lasting(asksOld, [.unauthenticated, .forbidden], .parks(.foreignRotated)),
        once(asksOld, [.badRequest, .missing, .conflict], .doneByNextRun(.oldSecretNoVerdict)),
        once(
            asksOld, busy + [.requestTimeout, .failedBefore], .doneByNextRun(.oldSecretNoVerdict)),
        lasting(asksOld, [.closedBefore], .doneByNextRun(.oldSecretNoVerdict)),
        once(asksOld, hung + torn, .doneByNextRun(.oldSecretNoVerdict)),
        once([.askOldKey], [.unauthenticated], .doneByNextRun(.oldSecretNoVerdict)),
        once(
            [.askOldKey], [.badRequest, .missing, .conflict], .doneByNextRun(.oldSecretNoVerdict)),
        once(
            [.askOldKey], busy + [.requestTimeout, .failedBefore],
            .doneByNextRun(.oldSecretNoVerdict)),
        lasting([.askOldKey], [.forbidden, .closedBefore], .doneByNextRun(.oldSecretNoVerdict)),
        once([.askOldKey], hung, .doneByNextRun(.oldSecretNoVerdict)),
        // A made-up key is told apart, and the status alone says that a key lives.
        once([.askOldKey], [.forbidden] + torn, .doneInSameRun),
    ]

    // MARK: Calls of an admin that only read, in all steps: sent up to three times

    private static let reads: [OutsideCall] = [
        .fetchAccount, .fetchKey, .listKeys, .listAccounts, .readRolesForKey,
        .readBindingsForSibling, .compareNewKey, .compareOldKey, .compareNewSibling,
        .compareOldSibling, .readBindingsOfOldSibling,
    ]
    private static let surveys: [OutsideCall] =
        reads + [.otherAdminList, .otherAdminBindings]

    // MARK: Issue

    private static let creates: [OutsideCall] = [.createKey, .createSibling]
    private static let mints: [OutsideCall] = [.rotateSecret, .rotateAdopted] + creates
    private static let deletesLost: [OutsideCall] = [.deleteLostKey, .deleteLostSibling]

    private static let issue: [Row] = [
        once(reads, [.badRequest, .conflict], .doneByNextRun(.refusedByProvider)),
        once(reads, [.forbidden], .doneByNextRun(.forbidden)),
        once(reads.filter { $0 != .compareOldKey }, [.missing], .doneByNextRun(.targetMissing)),
        // P20: the old key is gone, and the new one is the control.
        once([.compareOldKey], [.missing], .doneInSameRun),
        lasting(reads, [.unauthenticated], .doneByNextRun(.adminRefused)),
        lasting(surveys, [.tooMany], .doneByNextRun(.rateLimited)),
        lasting(surveys, [.tooManyForHours], .waitsForBackOff(.rateLimited)),
        lasting(surveys, mute, .doneByNextRun(.noAnswer)),
        once(surveys, torn, .doneByNextRun(.noAnswer)),
        once(surveys, hung, .doneInSameRun),
        once([.fetchAccount, .listKeys], [.unauthenticated, .tooMany] + mute, .doneInSameRun),

        // Refused: it did not happen, and does not count as a minting.
        once(mints, [.badRequest, .conflict], .doneByNextRun(.refusedByProvider)),
        lasting(mints, [.badRequest, .conflict], .doneByNextRun(.refusedByProvider)),
        once(mints, [.unauthenticated], .doneInSameRun),
        lasting(mints, [.unauthenticated], .doneByNextRun(.adminRefused)),
        once(mints, [.forbidden], .doneByNextRun(.forbidden)),
        lasting(mints, [.forbidden], .doneByNextRun(.forbidden)),
        once(mints, [.missing], .doneByNextRun(.targetMissing)),
        lasting(mints, [.missing], .doneByNextRun(.targetMissing)),
        once(mints, [.tooMany], .doneByNextRun(.rateLimited)),
        lasting(mints, [.tooMany], .doneByNextRun(.rateLimited)),
        once(mints, [.tooManyForHours], .waitsForBackOff(.rateLimited)),
        lasting(mints, [.tooManyForHours], .waitsForBackOff(.rateLimited)),

        // Nobody says so: the old secret, or the list, is the evidence (P15). A provider that fails
        // all the time is left alone: the next run tries, not this one.
        once([.rotateSecret] + creates, mute + hung, .doneByNextRun(.notCarriedOut)),
        lasting([.rotateSecret] + creates, mute, .doneByNextRun(.notCarriedOut)),
        // Without evidence: a recovery, and after three of them a person.
        once([.rotateAdopted], mute + hung, .doneInSameRun),
        lasting([.rotateAdopted], mute, .parks(.tooManyMintings)),

        // It happened, and nobody saw the secret.
        once([.rotateSecret, .rotateAdopted], lost, .recoveryMint),
        once(creates, lost, .orphanRetired),
        // Known dead it is recovered once an hour; not known, a person decides.
        lasting([.rotateSecret], lostUnhung, .waitsForBackOff(.tooManyMintings, mintings: 3)),
        lasting(
            [.rotateAdopted], torn, .waitsForBackOff(.tooManyMintings, mintings: 3)),
        lasting(
            [.rotateAdopted], [.failedAfter, .closedAfter], .parks(.tooManyMintings, mintings: 3)),
        lasting(creates, lostUnhung, .parks(.tooManyMintings, mintings: 3)),

        // What was lost is deleted before the next is made, or when the new one is current.
        once(
            deletesLost, refused + [.unauthenticated, .tooMany] + mute + hungBoth, .doneInSameRun),
        once(deletesLost, [.tooManyForHours], .waitsForBackOff(.rateLimited)),
        once(deletesLost, [.failedAfter, .closedAfter] + torn, .doneInSameRun),
        lasting(deletesLost, [.failedAfter, .closedAfter] + torn, .doneInSameRun),
        lasting(deletesLost, [.badRequest, .conflict], .debt(.refusedByProvider)),
        lasting(deletesLost, [.unauthenticated], .debt(.adminRefused)),
        lasting(deletesLost, [.forbidden], .debt(.forbidden)),
        lasting(deletesLost, [.tooMany], .doneByNextRun(.rateLimited)),
        lasting(deletesLost, [.tooManyForHours], .waitsForBackOff(.rateLimited)),
        lasting(deletesLost, [.missing], .unsettledThenDone(.targetMissing)),
        lasting(deletesLost, mute, .unsettledThenDone(.noAnswer)),
        once([.readBindingsOfLostSibling], refused + torn + hung, .doneInSameRun),
        lasting(
            [.readBindingsOfLostSibling], [.unauthenticated], .doneByNextRun(.adminRefused)),
        lasting([.readBindingsOfLostSibling], [.tooMany], .doneByNextRun(.rateLimited)),
        lasting([.readBindingsOfLostSibling], [.tooManyForHours], .waitsForBackOff(.rateLimited)),
        lasting([.readBindingsOfLostSibling], mute, .doneByNextRun(.noAnswer)),
    ]

    // MARK: The evidence after an unsettled call (P15, P20)

    private static let findsNone: [OutsideCall] = [.findNoKey, .findNoSibling]
    private static let findsLost: [OutsideCall] = [.findLostKey, .findLostSibling]

    private static let evidence: [Row] = [
        // The old secret is accepted: it did not happen. A firm refusal says it did, one alone nothing.
        lasting(
            [.askAfterNothing], [.unauthenticated, .forbidden],
            .waitsForBackOff(.tooManyMintings, mintings: 2)),
        lasting(
            [.askAfterNothing], [.badRequest, .missing, .conflict] + busy + mute + torn,
            .unsettledThenAgain(.oldSecretNoVerdict)),
        once(
            [.askAfterNothing], [.unauthenticated, .forbidden, .failedBefore] + hung,
            .doneByNextRun(.notCarriedOut)),
        // The old secret is dead: a recovery mint.
        once([.askAfterRotation], [.unauthenticated, .failedBefore] + hung, .doneInSameRun),
        lasting(
            [.askAfterRotation], [.unauthenticated, .forbidden],
            .waitsForBackOff(.tooManyMintings, mintings: 2)),
        lasting(
            [.askAfterRotation], [.badRequest, .missing, .conflict] + busy + mute,
            .unsettledThenDone(.oldSecretNoVerdict)),
        never(
            [.askAfterRotation], torn, "the answer is a refusal, which the emulator leaves whole"),

        once(findsNone, [.badRequest, .conflict], .unsettledThenAgain(.refusedByProvider)),
        once(findsNone, [.forbidden], .unsettledThenAgain(.forbidden)),
        once(findsNone, [.missing], .unsettledThenAgain(.targetMissing)),
        lasting(findsNone, [.unauthenticated], .unsettledThenAgain(.adminRefused)),
        lasting(findsNone, [.tooMany], .unsettledThenAgain(.rateLimited)),
        lasting(findsNone, [.tooManyForHours], .unsettledThenWaits(.rateLimited)),
        lasting(findsNone, mute, .unsettledThenAgain(.noAnswer)),
        once(findsNone, torn, .unsettledThenAgain(.noAnswer)),
        once(findsNone, hung, .doneByNextRun(.notCarriedOut)),
        once(findsLost, [.badRequest, .conflict], .unsettledThenDone(.refusedByProvider)),
        once(findsLost, [.forbidden], .unsettledThenDone(.forbidden)),
        once(findsLost, [.missing], .unsettledThenDone(.targetMissing)),
        lasting(findsLost, [.unauthenticated], .unsettledThenDone(.adminRefused)),
        lasting(findsLost, [.tooMany], .unsettledThenDone(.rateLimited)),
        lasting(findsLost, [.tooManyForHours], .unsettledThenWaits(.rateLimited)),
        lasting(findsLost, mute, .unsettledThenDone(.noAnswer)),
        once(findsLost, torn, .unsettledThenDone(.noAnswer)),
        once(findsLost, hung, .doneInSameRun),
    ]

    // MARK: Prove: nothing is delivered before

    private static let asksNew: [OutsideCall] = [.askNewSecret, .askNewKey, .askNewSibling]
    private static let grants: [OutsideCall] = [.setRolesOfKey, .grantToSibling]

    private static let prove: [Row] = [
        // A minute of patience.
        once(asksNew, [.unauthenticated, .failedBefore] + hung, .doneInSameRun),
        // In place it is promoted without a verdict, and its proof owed (P19).
        lasting(
            [.askNewSecret], [.badRequest, .missing, .conflict] + busy + mute + torn,
            .debt(.unproved)),
        // Refused, with a control: only another secret helps (P18).
        lasting(
            [.askNewSecret], [.unauthenticated, .forbidden],
            .waitsForBackOff(.tooManyMintings, mintings: 3)),
        lasting(
            [.askNewKey, .askNewSibling], refused + [.unauthenticated] + busy + mute,
            .doneByNextRun(.unproved)),
        lasting([.askNewSibling], torn, .doneByNextRun(.unproved)),
        lasting([.askNewKey], torn, .doneInSameRun),

        once([.setRolesOfKey], [.badRequest, .conflict], .doneByNextRun(.refusedByProvider)),
        lasting([.setRolesOfKey], [.badRequest, .conflict], .doneByNextRun(.refusedByProvider)),
        once([.grantToSibling], [.badRequest], .doneByNextRun(.refusedByProvider)),
        lasting([.grantToSibling], [.badRequest], .doneByNextRun(.refusedByProvider)),
        // 409: it has the right already, says the provider; the comparison does not find it.
        once([.grantToSibling], [.conflict], .doneByNextRun(.rightsDiffer)),
        lasting([.grantToSibling], [.conflict], .doneByNextRun(.rightsDiffer)),
        once(grants, [.forbidden], .doneByNextRun(.forbidden)),
        lasting(grants, [.forbidden], .doneByNextRun(.forbidden)),
        once(grants, [.missing], .doneByNextRun(.targetMissing)),
        lasting(grants, [.missing], .doneByNextRun(.targetMissing)),
        lasting(grants, [.unauthenticated], .doneByNextRun(.adminRefused)),
        lasting(grants, [.tooMany], .doneByNextRun(.rateLimited)),
        lasting(grants, [.tooManyForHours], .waitsForBackOff(.rateLimited)),
        lasting(grants, mute + [.closedInBody], .unsettledThenDone(.noAnswer)),
        once(grants, [.closedInBody], .unsettledThenDone(.noAnswer)),
        once(grants, [.unauthenticated, .tooMany] + mute + hungBoth, .doneInSameRun),
        once(grants, [.tooManyForHours], .waitsForBackOff(.rateLimited)),
        once(grants, [.failedAfter, .closedAfter, .truncated, .empty], .doneInSameRun),
        lasting([.setRolesOfKey], [.failedAfter, .closedAfter], .unsettledThenDone(.noAnswer)),
        // The second call is answered with 409: it is there.
        lasting([.grantToSibling], [.failedAfter, .closedAfter], .doneInSameRun),
        lasting(grants, [.truncated, .empty], .doneInSameRun),
    ]

    // MARK: Retire: the old one lives until its successor has shown itself

    private static let deletes: [OutsideCall] = [.deleteKey, .deleteSibling]
    private static let lists: [OutsideCall] = [.listAfterDeletedKey, .listAfterDeletedSibling]

    private static let retire: [Row] = [
        once([.askSuccessorKey], [.unauthenticated, .failedBefore] + hung, .doneInSameRun),
        lasting(
            [.askSuccessorKey], refused + [.unauthenticated] + busy + mute,
            .doneByNextRun(.unproved)),
        lasting([.askSuccessorKey], torn, .doneInSameRun),
        once(
            [.askSuccessorSibling], [.unauthenticated, .forbidden, .failedBefore] + hung,
            .doneInSameRun),
        lasting(
            [.askSuccessorSibling], [.unauthenticated, .forbidden],
            .doneByNextRun(.newSecretRefused)),
        lasting(
            [.askSuccessorSibling], [.badRequest, .missing, .conflict] + busy + mute + torn,
            .doneByNextRun(.unproved)),

        once(deletes, [.badRequest, .conflict], .doneByNextRun(.refusedByProvider)),
        lasting(deletes, [.badRequest, .conflict], .doneByNextRun(.refusedByProvider)),
        once(deletes, [.forbidden], .doneByNextRun(.forbidden)),
        lasting(deletes, [.forbidden], .doneByNextRun(.forbidden)),
        // The list has it still.
        once(deletes, [.missing], .unsettledThenDone(.targetMissing)),
        lasting(deletes, [.missing], .unsettledThenDone(.targetMissing)),
        lasting(deletes, [.unauthenticated], .doneByNextRun(.adminRefused)),
        lasting(deletes, [.tooMany], .doneByNextRun(.rateLimited)),
        lasting(deletes, [.tooManyForHours], .waitsForBackOff(.rateLimited)),
        lasting(deletes, mute, .unsettledThenDone(.noAnswer)),
        once(deletes, [.unauthenticated, .tooMany] + mute + hungBoth, .doneInSameRun),
        once(deletes, [.tooManyForHours], .waitsForBackOff(.rateLimited)),
        // Absent, with a control, is success (P20).
        once(deletes, [.failedAfter, .closedAfter] + torn, .doneInSameRun),
        lasting(deletes, [.failedAfter, .closedAfter] + torn, .doneInSameRun),

        once(lists, refused + torn, .unsettledThenDone(.targetMissing)),
        lasting(lists, [.unauthenticated] + busy + mute, .unsettledThenDone(.targetMissing)),
        once(lists, hung, .doneInSameRun),
    ]

    // MARK: Confirm

    private static let confirm: [Row] = [
        once(
            [.askDeadSecret, .askDeadKey, .askDeadSibling], [.failedBefore] + hung, .doneInSameRun),
        lasting(
            [.askDeadSecret, .askDeadSibling], [.unauthenticated, .forbidden], .doneInSameRun),
        lasting([.askDeadKey], [.unauthenticated], .doneInSameRun),
        lasting(
            [.askDeadSecret], [.badRequest, .missing, .conflict] + busy + mute,
            .debt(.oldSecretNoVerdict)),
        lasting(
            [.askDeadKey], refused + busy + mute, .doneByNextRun(.oldSecretNoVerdict)),
        lasting(
            [.askDeadSibling], [.badRequest, .missing, .conflict] + busy + mute,
            .doneByNextRun(.oldSecretNoVerdict)),
        never(
            [.askDeadSecret, .askDeadKey, .askDeadSibling], torn,
            "the answer is a refusal, which the emulator leaves whole"),
        // The control before it: the lasting fault meets the question after it as well.
        lasting([.askSuccessorSecret], [.unauthenticated, .forbidden] + torn, .doneInSameRun),
        lasting(
            [.askSuccessorSecret], [.badRequest, .missing, .conflict] + busy + mute,
            .debt(.oldSecretNoVerdict)),
        lasting([.askControlKey], [.unauthenticated] + torn, .doneInSameRun),
        lasting([.askControlKey], refused + busy + mute, .doneByNextRun(.oldSecretNoVerdict)),
        lasting(
            [.askControlSibling], refused + [.unauthenticated] + busy + mute + torn,
            .doneInSameRun),
        once([.askSuccessorSecret, .askControlKey, .askControlSibling], hung, .doneInSameRun),
    ]

    // MARK: The watch (P17): who cannot be asked now is asked by the next run

    private static let looks: [OutsideCall] = [
        .watchNoKey, .watchNoSibling, .watchLateKey, .watchLateSibling,
    ]
    private static let looksLate: [OutsideCall] = [.watchLateKey, .watchLateSibling]
    private static let deletesLate: [OutsideCall] = [.deleteLateKey, .deleteLateSibling]

    private static let watch: [Row] = [
        once(
            [.watchSecret, .watchReplacedSecret],
            [.badRequest, .missing, .conflict] + busy + [.requestTimeout, .failedBefore] + hung,
            .quiet),
        lasting([.watchSecret, .watchReplacedSecret], [.closedBefore], .quiet),
        once([.watchSecret], torn, .quiet),
        once([.watchSecret], [.unauthenticated, .forbidden], .quiet),
        lasting(
            [.watchSecret], [.unauthenticated, .forbidden],
            .waitsForBackOff(.tooManyMintings, mintings: 4)),
        once([.watchReplacedSecret], [.unauthenticated, .forbidden], .doneInSameRun),
        lasting(
            [.watchReplacedSecret], [.unauthenticated, .forbidden],
            .waitsForBackOff(.tooManyMintings, mintings: 3)),
        never(
            [.watchReplacedSecret], torn,
            "the answer is a refusal, which the emulator leaves whole"),
        once(looks, refused + torn, .quiet),
        lasting(looks, [.unauthenticated] + busy + mute, .quiet),
        once([.watchNoKey, .watchNoSibling], hung, .quiet),
        once(looksLate, hung, .doneInSameRun),
        once(deletesLate, [.badRequest, .conflict], .doneByNextRun(.refusedByProvider)),
        once(deletesLate, [.forbidden], .doneByNextRun(.forbidden)),
        once(deletesLate, [.missing], .unsettledThenDone(.targetMissing)),
        once(deletesLate, [.unauthenticated, .tooMany] + mute + hungBoth, .doneInSameRun),
        once(deletesLate, [.tooManyForHours], .waitsForBackOff(.rateLimited)),
        once(deletesLate, [.failedAfter, .closedAfter] + torn, .doneInSameRun),
        lasting(deletesLate, [.failedAfter, .closedAfter] + torn, .doneInSameRun),
        lasting(deletesLate, [.badRequest, .conflict], .doneByNextRun(.refusedByProvider)),
        lasting(deletesLate, [.unauthenticated], .doneByNextRun(.adminRefused)),
        lasting(deletesLate, [.forbidden], .doneByNextRun(.forbidden)),
        lasting(deletesLate, [.tooMany], .doneByNextRun(.rateLimited)),
        lasting(deletesLate, [.tooManyForHours], .waitsForBackOff(.rateLimited)),
        lasting(deletesLate, [.missing], .unsettledThenDone(.targetMissing)),
        lasting(deletesLate, mute, .unsettledThenDone(.noAnswer)),
    ]

    // MARK: What changes nothing has one world

    static let changes: [OutsideCall] = mints + deletesLost + grants + deletes + deletesLate

    private static let worldless: [Row] = [
        never(
            OutsideCall.allCases.filter { !changes.contains($0) },
            [.failedAfter, .closedAfter, .hungAfter],
            "it changes nothing, so it is as failedBefore, closedBefore and hungBefore")
    ]

    // MARK: Values that come late, or stay

    private static let lateness: [Row] = [
        once(mints, [.newValueLate], .doneInSameRun),
        lasting(
            [.rotateSecret, .rotateAdopted], [.newValueLate],
            .waitsForBackOff(.tooManyMintings, mintings: 3)),
        lasting(creates, [.newValueLate], .doneByNextRun(.newSecretRefused, mintings: 1)),
        never(
            OutsideCall.allCases.filter { !mints.contains($0) }, [.newValueLate],
            "it makes no value"),
        once([.rotateSecret, .deleteKey], [.oldValueLate], .doneInSameRun),
        lasting([.rotateSecret, .deleteKey], [.oldValueLate], .confirmedLater),
        // The old value says that nothing happened, and is wrong (P17).
        lasting([.askAfterRotation], [.oldValueLate], .doneByNextRun(.notCarriedOut)),
        once(lists, [.oldValueLate], .unsettledThenWaits(.targetMissing)),
        never(
            OutsideCall.allCases.filter {
                ![.rotateSecret, .deleteKey, .askAfterRotation].contains($0) && !lists.contains($0)
            }, [.oldValueLate],
            "it ends no value that we hold, or one that the emulator ends at once"),
    ]

    // MARK: Groups of faults

    private static let refused: [CallFault] = [.badRequest, .forbidden, .missing, .conflict]
    private static let busy: [CallFault] = [.tooMany, .tooManyForHours]
    private static let mute: [CallFault] = [.requestTimeout, .failedBefore, .closedBefore]
    private static let hung: [CallFault] = [.hungBefore]
    private static let hungBoth: [CallFault] = [.hungBefore, .hungAfter]
    private static let torn: [CallFault] = [.closedInBody, .truncated, .empty]
    private static let lostUnhung: [CallFault] = [.failedAfter, .closedAfter] + torn
    private static let lost: [CallFault] = lostUnhung + [.hungAfter]

    // MARK: Rows

    private static func once(
        _ calls: [OutsideCall], _ faults: [CallFault], _ expected: Expected
    ) -> Row {
        Row(calls: calls, faults: faults, isLasting: false, expected: expected)
    }

    private static func lasting(
        _ calls: [OutsideCall], _ faults: [CallFault], _ expected: Expected
    ) -> Row {
        Row(calls: calls, faults: faults, isLasting: true, expected: expected)
    }

    private static func never(
        _ calls: [OutsideCall], _ faults: [CallFault], _ why: String
    ) -> Row {
        Row(calls: calls, faults: faults, isLasting: nil, expected: .impossible(why))
    }
}
