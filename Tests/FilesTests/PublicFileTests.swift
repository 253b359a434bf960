import Files
import Glibc
import TestSupport
import Testing

struct PublicFileTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `configuration that anybody may read is read`() throws {
        let path = try directory.make("c.yaml", "a: b", mode: 0o644)
        #expect(try PublicFile.read(path, limit: 4) == Array("a: b".utf8))
        #expect(failure { _ = try PublicFile.read(path, limit: 3) }?.cause == .tooLarge(limit: 3))
    }

    @Test func `a link to configuration is followed`() throws {
        try directory.make("c.yaml", "a: b", mode: 0o644)
        let link = try directory.link("link", to: "c.yaml")
        #expect(try PublicFile.read(link, limit: 4) == Array("a: b".utf8))
    }

    @Test(arguments: [0o664, 0o646] as [UInt32])
    func `configuration that others may write is refused`(_ mode: UInt32) throws {
        let path = try directory.make("c.yaml", mode: mode)
        let error = failure { _ = try PublicFile.read(path, limit: 4) }
        #expect(error?.cause == .writableByOthers(mode: mode))
        #expect(error?.hint == "chmod go-w \(path)")
        let octal = String(mode, radix: 8)
        #expect(error?.description == "\(path): may be written by others (mode 0\(octal))")
    }

    @Test(.enabled(if: isRoot)) func `configuration of another user is refused`() throws {
        let path = try directory.make("c.yaml", mode: 0o644, owner: 65_534)
        let error = failure { _ = try PublicFile.read(path, limit: 4) }
        #expect(error?.cause == .wrongOwner(expected: 0, found: 65_534))
    }

    @Test func `configuration where others may write is refused, but a sticky bit is enough`()
        throws
    {
        for (mode, isFit) in [(0o777, false), (0o775, false), (0o1777, true)] as [(UInt32, Bool)] {
            let parent = try directory.makeDirectory("d\(mode)", mode: mode)
            let path = try directory.make("d\(mode)/c.yaml", mode: 0o644)
            let error = failure { _ = try PublicFile.read(path, limit: 4) }
            #expect(error?.cause == (isFit ? nil : .parentWritableByOthers(path: parent)))
        }
    }

    @Test func `a directory, a FIFO and nothing are refused`() throws {
        try #require(mkfifo(directory.file("fifo"), 0o600) == 0)
        try directory.makeDirectory("directory")
        #expect(
            failure { _ = try PublicFile.read(directory.file("fifo"), limit: 4) }?.cause
                == .notRegular)
        #expect(
            failure { _ = try PublicFile.read(directory.file("directory"), limit: 4) }?.cause
                == .notRegular)
        #expect(
            failure { _ = try PublicFile.read(directory.file("none"), limit: 4) }?.cause
                == .notFound)
    }

    @Test(arguments: ["", "a", "../a", "/a/../b", "/a//b", "/a/", "/", "/a/./b", "/a\nb"])
    func `a path with no one meaning is refused`(_ path: String) {
        #expect(failure { _ = try PublicFile.read(path, limit: 4) }?.cause == .notAbsolute)
    }

    @Test func `time zones are read by name`() throws {
        let zone = try #require(try TimeZoneFile.read("Europe/Berlin"))
        #expect(zone.starts(with: "TZif".utf8))
        #expect(try TimeZoneFile.read("UTC") != nil)
        #expect(TimeZoneFile.isInstalled)
    }

    @Test(arguments: [
        "", "Nowhere/Land", "Europe", "../../../etc/passwd", "Europe/../UTC", "/etc/passwd",
        "tzdata.zi", "Europe/Berlin/", "zone.tab", "UTC\0", "Europe/Berlin/x",
    ])
    func `what is no time zone is nil`(_ name: String) throws {
        #expect(try TimeZoneFile.read(name) == nil)
    }
}
