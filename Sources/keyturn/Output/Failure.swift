import Audit
import Files
import Linux
import Processes
import Rotations
import Storage
import Vault

/// Why a command ends without doing what it was asked: what is told, what to do, and how it exits.
struct Failure: Error, Hashable {
    /// One sentence, lower case, without a full stop.
    let message: String
    /// What to do about it.
    let hint: String?
    let status: ExitStatus
    /// What it was seen by, line for line, such as two checkpoints that contradict each other.
    var evidence: String?

    init(_ message: String, hint: String? = nil, _ status: ExitStatus) {
        self.message = message
        self.hint = hint
        self.status = status
    }

    init(_ error: FileError) {
        self.init(
            error.description, hint: error.hint,
            error.isLoosePermissions ? .loosePermissions : .configuration)
    }

    init(_ error: ProgramError) {
        self.init(
            error.description, hint: error.hint,
            error.isLoosePermissions ? .loosePermissions : .configuration)
    }

    init(_ error: StorageError) {
        switch error {
        case .noState(let path):
            self.init(
                "there is no keyturn state at \(path)",
                hint: "make one with `keyturn init`, or name another with --state",
                .configuration)
        case .stateExists(let path):
            self.init(
                "there is a keyturn state at \(path) already",
                hint: "name another place with --state; nothing was changed", .configuration)
        case .notOurs(let path):
            self.init("\(path) is a database of another program", .configuration)
        case .newer(let found, let known):
            self.init(
                "the database is of schema \(found), and this program knows \(known)",
                hint: "use the newer keyturn that made it", .configuration)
        case .older(let found, let known):
            self.init(
                "the database is of schema \(found), and this program needs \(known)",
                hint: "any command that writes brings it up to date, after a backup copy",
                .configuration)
        case .notMigrated(let copy, let reason):
            self.init(
                "the database could not be brought to this program's schema: \(reason)",
                hint: "it is as it was, and \(copy) is a copy; use the former keyturn meanwhile",
                .failure)
        case .busy:
            self.init(
                "another process kept the database busy for 30 seconds",
                hint: "see who it is with `fuser` on the database, and try again", .busy)
        case .noRoom:
            self.init("the disk is full", hint: "make room, then run `keyturn run`", .failure)
        case .inputOutput:
            self.init(
                "the disk failed while the database was read or written",
                hint: "look at the kernel's log; the next run finds out what was written",
                .unsettled)
        case .damaged(let what):
            self.init(
                "the state is damaged: \(what)",
                hint:
                    "change nothing; run `keyturn audit verify`, compare with a backup and restore "
                    + "it, or go on with `keyturn audit new-epoch --reason … --accept-loss`",
                .brokenTrail)
        case .anchor(let conflict): self.init(conflict)
        case .noAnchor(let error):
            self.init(error)
            self = Failure(
                "the anchor file cannot be made: \(message)",
                hint:
                    "make its directory for the user of the state, see Set-up in README",
                status)
        case .foreignAnchor(let path):
            self.init(
                "\(path) holds the checkpoints of another state",
                hint: "move it away, and keep it: it shows what that state was", .configuration)
        case .wrongKey(let expected, let found):
            self.init(
                "this is not the root key of this state: its id is \(found), not \(expected)",
                hint:
                    "nothing is damaged; give the right key with --key, or restore it from backup",
                .configuration)
        case .vault(let error): self.init(error)
        case .stale: self.init("another process has moved it on meanwhile", .busy)
        case .unknownZone(let name):
            self.init(
                "the system has no time zone \(name)",
                hint: "install tzdata, or correct the name", .configuration)
        case .file(let error): self.init(error)
        case .refused(let what):
            self.init(
                "the database refused: \(what)",
                hint:
                    "it was not written; run `keyturn audit verify` to see what stands in the way",
                .brokenTrail)
        }
    }

    init(_ conflict: AnchorConflict) {
        self.init(
            conflict.text,
            hint: "nothing is signed; look for the newer state first, and where there is none, a "
                + "restored or moved state goes on with "
                + "`keyturn audit new-epoch --reason … --accept-loss`", .brokenTrail)
        let parts = [("the anchor", conflict.anchored), ("the database", conflict.present)]
        evidence = parts.compactMap { name, note in note.map { "\(name) has\n\n\($0)" } }
            .joined(separator: "\n")
    }

    init(_ error: VaultError) {
        switch error {
        case .otherKey(let expected, let found):
            self.init(
                "a value was sealed under the root key \(expected), and this one is \(found)",
                hint: "give the right key with --key", .configuration)
        case .damaged:
            self.init(
                "a sealed value does not open under its own key: it was changed or is damaged",
                hint: "run `keyturn audit verify`, and restore the state from a backup",
                .brokenTrail)
        case .tooLong: self.init("a value is too long to be sealed", .failure)
        case .cryptography:
            self.init(
                "libcrypto failed, or the locked memory is used up",
                hint: "raise the limit of locked memory (ulimit -l, LimitMEMLOCK=)", .failure)
        case .malformedKey:
            self.init(
                "a root key is 32 raw bytes or 64 hexadecimal digits", .configuration)
        }
    }

    init(_ error: JournalError) {
        switch error {
        case .busy: self.init(StorageError.busy)
        case .stale: self.init(StorageError.stale)
        case .noRoom: self.init(StorageError.noRoom)
        case .storage, .refused, .spooled: self.init(StorageError.inputOutput)
        case .vault: self.init(VaultError.cryptography)
        case .damaged:
            self.init(
                StorageError.damaged("a sealed value is gone, or is not the one that was sealed"))
        }
    }

    init(_ error: SystemError) {
        self.init("\(error)", .failure)
    }
}

/// What is done to files, with its errors as a person reads them.
func filing<R: ~Copyable>(_ body: () throws(FileError) -> R) throws(Failure) -> R {
    do {
        return try body()
    } catch {
        throw Failure(error)
    }
}
