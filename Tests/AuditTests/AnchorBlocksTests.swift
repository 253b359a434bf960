import Audit
import Testing

/// Reading an anchor file, whatever a crash or somebody else left in it.
@Suite struct AnchorBlocksTests {
    private static func note(_ size: Int) -> String {
        "log/e1\n\(size)\nAAAA\n\n\u{2014} log/e1 AAAAAAAA\n"
    }

    private static func read(_ text: String) -> (notes: [String], end: AnchorBlocks.End) {
        var blocks = AnchorBlocks()
        var found: [AnchorBlocks.Block] = []
        // In parts, as a file is read.
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: 7) {
            found += blocks.add(Array(bytes[start..<min(start + 7, bytes.count)]))
        }
        for block in found {
            #expect(Array(bytes[block.start...].prefix(block.bytes.count)) == block.bytes)
        }
        let (end, unclosed) = blocks.end()
        return (
            (found + (unclosed.map { [$0] } ?? [])).map {
                String(decoding: $0.bytes, as: UTF8.self)
            }, end
        )
    }

    @Test func `whole blocks come out as they went in`() {
        let text = Self.note(1) + "\n" + Self.note(22) + "\n"
        let (notes, end) = Self.read(text)
        #expect(notes == [Self.note(1), Self.note(22)])
        #expect(end == .whole)
        #expect(Self.read("").end == .whole)
        var blocks = AnchorBlocks()
        #expect(blocks.add(Array(text.utf8)).map { $0.claim?.size } == [1, 22])
    }

    @Test func `cut off anywhere, the next block is found, and the torn one is not`() {
        let text = Self.note(1) + "\n" + Self.note(2) + "\n"
        for count in 0...text.utf8.count {
            let cut = String(decoding: Array(text.utf8).prefix(count), as: UTF8.self)
            let before = Self.read(cut)
            let mended =
                Array(cut.utf8) + AnchorBlocks.bytes(adding: Self.note(3), after: before.end)
            let after = Self.read(String(decoding: mended, as: UTF8.self))
            #expect(after.notes == before.notes + [Self.note(3)], "\(count)")
            #expect(after.end == .whole)
            #expect(after.notes.allSatisfy { SignedNote($0) != nil })
        }
    }

    @Test func `what is longer than any checkpoint is a block that is none`() {
        let long = String(repeating: "x", count: 300_000)
        let (notes, _) = Self.read(long + "\n\n" + Self.note(1) + "\n")
        #expect(notes.contains(""))
        let (more, _) = Self.read(Self.note(1) + "\n" + long)
        #expect(more.first == Self.note(1))
    }

    @Test(arguments: [
        "", "x", "x\n-1\ny", "x\n0\ny", "x\n1.5\ny", "x\n99999999999999999999\n",
    ])
    func `what is no checkpoint claims nothing`(_ text: String) {
        var blocks = AnchorBlocks()
        let found = blocks.add(Array((text + "\n\nz\n\n").utf8))
        #expect(found.allSatisfy { $0.claim == nil })
    }

    @Test func `origins of one log are in the order of their epochs`() {
        let first = LogOrigin("h/keyturn/x/e1")
        #expect(first?.precedes(LogOrigin("h/keyturn/x/e2")) == true)
        #expect(first?.precedes(LogOrigin("h/keyturn/x/e1")) == false)
        #expect(first?.precedes(LogOrigin("h/keyturn/y/e2")) == false)
        #expect(LogOrigin("h/keyturn/x/e10")?.description == "h/keyturn/x/e10")
        for text in ["", "x", "x/1", "x/e", "x/e0", "x/e-1", "x/e1x"] {
            #expect(LogOrigin(text) == nil)
        }
    }
}
