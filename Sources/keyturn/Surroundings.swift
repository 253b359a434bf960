import Files
import Linux
import Rotations
import Secrets
import Storage

/// Everything outside the program that a command touches, handed to it: the process's own, or a
/// test's.
struct Surroundings: Sendable {
    let console: Console
    let clock: WallClock
    /// The environment variables.
    let environment: [String: String]
    /// Asks for a secret: standard input, or a prompt without echo.
    let readSecret: @Sendable (_ prompt: String) throws(Failure) -> SecretBytes
    /// All of standard input, which is no secret, up to so many bytes.
    let readText: @Sendable (_ limit: Int) throws(Failure) -> String
    /// Asks a question on the terminal; nil when there is none.
    let ask: @Sendable (_ question: String) -> String?
    /// The signal that asked the program to end, if one did.
    let stopSignal: @Sendable () -> Int32?
    /// What a rotation writes to: the store itself, or what a test puts before it to stop there.
    let journal: @Sendable (Store) -> any Journal
    /// How long a request may take with everything.
    let requestLimit: Duration
    /// Whether whole organizations can be looked at; a simulated one has none.
    let seesOrganizations: Bool
    /// What it speaks to at the other side: Pinecone, or a simulated one.
    let provider: @Sendable (any Provider) -> any Provider
    /// What brings it to files and commands: the real ones, or simulated ones.
    let handoff: @Sendable (any Handoff) -> any Handoff
    /// SQLite's file layer: the system's, or a faulty one.
    let vfs: String
    /// Who does it; nil for the user and process that run.
    let actor: Actor?
    /// Where the host's journal listens.
    let journalSocket: String
    /// The id of this machine (machine-id(5)); nil where it has none.
    let machine: String?
    /// What the command at hand unlocked.
    let unlocked = Unlocked()

    init(
        console: Console, clock: WallClock, environment: [String: String],
        readSecret: @escaping @Sendable (_ prompt: String) throws(Failure) -> SecretBytes,
        readText: @escaping @Sendable (_ limit: Int) throws(Failure) -> String,
        ask: @escaping @Sendable (_ question: String) -> String?,
        stopSignal: @escaping @Sendable () -> Int32?,
        journal: @escaping @Sendable (Store) -> any Journal = { $0 },
        requestLimit: Duration = .seconds(30),
        seesOrganizations: Bool = true,
        provider: @escaping @Sendable (any Provider) -> any Provider = { $0 },
        handoff: @escaping @Sendable (any Handoff) -> any Handoff = { $0 }, vfs: String = "unix",
        actor: Actor? = nil,
        journalSocket: String = JournalSocket.path,
        // A machine that does not say who it is has no id.
        machine: String? = (try? Host.machineID()) ?? nil
    ) {
        self.console = console
        self.clock = clock
        self.environment = environment
        self.readSecret = readSecret
        self.readText = readText
        self.ask = ask
        self.stopSignal = stopSignal
        self.journal = journal
        self.requestLimit = requestLimit
        self.seesOrganizations = seesOrganizations
        self.provider = provider
        self.handoff = handoff
        self.vfs = vfs
        self.actor = actor
        self.journalSocket = journalSocket
        self.machine = machine
    }
}

extension Surroundings {
    /// A path as a person typed it, from the root on; `.` and `..` are taken out as a shell's `cd`
    /// does.
    func absolute(_ path: String) -> String {
        var parts: [Substring] = []
        let whole = path.hasPrefix("/") ? path : (environment["PWD"] ?? "/") + "/" + path
        for part in whole.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
