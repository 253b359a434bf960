import Rotations
import Testing

@testable import Audit

struct LeafReaderTests {
    private func read(_ text: String) -> LeafReader? {
        var reader = LeafReader()
        return reader.read(Array(text.utf8)) ? reader : nil
    }

    @Test func `it finds what a whole reading finds`() throws {
        let run = try #require(Identifier("01J00000000000000000000RVN"))
        let event = Event(.versionRetired) {
            $0.secret = SecretReference(id: run, name: "prod/räder \"x\" }{ \\")
            $0.version = 12
            $0.reason = "a\nb, \"type\":\"x\""
            $0.timeToDeathMilliseconds = 1_234
            $0.isRequired = true
            $0.until = Timestamp(milliseconds: 951_782_399_999)
        }
        let actor = Actor(
            uid: 0, loginUID: nil, user: "ann", host: "h", pid: 1, invocation: nil,
            claimedSudoUser: "eve")
        let entry = Entry(
            event, sequence: 41, at: Timestamp(milliseconds: 1_772_274_601_250),
            in: Entry.Context(actor: actor, run: run, tool: "keyturn 1"))
        var reader = LeafReader()
        let isObject = reader.read(entry.leaf)
        #expect(isObject)
        for (key, value) in entry.members {
            #expect(reader.json(key) == value)
            #expect(reader.text(key) == value.text)
            #expect(reader.integer(key) == value.integer)
        }
        #expect(reader.time("time") == entry.projection.time)
        #expect(reader.time("until") == event.until)
        #expect(reader.text("name", of: "secret") == event.secret?.name)
        #expect(reader.text("id", of: "secret") == run.text)
        #expect(reader.text("id", of: "target") == nil)
        #expect(reader.text("absent") == nil)
        #expect(reader.time("run") == nil)
        #expect(reader.integer("type") == nil)
    }

    @Test(arguments: [
        "", "{", "{}", "[1]", "1", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":\"", "{\"a\":\"\\",
        "{\"a\":{",
        "{\"a\":1,", "{\"a\":1,}", "{\"a\":]}", "{\"a\":[}", "{a:1}", "{\"a\":\"b\"\"c\"",
        "{\"a\":1}}",
    ])
    func `what is no object is refused, wherever it ends, and never read past its end`(
        _ text: String
    ) {
        // It may take more than JSON has; it must only not fall.
        _ = read(text)
        #expect(read("")?.text("a") == nil)
        if ["", "{", "[1]", "1", "{\"a\":1", "{\"a\":\"", "{\"a\":{"].contains(text) {
            #expect(read(text) == nil)
        }
    }

    @Test func `it turns from leaf to leaf`() {
        var reader = LeafReader()
        _ = reader.read(Array("{\"a\":\"x\",\"b\":\"y\"}".utf8))
        _ = reader.read(Array("{\"a\":\"z\"}".utf8))
        #expect(reader.text("a") == "z")
        #expect(reader.text("b") == nil)
    }

    @Test(arguments: [
        ("plain", "plain"), ("a\nb", "a\nb"), ("\u{1b}[2J", "\\u{1b}[2J"), ("räder", "räder"),
        ("a\u{202e}b", "a\\u{202e}b"), ("\u{7f}", "\\u{7f}"),
    ])
    func `a terminal obeys nothing in a visible text`(_ text: String, _ visible: String) {
        #expect(text.visible == visible)
    }
}
