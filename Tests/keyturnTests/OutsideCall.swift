import PineconeEmulator
import Rotations

/// Every call that a rotation makes at the provider, by step and strategy. `Key` calls are those of
/// API keys, `Sibling` calls those of service accounts with overlap; the rest are in place.
enum OutsideCall: String, Sendable, CaseIterable {
    // Prepare
    case adminToken, fetchAccount, askOldSecret
    case otherAdminToken, otherAdminList, otherAdminBindings
    case adminTokenForKey, fetchKey, listKeys, askOldKey
    case adminTokenForSibling, listAccounts, askOldSibling
    // Issue
    case rotateSecret, rotateAdopted, askAfterNothing, askAfterRotation
    case readRolesForKey, createKey, findNoKey, findLostKey, deleteLostKey
    case readBindingsForSibling, createSibling, findNoSibling, findLostSibling
    case readBindingsOfLostSibling, deleteLostSibling
    // Prove
    case askNewSecret
    case askNewKey, compareNewKey, compareOldKey, setRolesOfKey
    case askNewSibling, compareNewSibling, compareOldSibling, grantToSibling
    // Retire
    case askSuccessorKey, deleteKey, listAfterDeletedKey
    case askSuccessorSibling, readBindingsOfOldSibling, deleteSibling, listAfterDeletedSibling
    // Confirm
    case askSuccessorSecret, askDeadSecret
    case askControlKey, askDeadKey
    case askControlSibling, askDeadSibling
    // The watch of later runs (P17)
    case watchSecret, watchReplacedSecret
    case watchNoKey, watchLateKey, deleteLateKey
    case watchNoSibling, watchLateSibling, deleteLateSibling
}

/// What there is, and what happened before the run that meets a fault.
struct Scene: Hashable, Sendable {
    /// Whose secret it is. All but `adopted` are held, so that the old value can be asked.
    enum World: Sendable {
        case account, adopted, admin, key, sibling
    }

    /// What happened before the run that meets the fault.
    enum Past: Sendable {
        /// The rotation is due.
        case due
        /// The minting call of the same run is lost: never carried out, or carried out.
        case lostBefore, lostAfter
        /// The program died with the new value stored, and the old credential got a right since.
        case stored
        /// The overlap is over.
        case overlapOver
        /// The overlap is over, and somebody else deleted the old credential.
        case deletedElsewhere
        /// An earlier call seemed not carried out; a later one was, and all is well. With `cameLate`
        /// the earlier one has been carried out since.
        case watched, cameLate
    }

    let world: World
    let past: Past

    init(_ world: World, after past: Past = .due) {
        self.world = world
        self.past = past
    }

    var isInPlace: Bool { [.account, .adopted, .admin].contains(world) }
}

/// Where a call is met, and how the emulator knows it.
struct CallSite: Sendable {
    /// Whose requests are meant.
    enum Subject: Sendable {
        case anybody, admin, old, new
    }

    let scene: Scene
    let operation: PineconeEmulator.Operation
    let subject: Subject
    /// Requests of its kind in the same run that come before it.
    let skip: Int

    init(
        _ world: Scene.World, _ operation: PineconeEmulator.Operation,
        of subject: Subject = .anybody, skip: Int = 0, after past: Scene.Past = .due
    ) {
        scene = Scene(world, after: past)
        self.operation = operation
        self.subject = subject
        self.skip = skip
    }
}

extension OutsideCall {
    var site: CallSite {
        switch self {
        case .adminToken: CallSite(.account, .token, of: .admin)
        case .fetchAccount: CallSite(.account, .fetchServiceAccount)
        case .askOldSecret: CallSite(.account, .token, of: .old)
        case .otherAdminToken: CallSite(.admin, .token, of: .admin)
        case .otherAdminList: CallSite(.admin, .listServiceAccounts)
        case .otherAdminBindings: CallSite(.admin, .listRoleBindings)
        case .adminTokenForKey: CallSite(.key, .token, of: .admin)
        case .fetchKey: CallSite(.key, .fetchAPIKey)
        case .listKeys: CallSite(.key, .listAPIKeys)
        case .askOldKey: CallSite(.key, .listIndexes)
        case .adminTokenForSibling: CallSite(.sibling, .token, of: .admin)
        case .listAccounts: CallSite(.sibling, .listServiceAccounts)
        case .askOldSibling: CallSite(.sibling, .token, of: .old)

        case .rotateSecret: CallSite(.account, .rotateSecret)
        case .rotateAdopted: CallSite(.adopted, .rotateSecret)
        case .askAfterNothing: CallSite(.account, .token, of: .old, skip: 1, after: .lostBefore)
        case .askAfterRotation: CallSite(.account, .token, of: .old, skip: 1, after: .lostAfter)
        case .readRolesForKey: CallSite(.key, .fetchAPIKey, skip: 1)
        case .createKey: CallSite(.key, .createAPIKey)
        case .findNoKey: CallSite(.key, .listAPIKeys, skip: 1, after: .lostBefore)
        case .findLostKey: CallSite(.key, .listAPIKeys, skip: 1, after: .lostAfter)
        case .deleteLostKey: CallSite(.key, .deleteAPIKey, after: .lostAfter)
        case .readBindingsForSibling: CallSite(.sibling, .listRoleBindings)
        case .createSibling: CallSite(.sibling, .createServiceAccount)
        case .findNoSibling: CallSite(.sibling, .listServiceAccounts, skip: 1, after: .lostBefore)
        case .findLostSibling: CallSite(.sibling, .listServiceAccounts, skip: 1, after: .lostAfter)
        case .readBindingsOfLostSibling:
            CallSite(.sibling, .listRoleBindings, skip: 1, after: .lostAfter)
        case .deleteLostSibling: CallSite(.sibling, .deleteServiceAccount, after: .lostAfter)

        case .askNewSecret: CallSite(.account, .token, of: .old, skip: 1)
        case .askNewKey: CallSite(.key, .listIndexes, skip: 1)
        case .compareNewKey: CallSite(.key, .fetchAPIKey, skip: 2)
        case .compareOldKey: CallSite(.key, .fetchAPIKey, skip: 3)
        case .setRolesOfKey: CallSite(.key, .changeAPIKey, after: .stored)
        case .askNewSibling: CallSite(.sibling, .token, skip: 2)
        case .compareNewSibling: CallSite(.sibling, .listRoleBindings, skip: 1)
        case .compareOldSibling: CallSite(.sibling, .listRoleBindings, skip: 2)
        case .grantToSibling: CallSite(.sibling, .createRoleBinding, after: .stored)

        case .askSuccessorKey: CallSite(.key, .listIndexes, after: .overlapOver)
        case .deleteKey: CallSite(.key, .deleteAPIKey, after: .overlapOver)
        case .listAfterDeletedKey: CallSite(.key, .listAPIKeys, after: .deletedElsewhere)
        case .askSuccessorSibling: CallSite(.sibling, .token, of: .new, after: .overlapOver)
        case .readBindingsOfOldSibling: CallSite(.sibling, .listRoleBindings, after: .overlapOver)
        case .deleteSibling: CallSite(.sibling, .deleteServiceAccount, after: .overlapOver)
        case .listAfterDeletedSibling:
            CallSite(.sibling, .listServiceAccounts, after: .deletedElsewhere)

        case .askSuccessorSecret: CallSite(.account, .token, of: .old, skip: 2)
        case .askDeadSecret: CallSite(.account, .token, of: .old, skip: 3)
        case .askControlKey: CallSite(.key, .listIndexes, skip: 1, after: .overlapOver)
        case .askDeadKey: CallSite(.key, .listIndexes, skip: 2, after: .overlapOver)
        case .askControlSibling: CallSite(.sibling, .token, of: .new, skip: 1, after: .overlapOver)
        case .askDeadSibling: CallSite(.sibling, .token, of: .old, after: .overlapOver)

        case .watchSecret: CallSite(.account, .token, of: .old, after: .watched)
        case .watchReplacedSecret: CallSite(.account, .token, of: .old, after: .cameLate)
        case .watchNoKey: CallSite(.key, .listAPIKeys, after: .watched)
        case .watchLateKey: CallSite(.key, .listAPIKeys, after: .cameLate)
        case .deleteLateKey: CallSite(.key, .deleteAPIKey, after: .cameLate)
        case .watchNoSibling: CallSite(.sibling, .listServiceAccounts, after: .watched)
        case .watchLateSibling: CallSite(.sibling, .listServiceAccounts, after: .cameLate)
        case .deleteLateSibling: CallSite(.sibling, .deleteServiceAccount, after: .cameLate)
        }
    }
}

/// What may become of a call: the emulator's faults, in both worlds, and values that come late.
enum CallFault: String, Sendable, CaseIterable {
    // Not carried out, and the other side says so.
    case badRequest, unauthenticated, forbidden, missing, conflict, tooMany, tooManyForHours
    // Not carried out, and nobody says so.
    case requestTimeout, failedBefore, closedBefore, hungBefore
    // Carried out, and the answer is lost or of no use.
    case failedAfter, closedAfter, closedInBody, truncated, empty, hungAfter
    // The new value works late, or the old one is there for longer: within patience, or beyond.
    case newValueLate, oldValueLate

    var effect: Fault.Effect? {
        switch self {
        case .badRequest: .before(.status(400))
        case .unauthenticated: .before(.status(401))
        case .forbidden: .before(.status(403))
        case .missing: .before(.status(404))
        case .conflict: .before(.status(409))
        case .tooMany: .before(.status(429))
        case .tooManyForHours: .before(.status(429, retryAfterSeconds: 7200))
        case .requestTimeout: .before(.status(408))
        case .failedBefore: .before(.status(503))
        case .closedBefore: .before(.close)
        case .hungBefore: .before(.hang)
        case .failedAfter: .after(.status(500))
        case .closedAfter: .after(.closeBeforeHeaders)
        case .closedInBody: .after(.closeInBody)
        case .truncated: .after(.truncatedBody)
        case .empty: .after(.emptyBody)
        case .hungAfter: .after(.hang)
        case .newValueLate, .oldValueLate: nil
        }
    }
}

extension CallFault {
    /// Whether it is worth both durations: a hang costs real time, and values have lives of their own.
    var isBriefToo: Bool {
        switch self {
        case .hungBefore, .hungAfter, .newValueLate, .oldValueLate: false
        default: true
        }
    }
}
