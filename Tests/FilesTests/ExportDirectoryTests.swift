import Files
import Glibc
import TestSupport
import Testing

struct ExportDirectoryTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func mode(_ name: String) -> mode_t {
        var status = stat()
        return stat(directory.file(name), &status) == 0 ? status.st_mode & 0o777 : 0
    }

    private func open(_ name: String) throws -> ExportDirectory {
        guard let opened = try ExportDirectory.open(directory.file(name)) else {
            throw TestFailure.system(EWOULDBLOCK)
        }
        return opened
    }

    @Test func `directories are made, and files appear in them`() throws {
        let export = try open("log")
        try export.write("tile/0/x001/000", Array("a".utf8).span)
        try export.write("checkpoint", Array("b".utf8).span)
        try export.sync()
        #expect(directory.text("log/tile/0/x001/000") == "a")
        #expect(try export.read("checkpoint", limit: 9) == Array("b".utf8))
        #expect(try export.read("none", limit: 9) == nil)
        #expect(mode("log") == 0o700)
        #expect(mode("log/checkpoint") == 0o600)
    }

    @Test func `what lies in it is as open to others as it is`() throws {
        try directory.makeDirectory("log", mode: 0o755)
        let export = try open("log")
        try export.write("tile/000", Array("a".utf8).span)
        #expect(mode("log/tile") == 0o755)
        #expect(mode("log/tile/000") == 0o644)
        // Who may write beside it may not write into it.
        try directory.makeDirectory("shared", mode: 0o777)
        let other = try open("shared")
        try other.write("tile/000", Array("a".utf8).span)
        #expect(mode("shared/tile") == 0o755)
        #expect(mode("shared/tile/000") == 0o644)
    }

    @Test func `one process at a time writes into it`() throws {
        let export = try open("log")
        try export.write("a", Array("a".utf8).span)
        let path = directory.file("log")
        #expect(try ExportDirectory.open(path) == nil)
    }

    @Test func `what a crash left behind is no obstacle`() throws {
        try directory.makeDirectory("log")
        try directory.make("log/.a.part.tmp", "torn")
        let export = try open("log")
        try export.write("a", Array("whole".utf8).span)
        #expect(TemporaryDirectory.names(in: directory.file("log")) == ["a"])
        #expect(directory.text("log/a") == "whole")
    }

    @Test func `a link on the way is refused`() throws {
        try directory.makeDirectory("log")
        try directory.makeDirectory("elsewhere")
        try directory.link("log/tile", to: directory.file("elsewhere"))
        let export = try open("log")
        let error = failure { try export.write("tile/000", Array("a".utf8).span) }
        #expect(error?.cause == .notDirectory)
        #expect(TemporaryDirectory.names(in: directory.file("elsewhere")) == [])
    }
}
