import Glibc
import Processes
import TestSupport
import Testing

/// Programs lie where every directory above is root's or ours: not in /tmp.
@Suite(.enabled(if: isRoot))
struct ProgramCheckTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory(in: "/run") }

    private func failure(_ path: String) -> ProgramError? {
        do {
            try ProgramCheck.check(path)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a program of root's is trusted, through links too`() throws {
        #expect(failure("/bin/sh") == nil)
        let path = try directory.make("hook", "#!/bin/sh\n", mode: 0o755)
        #expect(failure(path) == nil)
        try directory.makeDirectory("inner")
        try directory.link("inner/relative", to: "../hook")
        try directory.link("absolute", to: directory.file("inner/relative"))
        #expect(failure(directory.file("absolute")) == nil)
        #expect(failure("\(directory.path)/inner/../hook") == nil)
    }

    @Test(arguments: [0o775, 0o757, 0o777] as [UInt32])
    func `a program that others may write is refused`(_ mode: UInt32) throws {
        let path = try directory.make("hook", mode: mode)
        let error = failure(path)
        #expect(error?.cause == .writableByOthers(mode: mode))
        #expect(error?.hint == "chmod go-w \(path)")
        #expect(error?.isLoosePermissions == true)
        let octal = String(mode, radix: 8)
        #expect(error?.description == "\(path): may be written by others (mode 0\(octal))")
    }

    @Test func `a program of another user is refused`() throws {
        let path = try directory.make("hook", mode: 0o755, owner: 65_534)
        #expect(failure(path)?.cause == .wrongOwner(found: 65_534))
    }

    @Test func `a directory on the way is looked at, sticky or not`() throws {
        try directory.makeDirectory("above")
        try directory.makeDirectory("above/below")
        let path = try directory.make("above/below/hook", mode: 0o755)
        #expect(failure(path) == nil)
        chmod(directory.file("above"), 0o1777)
        let error = failure(path)
        #expect(error?.path == directory.file("above"))
        #expect(error?.cause == .writableByOthers(mode: 0o1777))
        chmod(directory.file("above"), 0o700)
        chown(directory.file("above"), 65_534, 0)
        #expect(failure(path)?.cause == .wrongOwner(found: 65_534))
        #expect(failure(path)?.path == directory.file("above"))
    }

    @Test func `where a link leads is looked at too`() throws {
        let temporary = try TemporaryDirectory()
        try temporary.make("hook", mode: 0o755)
        let link = try directory.link("hook", to: temporary.file("hook"))
        #expect(failure(link)?.path == "/tmp")
    }

    @Test func `what is no program is refused`() throws {
        let path = try directory.make("plain", mode: 0o644)
        #expect(failure(path)?.cause == .notExecutable)
        #expect(failure(directory.path)?.cause == .notRegular)
        #expect(failure("\(path)/x")?.cause == .notDirectory)
        #expect(failure(directory.file("none"))?.cause == .notFound)
        #expect(failure("hook")?.cause == .notAbsolute)
        try #require(mkfifo(directory.file("fifo"), 0o700) == 0)
        #expect(failure(directory.file("fifo"))?.cause == .notRegular)
        try directory.link("loop", to: "loop")
        #expect(failure(directory.file("loop"))?.cause == .tooManyLinks)
    }
}
