import Audit
import FoundationEssentials
import Testing
import VectorFiles

struct CheckpointTests {
    @Test(arguments: 0...15)
    func `a checkpoint of Tessera opens at each size`(_ size: Int) throws {
        let key = try #require(VerifierKey(try tesseraKey()))
        let note = try VectorFile.text("tlog-tiles-tessera/log/checkpoint.\(size)")
        let checkpoint = try #require(Checkpoint(note: note, signedBy: key))
        #expect(checkpoint.origin == "example.com/log/testdata")
        #expect(checkpoint.size == size)
        #expect(note.hasPrefix(checkpoint.text + "\n"))
        // One digit or letter changed, and nobody believes it.
        let forged = note.replacing("\n\(size)\n", with: "\n\(size + 1)\n", maxReplacements: 1)
        #expect(SignedNote(forged) != nil)
        #expect(Checkpoint(note: forged, signedBy: key) == nil)
    }

    @Test func `checkpoints of Rekor are believed when their log signed them and only then`()
        throws
    {
        let entries: [RekorEntry] = try VectorFile.json(rekor)
        var count = 0
        for entry in entries {
            guard let vkey = entry.vkey else { continue }
            count += 1
            let key = try #require(VerifierKey(vkey))
            let checkpoint = Checkpoint(note: entry.checkpoint, signedBy: key)
            let mustHold =
                entry.logSignatureValid == true && entry.checkpointMatchesProof == true
            #expect((checkpoint != nil) == mustHold, "\(entry.source)")
            if let checkpoint {
                #expect(checkpoint.size == entry.treeSize)
                #expect(checkpoint.root == entry.root.bytes)
                #expect(checkpoint.origin == key.name)
            }
        }
        #expect(count == 13)
    }

    @Test func `checkpoints of Rekor with extension lines are read`() throws {
        let entries: [RekorEntry] = try VectorFile.json(rekor)
        var extended = 0
        for entry in entries where entry.vkey == nil {
            let note = try #require(SignedNote(entry.checkpoint))
            let checkpoint = try #require(Checkpoint(text: note.text))
            #expect(checkpoint.size == entry.treeSize)
            #expect(checkpoint.root == entry.root.bytes)
            if note.text != checkpoint.text { extended += 1 }
        }
        #expect(extended > 0)
    }

    @Test func `a note that the key signed under another origin is not the log's`() throws {
        let signer = try NoteSigner(name: "a/log", seed: [UInt8](repeating: 1, count: 32).span)
        func read(_ origin: String) throws -> Checkpoint? {
            let root = [UInt8](repeating: 2, count: 32)
            let checkpoint = Checkpoint(origin: origin, size: 5, root: root)
            return Checkpoint(note: try signer.sign(checkpoint.text), signedBy: signer.verifier)
        }
        #expect(try read("a/log")?.size == 5)
        #expect(try read("b/log") == nil)
    }

    @Test func `the size is taken in its one spelling only`() {
        let root = Data(repeating: 2, count: 32).base64EncodedString()
        for size in ["0", "7", "9223372036854775807"] {
            #expect(Checkpoint(text: "a\n\(size)\n\(root)\n")?.size == Int(size))
        }
        for size in ["", "00", "07", "+7", "-7", "7 ", "0x7", "9223372036854775808", "٧"] {
            #expect(Checkpoint(text: "a\n\(size)\n\(root)\n") == nil, "\(size)")
        }
    }

    @Test func `the root is taken in its one spelling only`() throws {
        let root = Data(repeating: 2, count: 32).base64EncodedString()
        #expect(Checkpoint(text: "a\n5\n\(root)\n")?.root == [UInt8](repeating: 2, count: 32))
        let others = respellings(of: root)
        #expect(others.count == 4)
        for other in others { #expect(Checkpoint(text: "a\n5\n\(other)\n") == nil, "\(other)") }
    }

    @Test(arguments: [
        "", "a", "a\n5\n", "\n5\nROOT\n", "a\n5\nROOT", "a\n05\nROOT\n", "a\n+5\nROOT\n",
        "a\n-5\nROOT\n", "a\n 5\nROOT\n", "a\n5 \nROOT\n", "a\n\nROOT\n", "a\n5\n\n",
        "a\n9223372036854775808\nROOT\n", "a\n0x5\nROOT\n", "a\n\u{0665}\nROOT\n",
        "a\n5\nAAAA\n", "a\n5\nROOTAAAA\n", "a\n5\nROOT\n\n", "a\n5\nROOT\nx\n\ny\n",
    ])
    func `a malformed text is refused`(_ text: String) {
        let root = Data(repeating: 2, count: 32).base64EncodedString()
        #expect(Checkpoint(text: "a\n5\n\(root)\n") != nil)
        #expect(Checkpoint(text: text.replacing("ROOT", with: root)) == nil)
    }
}

/// The vkey of Tessera's log.
func tesseraKey() throws -> String {
    String(try VectorFile.text("tlog-tiles-tessera/vkey").prefix { !$0.isNewline })
}
