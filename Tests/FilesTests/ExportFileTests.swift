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
