import Foundation
import Linux
import Secrets
import Synchronization
import TestSupport
import Testing

@testable import Files

struct DestinationFileTests {
    let directory: TemporaryDirectory
    let path: String
    let temporary: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.file("app.env")
        temporary = DestinationFile.temporaryName(for: path, suffix: "01J")
    }

    @Test func `a new file has the contents, the mode and the owner`() throws {
        let file = try DestinationFile(path: path, mode: 0o640)
        try file.check()
        #expect(directory.names == [])
        #expect(try file.state() == nil)
        try file.replace(with: secret("new"), temporaryName: temporary)
        #expect(directory.text("app.env") == "new")
        #expect(try file.state()?.mode == 0o640)
        #expect(try file.state()?.userID == geteuid())
        #expect(try file.state()?.byteCount == 3)
        #expect(try text(file.readBack(limit: 3)) == "new")
        #expect(directory.names == ["app.env"])
    }

    @Test func `an old file is replaced by another file with the mode that was asked`() throws {
        try directory.make("app.env", "old, and longer", mode: 0o666)
        let old = try #require(try inode())
        let file = try DestinationFile(path: path)
        try file.replace(with: secret("new"), temporaryName: temporary)
        #expect(directory.text("app.env") == "new")
        #expect(try file.state()?.mode == 0o600)
        #expect(try inode() != old)
    }

    @Test(.enabled(if: isRoot)) func `the file is given to the owner and group`() throws {
        let file = try DestinationFile(path: path, owner: 65_534, group: 4, mode: 0o440)
        try file.check()
        for value in ["first", "second"] {
            try file.replace(with: secret(value), temporaryName: temporary)
            let state = try #require(try file.state())
            #expect(state.userID == 65_534 && state.groupID == 4 && state.mode == 0o440)
            #expect(try text(file.readBack(limit: 64)) == value)
        }
    }

    /// Ansible CVE-2020-1736, paramiko CVE-2022-24302: create, then chmod.
    @Test(.enabled(if: isRoot))
    func `owner and mode are set before the first byte and never wider`() throws {
        let file = try DestinationFile(path: path, owner: 65_534, group: 4, mode: 0o440)
        let before = umask(0)
        defer { umask(before) }
        let parent = try file.openFitParent()
        let made = try file.createTemporary(temporary, in: parent)
        var status = try parent.status(of: temporary)
        #expect(status.mode == 0o600 && status.userID == 0 && status.byteCount == 0)
        try file.setOwnerAndMode(of: made, replacing: nil, in: parent)
        status = try parent.status(of: temporary)
        #expect(status.mode == 0o440 && status.userID == 65_534 && status.groupID == 4)
        #expect(status.byteCount == 0)
        let canary = Array("canary".utf8)
        try file.fill(made, with: canary.span)
        #expect(try parent.status(of: temporary).byteCount == 6)
        #expect(directory.names == [temporary])
    }

    @Test func `what is read back and differs is not put in place`() throws {
        let file = try DestinationFile(path: path)
        let parent = try file.openFitParent()
        let made = try file.createTemporary(temporary, in: parent)
        // Somebody writes into it behind our back.
        let other = open(directory.file(temporary), O_WRONLY | O_APPEND | O_CLOEXEC)
        try #require(write(other, "more than that", 14) == 14)
        close(other)
        let canary = Array("canary".utf8)
        let error = failure { try file.fill(made, with: canary.span) }
        #expect(error?.cause == .differs)
    }

    @Test func `a symbolic link in its place is refused and left alone`() throws {
        let victim = try directory.make("victim", "theirs")
        try directory.link("app.env", to: victim)
        let file = try DestinationFile(path: path)
        for error in [
            failure { try file.check() },
            failure { try file.replace(with: secret("new"), temporaryName: temporary) },
            failure { _ = try file.state() },
        ] { #expect(error?.cause == .isSymbolicLink) }
        #expect(directory.text("victim") == "theirs")
        #expect(directory.names == ["app.env", "victim"])
    }

    @Test func `a symbolic link on the way is refused`() throws {
        try directory.makeDirectory("real")
        try directory.link("way", to: directory.file("real"))
        let file = try DestinationFile(path: directory.file("way/app.env"))
        #expect(failure { try file.check() }?.cause == .isSymbolicLink)
    }

    @Test func `a second name, a directory and a FIFO in its place are refused`() throws {
        try directory.make("other")
        try #require(link(directory.file("other"), path) == 0)
        let file = try DestinationFile(path: path)
        #expect(failure { try file.check() }?.cause == .hardLinked)
        #expect(
            failure { try file.replace(with: secret("new"), temporaryName: temporary) }?.cause
                == .hardLinked)
        try directory.makeDirectory("directory")
        #expect(
            failure { try DestinationFile(path: directory.file("directory")).check() }?.cause
                == .notRegular)
        try #require(mkfifo(directory.file("fifo"), 0o600) == 0)
        #expect(
            failure { try DestinationFile(path: directory.file("fifo")).check() }?.cause
                == .notRegular)
    }

    @Test(.enabled(if: isRoot)) func `a file of a stranger in its place is refused`() throws {
        try directory.make("app.env", owner: 65_533)
        let file = try DestinationFile(path: path, owner: 65_534)
        #expect(
            failure { try file.check() }?.cause == .wrongOwner(expected: 65_534, found: 65_533))
    }

    @Test(arguments: [0o777, 0o775, 0o1777] as [UInt32])
    func `a directory where others may write is refused, sticky or not`(_ mode: UInt32) throws {
        let parent = try directory.makeDirectory("open", mode: mode)
        let file = try DestinationFile(path: "\(parent)/app.env")
        for error in [
            failure { try file.check() },
            failure { try file.replace(with: secret("new"), temporaryName: temporary) },
        ] { #expect(error?.cause == .parentWritableByOthers(path: parent)) }
    }

    @Test(.enabled(if: isRoot)) func `a directory of a stranger is refused, the owner's is not`()
        throws
    {
        let parent = try directory.makeDirectory("theirs", owner: 65_534)
        #expect(
            failure { try DestinationFile(path: "\(parent)/a").check() }?.cause
                == .parentWrongOwner(path: parent, found: 65_534))
        try DestinationFile(path: "\(parent)/a", owner: 65_534).check()
    }

    @Test func `a missing directory is said, and is no file`() throws {
        let file = try DestinationFile(path: directory.file("none/app.env"))
        #expect(failure { try file.check() }?.cause == .notFound)
        #expect(try file.state() == nil)
        #expect(try file.removeTemporary(named: temporary) == false)
    }

    @Test func `a temporary name that is taken is not written through`() throws {
        let victim = try directory.make("victim", "theirs")
        try directory.link(temporary, to: victim)
        let file = try DestinationFile(path: path)
        #expect(
            failure { try file.replace(with: secret("new"), temporaryName: temporary) }?.cause
                == .exists)
        #expect(directory.text("victim") == "theirs")
        #expect(directory.text("app.env") == nil)
    }

    @Test func `a leftover of a crash is removed by its name`() throws {
        let file = try DestinationFile(path: path)
        let parent = try file.openFitParent()
        _ = try file.createTemporary(temporary, in: parent)
        #expect(directory.names == [temporary])
        #expect(try file.removeTemporary(named: temporary))
        #expect(try !file.removeTemporary(named: temporary))
        #expect(directory.names == [])
    }

    /// Mounting needs a right that a test may lack; then there is nothing to see.
    @Test(.enabled(if: isRoot)) func `a full disk leaves the old file and no other`() throws {
        try directory.makeDirectory("small")
        let small = directory.file("small")
        guard mount("tmpfs", small, "tmpfs", 0, "size=65536,mode=0700") == 0 else { return }
        defer { umount2(small, Int32(MNT_DETACH)) }
        let file = try DestinationFile(path: "\(small)/app.env")
        try file.replace(with: secret("old"), temporaryName: temporary)
        let much = [UInt8](repeating: 7, count: 200_000)
        let error = failure { try file.replace(with: much.span, temporaryName: temporary) }
        #expect(error?.cause == .noSpace)
        #expect(directory.text("small/app.env") == "old")
        #expect(try Directory.names(small) == ["app.env"])
        #expect(
            failure { try PlainFile.create("\(small)/p", contents: much.span, mode: 0o600) }?.cause
                == .noSpace)
        #expect(try Directory.names(small) == ["app.env"])
        #expect(try Directory.freeBytes(small) < 65_536)
    }

    @Test(.enabled(if: isRoot)) func `a read-only file system is said before anything is done`()
        throws
    {
        try directory.makeDirectory("fixed")
        let fixed = directory.file("fixed")
        guard mount("tmpfs", fixed, "tmpfs", UInt(MS_RDONLY), "mode=0700") == 0 else {
            return
        }
        defer { umount2(fixed, Int32(MNT_DETACH)) }
        let file = try DestinationFile(path: "\(fixed)/app.env")
        #expect(failure { try file.check() }?.cause == .readOnlyFileSystem)
        #expect(
            failure { try file.replace(with: secret("x"), temporaryName: temporary) }?.cause
                == .readOnlyFileSystem)
    }

    @Test func `temporary names are hidden, short enough and in the same directory`() {
        #expect(temporary == ".app.env.01J.tmp")
        let long = "/d/" + String(repeating: "ä", count: 127)
        let name = DestinationFile.temporaryName(for: long, suffix: "01JABCDEFGHJKMNPQRSTVWXYZ0")
        #expect(name.utf8.count <= 255 && name.hasPrefix(".ää") && name.hasSuffix("Z0.tmp"))
    }

    @Test func `an export without secrets is replaced too`() throws {
        let file = try DestinationFile(path: path, mode: 0o644)
        let contents = [UInt8](repeating: 7, count: 100_000)
        try file.replace(with: contents.span, temporaryName: temporary)
        #expect(try file.state()?.byteCount == 100_000)
        #expect(failure { _ = try file.readBack(limit: 99_999) }?.cause == .tooLarge(limit: 99_999))
    }

    @Test(.enabled(if: !isRoot)) func `an owner or group that we cannot set is said beforehand`()
        throws
    {
        #expect(
            failure { try DestinationFile(path: path, owner: 0).check() }?.cause
                == .ownerNotSettable(user: 0, group: nil))
        #expect(
            failure { try DestinationFile(path: path, group: 0).check() }?.cause
                == .ownerNotSettable(user: nil, group: 0))
        try DestinationFile(path: path, owner: geteuid(), group: getegid()).check()
        let file = try DestinationFile(path: path, owner: 0)
        #expect(
            failure { try file.replace(with: secret("x"), temporaryName: temporary) }?.cause
                == .permissionDenied)
        #expect(directory.names == [])
    }

    /// Setting a label needs rights that a test may lack; then there is nothing to see.
    @Test(.enabled(if: isRoot)) func `the label of the old file is kept`() throws {
        try directory.make("app.env", "old")
        let label = Array("system_u:object_r:etc_t:s0\0".utf8)
        do {
            let old = try Descriptor.open(path, for: .reading)
            guard (try? old.setAttribute("security.selinux", label)) != nil else { return }
        }
        let file = try DestinationFile(path: path)
        try file.replace(with: secret("new"), temporaryName: temporary)
        let new = try Descriptor.open(path, for: .reading)
        #expect(try new.attribute("security.selinux") == label)
    }

    /// What a consumer sees that looks again and again while it is rewritten.
    @Test func `a reader finds one of the contents whole, with the mode that was asked`() throws {
        let file = try DestinationFile(path: path, mode: 0o640)
        let contents = ["first", "second"].map { word in
            [UInt8](String(repeating: word + "\n", count: 30).utf8)
        }
        let first = contents[0]
        try file.replace(with: first.span, temporaryName: temporary)
        let rewriting = Rewriting()
        let (path, temporary) = (path, temporary)
        // A thread of its own: the tasks of other tests must not keep it from rewriting.
        let writer = Thread {
            while !rewriting.isOver {
                let next = contents[rewriting.count % 2]
                // What fails does not count, and the test then ends without enough of them.
                guard (try? file.replace(with: next.span, temporaryName: temporary)) != nil else {
                    return
                }
                rewriting.add()
            }
        }
        writer.start()
        var odd = 0
        var polls = 0
        while polls < 100_000 || rewriting.count < 20, polls < 10_000_000 {
            polls += 1
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                odd += 1
                continue
            }
            var buffer = [UInt8](repeating: 0, count: 512)
            let count = read(descriptor, &buffer, buffer.count)
            var status = stat()
            let isAsAsked = fstat(descriptor, &status) == 0 && status.st_mode & 0o777 == 0o640
            close(descriptor)
            let found = buffer.prefix(max(count, 0))
            if !isAsAsked || !contents.contains(where: { $0[...] == found }) { odd += 1 }
        }
        rewriting.end()
        #expect(odd == 0)
        #expect(rewriting.count >= 20)
    }

    /// How often a file was rewritten, and whether that is enough.
    private final class Rewriting: Sendable {
        private let state = Mutex((count: 0, isOver: false))

        var count: Int { state.withLock { $0.count } }
        var isOver: Bool { state.withLock { $0.isOver } }
        func add() { state.withLock { $0.count += 1 } }
        func end() { state.withLock { $0.isOver = true } }
    }

    private func inode() throws -> UInt64? {
        try Descriptor.open(path, for: .place).status().inode
    }
}
