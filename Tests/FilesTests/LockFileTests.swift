import Files
import Glibc
import Linux
import TestSupport
import Testing

struct LockFileTests {
    let directory: TemporaryDirectory
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.file("secret-1")
    }

    private func isFree(_ kind: LockKind) throws -> Bool {
        try LockFile.tryLock(path, kind) != nil
    }

    @Test func `a lock is held by one until it ends, and says by whom`() throws {
        #expect(try LockFile.holder(path) == nil)
        do {
            let lock = try LockFile.tryLock(path, .exclusive)
            let isLocked = lock != nil
            #expect(isLocked)
            #expect(try !isFree(.exclusive))
            #expect(try !isFree(.shared))
            #expect(try LockFile.holder(path) == ProcessIdentity.current())
            #expect(try PlainFile.state(path)?.mode == 0o600)
            _ = consume lock
        }
        #expect(try LockFile.holder(path) == nil)
        #expect(try isFree(.exclusive))
    }

    @Test func `many share a lock, and then nobody has it alone`() throws {
        let first = try LockFile.tryLock(path, .shared)
        let second = try LockFile.tryLock(path, .shared)
        let areLocked = first != nil && second != nil
        #expect(areLocked)
        #expect(try !isFree(.exclusive))
        #expect(try LockFile.holder(path) == nil)
        _ = consume first
        _ = consume second
        #expect(try isFree(.exclusive))
    }

    @Test func `a name that a dead holder left is not believed`() throws {
        let now = try ProcessIdentity.current()
        let dead = ProcessIdentity(pid: now.pid, startTime: now.startTime + 1, bootID: now.bootID)
        try directory.make("secret-1", "\(dead)\n")
        #expect(try LockFile.holder(path) == nil)
        #expect(try isFree(.exclusive))
        try directory.make("other", "no identity\n")
        #expect(try LockFile.holder(directory.file("other")) == nil)
    }

    @Test func `a lock is not taken through a link or where others may write`() throws {
        try directory.make("real")
        let link = try directory.link("link", to: directory.file("real"))
        #expect(failure { _ = try LockFile.tryLock(link, .shared) }?.cause == .isSymbolicLink)
        let parent = try directory.makeDirectory("open", mode: 0o777)
        #expect(
            failure { _ = try LockFile.tryLock("\(parent)/l", .shared) }?.cause
                == .parentWritableByOthers(path: parent))
    }
}
