import Glibc
import Testing

@testable import Linux

struct ProcessIdentityTests {
    @Test func `this process is alive and reads itself back`() throws {
        let identity = try ProcessIdentity.current()
        #expect(identity.pid == getpid())
        #expect(identity.isAlive)
        #expect(ProcessIdentity("\(identity)") == identity)
    }

    @Test func `another start or another boot is another process`() throws {
        let now = try ProcessIdentity.current()
        let earlier = ProcessIdentity(
            pid: now.pid, startTime: now.startTime - 1, bootID: now.bootID)
        let otherBoot = ProcessIdentity(
            pid: now.pid, startTime: now.startTime,
            bootID: "00000000-0000-4000-8000-000000000000")
        for other in [earlier, otherBoot] {
            #expect(!other.isAlive)
            let isHeld = try ProcessHandle(other) != nil
            #expect(!isHeld)
        }
    }

    @Test(arguments: ["", "1 2", "1 2 3", "0 1 00000000-0000-4000-8000-000000000000", "x y z"])
    func `what is no identity is nil`(_ text: String) {
        #expect(ProcessIdentity(text) == nil)
    }

    @Test func `a process name may hold brackets, spaces and lines`() throws {
        let numbers = (4...52).map(String.init).joined(separator: " ")
        let entry = ProcessTable.Entry(line: "77 (a) R (b\n) Z \(numbers)")
        #expect(entry?.pid == 77)
        #expect(entry?.isZombie == true)
        #expect(entry?.parent == 4)
        #expect(entry?.group == 5)
        #expect(entry?.session == 6)
        #expect(entry?.startTime == 22)
        #expect(ProcessTable.Entry(line: "nonsense") == nil)
    }

    @Test func `the table holds this process`() throws {
        let entry = try ProcessTable.entries().first { $0.pid == getpid() }
        #expect(entry?.parent == getppid())
        #expect(try ProcessTable.entry(of: Int32.max) == nil)
    }
}
