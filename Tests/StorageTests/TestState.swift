import Audit
import Rotations
import SQLite
import Secrets
import Synchronization
import TestSupport
import Vault

@testable import Storage

/// A state in a directory of its own, and a clock that moves when somebody waits.
final class TestState: Sendable {
    let directory: TemporaryDirectory
    let place: StateDirectory
    private let rootKey: SecretBytes
    private let milliseconds = Mutex<Int64>(1_800_000_000_000)

    /// Makes the state with this program's schema, or another.
    init(migrations: Migrations = .shipped) throws {
        directory = try TemporaryDirectory()
        place = StateDirectory(path: directory.file("state"))
        rootKey = try RootKey.generate().fileContents()
        let key = try key()
        _ = try Store.create(
            place, environment: environment(migrations: migrations), rootKey: key,
            keySource: "file:/etc/keyturn/root.key")
    }

    func key() throws -> RootKey { try RootKey(reading: rootKey) }

    /// Moves on by a second at each look, so that no two commits have one time.
    private func now() -> Timestamp {
        milliseconds.withLock {
            $0 += 1000
            return Timestamp(milliseconds: $0)
        }
    }

    func environment(
        vfs: String = "unix", migrations: Migrations = .shipped
    ) -> Store.Environment {
        Store.Environment(
            clock: WallClock(
                now: { self.now() },
                wait: { interval in
                    self.milliseconds.withLock { $0 += interval.seconds * 1000 }
                }),
            context: Entry.Context(
                actor: Actor(
                    uid: 0, loginUID: nil, user: "root", host: "host", pid: 1, invocation: nil,
                    claimedSudoUser: nil),
                run: Identifier(
                    at: Timestamp(milliseconds: 0), random: [UInt8](repeating: 1, count: 10)),
                tool: "keyturn test"), printArmour: { _ in }, vfs: vfs, migrations: migrations)
    }

    func open(_ access: Database.Access = .readWrite, vfs: String = "unix") async throws -> Store {
        try await Store.open(place, access: access, environment: environment(vfs: vfs))
    }

    /// Brings the state to another schema; with the root key of another state, where that is given.
    func migrate(to migrations: Migrations, keyOf other: TestState? = nil) async throws -> String? {
        let key = try (other ?? self).key()
        return try await Store.migrate(
            place, environment: environment(migrations: migrations), rootKey: key)
    }

    /// The state, unlocked.
    func store(vfs: String = "unix") async throws -> Store {
        let store = try await open(vfs: vfs)
        let key = try key()
        try await store.unlock(with: key)
        return store
    }

    /// A trail of nine entries, each signed by a checkpoint of its own: the state, a connection, the
    /// logins of two admins, five heartbeats.
    func fill() async throws {
        let store = try await store()
        try await store.apply([.addConnection(Self.connection)])
        for (name, account) in [("ops-a", "account-a"), ("ops-b", "account-b")] {
            let secret = try SecretBytes(copying: Array("secret of \(name)".utf8).span)
            try await store.logIn(
                name, to: "pinecone",
                account: CredentialReference(
                    kind: .serviceAccount, providerID: account, name: name, clientID: "client",
                    project: nil), secret: secret)
        }
        for _ in 0..<5 { try await store.heartbeat() }
    }

    static let connection = Connection(
        name: "pinecone", api: "https://api.pinecone.io", login: "https://login.pinecone.io/oauth",
        caFile: nil, admins: ["ops-a", "ops-b"])

    /// What `audit verify` finds.
    func findings() async throws -> [LogVerifier.Finding] {
        try await open(.readOnly).verify().findings
    }

    /// The file as somebody has it who owns it: no setting of ours holds.
    func raw() throws -> RawDatabase { try RawDatabase(place.database) }
}
