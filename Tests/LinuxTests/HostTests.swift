import Glibc
import TestSupport
import Testing

@testable import Linux

struct HostTests {
    @Test func `the host has a name and a boot, and perhaps an id`() throws {
        #expect(try !Host.name().isEmpty)
        #expect(try Host.bootID().utf8.count == 36)
        #expect(try Host.bootID() == Host.bootID())
        #expect(try Host.machineID().map { $0.utf8.count == 32 } ?? true)
    }

    @Test func `users and groups are found by name and number`() throws {
        let root = try #require(try Account.user(named: "root"))
        #expect(root == Account(name: "root", userID: 0, groupID: 0))
        #expect(try Account.user(id: 0) == root)
        #expect(try root.groupIDs.contains(0))
        #expect(try Group.id(named: "root") == 0)
        #expect(try Account.user(named: "no-such-user-here") == nil)
        #expect(try Account.user(id: 4_000_000_000) == nil)
        #expect(try Group.id(named: "no-such-group-here") == nil)
    }

    @Test func `the caller is who the kernel says`() throws {
        #expect(Caller.userID == getuid())
        #expect(Caller.effectiveUserID == geteuid())
        _ = try Caller.supplementaryGroupIDs
        // Whether there was a login depends on who runs the tests; -1 is never one.
        #expect(Caller.loginUserID != .max)
    }

    @Test func `work on its own thread returns its result`() async {
        let other = await onOwnThread { UInt(bitPattern: pthread_self().hashValue) }
        #expect(other != UInt(bitPattern: pthread_self().hashValue))
    }

    @Test func `an access list opens a file to whom it names`() {
        func list(_ entries: [(UInt8, UInt8, UInt8)]) -> [UInt8] {
            [2, 0, 0, 0] + entries.flatMap { [$0.0, 0, $0.1, 0, $0.2, 0, 0, 0] }
        }
        let systemd = list([(1, 4, 0), (2, 4, 77), (4, 0, 0), (16, 4, 0), (32, 0, 0)])
        #expect(AccessList.opensOnly(to: 77, systemd))
        #expect(!AccessList.opensOnly(to: 78, systemd))
        let group = list([(1, 4, 0), (2, 4, 77), (4, 4, 0), (16, 4, 0), (32, 0, 0)])
        #expect(!AccessList.opensOnly(to: 77, group))
        #expect(!AccessList.opensOnly(to: 77, []))
        #expect(!AccessList.opensOnly(to: 77, [3] + systemd.dropFirst()))
    }

    @Test func `a word is quoted when a shell could misread it`() {
        #expect(ShellWord.quoted("/etc/keyturn/root.key") == "/etc/keyturn/root.key")
        #expect(ShellWord.quoted("/a b/$(x)'y") == #"'/a b/$(x)'\''y'"#)
        #expect(ShellWord.quoted("") == "''")
    }
}
