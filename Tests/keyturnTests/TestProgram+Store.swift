import Audit
import Files
import Rotations
import Testing
import Vault

@testable import Storage
@testable import keyturn

extension TestProgram {
    /// The state as the program has it, unlocked, for what no command does.
    func unlockedStore() async throws -> Store {
        let place = StateDirectory(path: directory.file("state"))
        let store = try await Store.open(
            place, access: .readWrite,
            environment: Store.Environment(
                clock: WallClock(
                    now: { Timestamp(milliseconds: self.clock.now) }, wait: { _ in }),
                context: Entry.Context(
                    actor: Actor(
                        uid: 0, loginUID: nil, user: nil, host: "host", pid: 1, invocation: nil,
                        claimedSudoUser: nil),
                    run: try #require(Identifier("01J0000000000000000000RVN1")), tool: "test"),
                printArmour: { _ in }))
        let key = try SecretFile.read(directory.file("state.key"), limit: 4096)
        let rootKey = try RootKey(reading: key)
        try await store.unlock(with: rootKey)
        return store
    }
}
