import Files
import Glibc
import TestSupport
import Testing

struct ExportFileTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func write(_ name: String, _ parts: [String], isFinished: Bool = true) throws {
        var file = try ExportFile.create(directory.file(name), suffix: "run")
        for part in parts { try file.append(Array(part.utf8).span) }
        #expect(directory.names.contains(".\(name).run.tmp"))
        if isFinished { try file.finish() }
    }

    @Test func `it appears whole under its name, and only then`() throws {
        try write("out", ["a", "b"])
        #expect(directory.names == ["out"])
        #expect(directory.text("out") == "ab")
    }

    @Test func `what is not finished leaves what was there, and nothing else`() throws {
        try directory.make("out", "old", mode: 0o644)
        try write("out", ["half"], isFinished: false)
        #expect(directory.names == ["out"])
        #expect(directory.text("out") == "old")
        try write("out", ["new"])
        #expect(directory.text("out") == "new")
    }

    @Test func `a link is neither followed nor replaced, a directory neither`() throws {
        try directory.make("target", "keep")
        try directory.link("link", to: "target")
        try directory.makeDirectory("directory")
        for (name, cause) in [
            ("link", FileError.Cause.isSymbolicLink), ("directory", .notRegular),
        ] {
            let error = failure { try write(name, ["x"]) }
            #expect(error?.cause == cause)
        }
        #expect(directory.text("target") == "keep")
        #expect(directory.names == ["directory", "link", "target"])
        try directory.link("way", to: "directory")
        #expect(failure { try write("way/out", ["x"]) }?.cause == .isSymbolicLink)
    }

    @Test func `it is for its owner alone`() throws {
        try write("out", ["a"])
        var status = stat()
        #expect(stat(directory.file("out"), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }
}

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

struct UntrustedFileTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func lines(_ text: String, limit: Int = 10, count: Int = .max) throws -> [String] {
        try? directory.remove("file")
        let path = try directory.make("file", text)
        var lines: [String] = []
        try UntrustedFile.forEachLine(of: path, limit: limit) { line in
            lines.append(String(decoding: line, as: UTF8.self))
            return lines.count < count
        }
        return lines
    }

    @Test func `each line is handed out without its end, the last one too`() throws {
        #expect(try lines("a\nbc\n\nd") == ["a", "bc", "", "d"])
        #expect(try lines("a\n") == ["a"])
        #expect(try lines("") == [])
        let long = String(repeating: "0123456789\n", count: 20_000)
        #expect(try lines(long).count == 20_000)
        #expect(Set(try lines(long)) == ["0123456789"])
    }

    @Test func `a line without end is cut, and takes no more memory`() throws {
        #expect(try lines(String(repeating: "x", count: 300_000) + "\nb") == ["xxxxxxxxxx", "b"])
    }

    @Test func `it stops when no more is wanted`() throws {
        #expect(try lines("a\nb\nc\n", count: 2) == ["a", "b"])
    }

    @Test func `too much is not read, and anybody's file is`() throws {
        let path = try directory.make("file", "abcd", mode: 0o666)
        #expect(try UntrustedFile.read(path, limit: 4) == Array("abcd".utf8))
        let error = failure { _ = try UntrustedFile.read(path, limit: 3) }
        #expect(error?.cause == .tooLarge(limit: 3))
        #expect(failure { _ = try UntrustedFile.read("/dev/zero", limit: 9) }?.cause != nil)
    }
}
