import Files
import Glibc
import TestSupport
import Testing

struct DirectoryTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `a new directory has exactly the mode that was asked`() throws {
        let path = directory.file("state")
        try Directory.create(path, mode: 0o750)
        var status = stat()
        try #require(stat(path, &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o750)
        #expect(failure { try Directory.create(path) }?.cause == .exists)
        try Directory.checkState(path)
        #expect(try Directory.freeBytes(path) > 0)
        #expect(try Directory.names(path) == [])
        #expect(try Directory.removeEmpty(path))
        #expect(try !Directory.removeEmpty(path))
    }

    @Test(arguments: [0o770, 0o707, 0o1777] as [UInt32])
    func `a state directory that others may write is refused`(_ mode: UInt32) throws {
        let path = try directory.makeDirectory("state", mode: mode)
        let error = failure { try Directory.checkState(path) }
        #expect(error?.cause == .writableByOthers(mode: mode))
        #expect(error?.hint == "chmod go-w \(path)")
    }

    @Test(arguments: [0o701, 0o704, 0o755] as [UInt32])
    func `a state directory that the world may look into is refused`(_ mode: UInt32) throws {
        let path = try directory.makeDirectory("state", mode: mode)
        let error = failure { try Directory.checkState(path) }
        #expect(error?.cause == .openToOthers(mode: mode))
        #expect(error?.hint == "chmod 0700 \(path)")
        #expect(error?.isLoosePermissions == true)
    }

    @Test(.enabled(if: isRoot)) func `a state directory of another user is refused`() throws {
        let path = try directory.makeDirectory("state", owner: 65_534)
        #expect(
            failure { try Directory.checkState(path) }?.cause
                == .wrongOwner(expected: 0, found: 65_534))
    }

    @Test func `a state directory behind a link, or none, is refused`() throws {
        try directory.makeDirectory("real")
        let link = try directory.link("state", to: directory.file("real"))
        #expect(failure { try Directory.checkState(link) }?.cause == .isSymbolicLink)
        #expect(
            failure { try Directory.checkState(directory.file("none")) }?.cause == .notFound)
        let plain = try directory.make("plain")
        #expect(failure { try Directory.checkState(plain) }?.cause == .notDirectory)
    }

    /// A file system in memory stands for any that is not a network's: the magic numbers are
    /// tested in LinuxTests.
    @Test func `a local file system is accepted`() throws {
        let memory = try TemporaryDirectory(in: "/dev/shm")
        try Directory.checkState(memory.path)
    }

    @Test func `an empty file is made once, and removed once`() throws {
        let path = directory.file("db")
        try PlainFile.createEmpty(path)
        #expect(try PlainFile.state(path)?.mode == 0o600)
        #expect(try PlainFile.state(path)?.byteCount == 0)
        #expect(failure { try PlainFile.createEmpty(path) }?.cause == .exists)
        #expect(try PlainFile.remove(path))
        #expect(try !PlainFile.remove(path))
        #expect(try PlainFile.state(path) == nil)
        #expect(try !PlainFile.remove("\(path)/below/it"))
    }

    @Test func `the umask takes nothing from the mode that was asked`() throws {
        let contents = Array("public".utf8)
        try PlainFile.create(directory.file("log.pub"), contents: contents.span, mode: 0o666)
        #expect(try PlainFile.state(directory.file("log.pub"))?.mode == 0o666)
        #expect(directory.text("log.pub") == "public")
    }

    @Test func `a file that only grows grows`() throws {
        let path = directory.file("anchor")
        #expect(failure { _ = try AppendOnlyFile(path, for: .appending) }?.cause == .notFound)
        try PlainFile.createEmpty(path)
        let empty = try AppendOnlyFile(path, for: .reading).extent
        for line in ["one\n", "two\n"] {
            try AppendOnlyFile(path, for: .appending).append(Array(line.utf8).span)
        }
        #expect(directory.text("anchor") == "one\ntwo\n")
        let reader = try AppendOnlyFile(path, for: .reading)
        #expect(try reader.extent.byteCount == 8)
        #expect(try reader.extent != empty)
        #expect(try reader.read(from: 4, limit: 3) == Array("two".utf8))
        #expect(try reader.read(from: 4, limit: 9) == Array("two\n".utf8))
        #expect(try reader.read(from: 9, limit: 9) == [])
        let link = try directory.link("link", to: path)
        #expect(
            failure { _ = try AppendOnlyFile(link, for: .appending) }?.cause == .isSymbolicLink)
        let loose = try directory.make("loose", mode: 0o622)
        #expect(
            failure { _ = try AppendOnlyFile(loose, for: .reading) }?.cause
                == .writableByOthers(mode: 0o622))
    }
}
