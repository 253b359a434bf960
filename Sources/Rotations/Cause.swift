/// Why something failed: a closed list, so that entries can be counted and nothing a provider or a
/// hook said can slip into the trail.
package enum Cause: String, Codable, Sendable, CaseIterable, Error {
    // The provider
    case unreachable
    case notCarriedOut = "not-carried-out"
    case refusedByProvider = "refused-by-provider"
    case adminRefused = "admin-refused"
    case forbidden
    case quotaExceeded = "quota-exceeded"
    case rateLimited = "rate-limited"
    case targetMissing = "target-missing"
    case nameMismatch = "name-mismatch"
    case noAnswer = "no-answer"
    case unproved
    case answerUndecodable = "answer-undecodable"
    case answerForAnother = "answer-for-another"
    // Evidence
    case oldSecretNoVerdict = "old-secret-no-verdict"
    case foreignRotated = "foreign-rotated"
    case newSecretRefused = "new-secret-refused"
    case oldSecretStillAccepted = "old-secret-still-accepted"
    case answerLost = "answer-lost"
    case tooManyMintings = "too-many-mintings"
    case rightsDiffer = "rights-differ"
    case lateCommit = "late-commit"
    // The gate
    case notAcknowledged = "not-acknowledged"
    case gateDeadline = "gate-deadline"
    // Admins
    case noAdmin = "no-admin"
    case lockOut = "lock-out"
    case adminUnderWay = "admin-under-way"
    // Destinations
    case destinationUnfit = "destination-unfit"
    case deliveryFailed = "delivery-failed"
    case deliveryChanged = "delivery-changed"
    case hookFailed = "hook-failed"
    case hookTimedOut = "hook-timed-out"
    case hookSignaled = "hook-signaled"
    case hookNotStarted = "hook-not-started"
    case valueUnfit = "value-unfit"
    case valueNotHeld = "value-not-held"
    case newerDelivered = "newer-delivered"
    case fileFailed = "file-failed"
    // Here
    case clock
    case maxAge = "max-age"
    case noRoom = "no-room"
    case storageBusy = "storage-busy"
    case storageFailed = "storage-failed"
    case vaultFailed = "vault-failed"
    case rowsEdited = "rows-edited"
    case interrupted
    case moved
    case historyLost = "history-lost"

    /// Whether it passes by itself or by a person's word, and is no failure.
    package var isWaiting: Bool {
        switch self {
        case .clock, .notAcknowledged, .adminUnderWay: true
        default: false
        }
    }

    /// One clause for a person.
    package var text: String {
        switch self {
        case .unreachable: "the API cannot be reached; nothing was sent"
        case .notCarriedOut: "the provider did not carry it out"
        case .refusedByProvider: "the provider refused"
        case .adminRefused: "the admin credential is refused"
        case .forbidden: "the admin may not do this, or the plan does not include it"
        case .quotaExceeded: "the provider's quota is used up"
        case .rateLimited: "the provider asks to wait"
        case .targetMissing: "the provider does not know the credential"
        case .nameMismatch: "the credential bears another name at the provider than recorded"
        case .noAnswer: "it was sent, and no usable answer came"
        case .unproved:
            "the provider does not say whether the new value works; nothing is delivered"
        case .answerUndecodable: "the answer could not be read; it is kept sealed"
        case .answerForAnother: "the answer is about another credential; it is kept sealed"
        case .oldSecretNoVerdict: "nobody could say whether the old secret works"
        case .foreignRotated: "somebody else rotated it: our current value is refused"
        case .newSecretRefused: "the new secret is refused"
        case .oldSecretStillAccepted: "the old secret is still accepted"
        case .answerLost: "a secret was issued and never seen"
        case .tooManyMintings: "too many secrets were minted without success"
        case .rightsDiffer: "the new credential does not have the rights of the old one"
        case .lateCommit: "a call that seemed not carried out was carried out after all"
        case .notAcknowledged: "nobody has acknowledged that the consumers have moved"
        case .gateDeadline: "the gate of its retirement did not open before its deadline"
        case .noAdmin: "no admin is logged in"
        case .adminUnderWay: "another admin of the connection is being rotated"
        case .lockOut: "the only working admin cannot rotate itself"
        case .destinationUnfit: "a destination cannot be written"
        case .deliveryFailed: "a required delivery failed"
        case .deliveryChanged: "a delivered copy was changed by somebody"
        case .hookFailed: "the command ended with a failure"
        case .hookTimedOut: "the command took too long and was ended"
        case .hookSignaled: "the command was ended by a signal"
        case .hookNotStarted: "the command could not be started"
        case .valueUnfit: "the value cannot be written in this format; use json"
        case .valueNotHeld: "the vault does not hold the current value; rotate first"
        case .newerDelivered: "a newer version is there, or on its way there"
        case .fileFailed: "the file could not be written"
        case .clock: "the clock cannot be trusted"
        case .maxAge: "its max-age came before its window, or the end of a freeze or a pause"
        case .noRoom: "there is too little room on the disk"
        case .storageBusy: "the database is busy"
        case .storageFailed: "the database could not be written"
        case .vaultFailed: "the vault could not open or seal a value"
        case .rowsEdited: "its rows are not what the audit trail says"
        case .interrupted: "it was interrupted"
        case .historyLost: "an anchor shows a history that is not here"
        case .moved: "the state was moved or restored; nothing is minted or retired by itself"
        }
    }
}
