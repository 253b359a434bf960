import Files
import Rotations
import SQLite
import Vault

/// Why the state could not be read or written.
package enum StorageError: Error, Hashable, Sendable {
    /// There is no database at the path.
    case noState(path: String)
    /// There is one already.
    case stateExists(path: String)
    /// The file is a database, but not one of ours.
    case notOurs(path: String)
    /// A newer program made it.
    case newer(found: Int, known: Int)
    /// An older program made it; it has to be migrated first.
    case older(found: Int, known: Int)
    /// A step of the migration failed; the database is as it was, and a copy of it lies there.
    case notMigrated(copy: String, reason: String)
    /// Another process held the database, or the schema, for too long.
    case busy
    case noRoom
    /// Reading or writing failed. What was being committed may or may not be there.
    case inputOutput
    /// The database or a row in it is damaged; the text says which.
    case damaged(String)
    /// An anchor shows another history; nothing is signed.
    case anchor(AnchorConflict)
    /// The anchor file of a new state, or of an older one, cannot be made.
    case noAnchor(FileError)
    /// The anchor file at the place of a new state holds another's checkpoints.
    case foreignAnchor(path: String)
    /// The root key is not the one that this state was made with.
    case wrongKey(expected: String, found: String)
    /// The vault could not open or seal a value.
    case vault(VaultError)
    /// Another process has moved the row on (P3).
    case stale
    /// The file system refused.
    case file(FileError)
    /// A policy names a time zone that the system does not have.
    case unknownZone(String)
    /// SQLite refused a statement: our mistake, or a trigger's word.
    case refused(String)

    /// Rows were edited, which no entry explains; nil: rows that are about no secret.
    static func edited(_ secret: String?) -> StorageError {
        .damaged(
            "the rows of \(secret ?? "the state itself") are not what the audit trail says of them")
    }

    init(_ error: any Error) {
        switch error {
        case let error as StorageError: self = error
        case let error as VaultError: self = .vault(error)
        case let error as AnchorConflict: self = .anchor(error)
        case let error as FileError: self = .file(error)
        case let error as Scheduling.UnknownZone: self = .unknownZone(error.name)
        case let error as SQLiteError where error.isBusy: self = .busy
        case let error as SQLiteError where error.isFull: self = .noRoom
        case let error as SQLiteError where error.isDamaged: self = .damaged(error.message)
        case let error as SQLiteError where error.isInputOutput || error.cannotOpen:
            self = .inputOutput
        case let error as SQLiteError: self = .refused(error.description)
        default: self = .refused("an unexpected error")
        }
    }

    /// The same, in the words of a rotation.
    package var journal: JournalError {
        switch self {
        case .stale: .stale
        case .busy: .busy
        case .noRoom: .noRoom
        case .vault(.damaged), .damaged: .damaged
        case .vault, .wrongKey: .vault
        case .refused, .file, .anchor, .unknownZone: .refused
        case .noState, .stateExists, .notOurs, .newer, .older, .notMigrated, .inputOutput,
            .noAnchor, .foreignAnchor:
            .storage
        }
    }
}
