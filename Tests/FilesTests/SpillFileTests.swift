import Files
import TestSupport
import Testing

struct SpillFileTests {
    @Test func `what is added is read back, from any place, and no name is left`() throws {
        let directory = try TemporaryDirectory()
        let file = try SpillFile.create(directory.file("spill"))
        #expect(directory.names.isEmpty)
        try file.append(Array("first".utf8).span)
        #expect(try file.read(from: 0, upTo: 100) == Array("first".utf8))
        try file.append(Array("second".utf8).span)
        #expect(try file.read(from: 3, upTo: 4) == Array("stse".utf8))
        #expect(try file.read(from: 11, upTo: 4) == [])
    }

    @Test func `a name that is taken is not touched`() throws {
        let directory = try TemporaryDirectory()
        try directory.make("spill", "mine")
        #expect(throws: FileError.self) { _ = try SpillFile.create(directory.file("spill")) }
        #expect(directory.text("spill") == "mine")
    }
}
