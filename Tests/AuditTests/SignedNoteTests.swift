import Audit
import Testing
import VectorFiles

struct SignedNoteTests {
    @Test func `the notes of C2SP and of Go open with their keys`() throws {
        let file: NoteFile = try VectorFile.json("signed-note/signed_notes.json")
        #expect(file.notes.count == 3)
        for example in file.notes {
            let key = try #require(VerifierKey(example.vkey))
            #expect(key.description == example.vkey)
            let note = try #require(SignedNote(example.note))
            #expect(note.isSigned(by: key), "\(example.name)")
            #expect(example.note.hasPrefix(note.text + "\n\u{2014} "))
        }
    }

    @Test func `the seed of zeros signs byte for byte as Go does`() throws {
        let file: NoteFile = try VectorFile.json("signed-note/signed_notes.json")
        let signer = try NoteSigner(name: "EnochRoot", seed: file.seed.bytes.span)
        let example = try #require(file.notes.last)
        let note = try #require(SignedNote(example.note))
        let mine = try signer.sign(note.text)
        let lines = example.note.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(mine.split(separator: "\n").last == lines[4])
        #expect(mine == note.text + "\n" + lines[4] + "\n")
        // Both signatures of Go's note stand, and ours makes a note of its own.
        #expect(note.isSigned(by: signer.verifier))
        #expect(try #require(SignedNote(mine)).isSigned(by: signer.verifier))
    }

    @Test func `bad vkeys are refused`() throws {
        let file: NoteFile = try VectorFile.json("signed-note/signed_notes.json")
        #expect(file.badKeys.count == 2)
        for text in file.badKeys { #expect(VerifierKey(text) == nil, "\(text)") }
        let good = file.notes[1].vkey
        #expect(VerifierKey(good) != nil)
        let parts = good.split(separator: "+", maxSplits: 2).map(String.init)
        for text in [
            "", "+", "++", good + "A", " " + good, good + "\n", String(good.dropLast(4)),
            parts[0] + "+" + parts[1], "+\(parts[1])+\(parts[2])",
            // A name that is another, or no name.
            "Peterneumann+\(parts[1])+\(parts[2])", "Peter Neumann+c74f20a3+\(parts[2])",
            "\(parts[0])+c74f20a4+\(parts[2])", "\(parts[0])+c74f20a+\(parts[2])",
            "\(parts[0])+0c74f20a3+\(parts[2])", "\(parts[0])+0xc74f20+\(parts[2])",
        ] {
            #expect(VerifierKey(text) == nil, "\(text)")
        }
    }

    @Test func `a key whose base64 holds a plus sign is read`() throws {
        var keys = 0
        for byte in UInt8.min...UInt8.max {
            let signer = try NoteSigner(
                name: "example.com/log", seed: [UInt8](repeating: byte, count: 32).span)
            let text = signer.verifier.description
            if text.split(separator: "+", omittingEmptySubsequences: false).count > 3 { keys += 1 }
            #expect(VerifierKey(text) == signer.verifier)
        }
        #expect(keys > 0)
    }

    @Test(arguments: ["", "a b", "a+b", "a\tb", "a\u{a0}b", "a\u{2003}b", "+", "a+\u{301}b"])
    func `a name with blanks or plus signs is none`(_ name: String) throws {
        // The hash is right, so only the name can be at fault.
        let key = VerifierKey(name: name, publicKey: [UInt8](repeating: 1, count: 32))
        #expect(VerifierKey(key.description) == nil)
    }

    @Test func `base64 is taken in its one spelling only`() throws {
        let signer = try NoteSigner(name: "x", seed: [UInt8](repeating: 1, count: 32).span)
        let note = try signer.sign("text\n")
        #expect(SignedNote(note) != nil)
        // 68 bytes end in one padding sign and two bits that must be zero.
        #expect(note.hasSuffix("=\n"))
        for last in respellings(of: String(note.dropLast())) {
            #expect(SignedNote(last + "\n") == nil, "\(last)")
        }
    }

    @Test func `a changed text or signature is not signed`() throws {
        let signer = try NoteSigner(name: "x", seed: [UInt8](repeating: 1, count: 32).span)
        let note = Array(try signer.sign("one\ntwo\n").utf8)
        for index in note.indices {
            var changed = note
            changed[index] ^= 1
            let text = String(decoding: changed, as: UTF8.self)
            #expect(SignedNote(text)?.isSigned(by: signer.verifier) != true, "\(index)")
        }
    }

    @Test func `the last empty line divides the text from the signatures`() throws {
        let signer = try NoteSigner(name: "x", seed: [UInt8](repeating: 1, count: 32).span)
        for text in ["one\n\ntwo\n", "\n", "\n\n", "one\n\n\u{2014} x AAAAAAAA\n"] {
            let note = try #require(SignedNote(try signer.sign(text)))
            #expect(note.text == text)
            #expect(note.signatures.count == 1)
            #expect(note.isSigned(by: signer.verifier))
        }
    }

    @Test func `unknown keys are passed over, and a wrong line of a known key spoils the note`()
        throws
    {
        let known = try NoteSigner(name: "x", seed: [UInt8](repeating: 1, count: 32).span)
        let sameName = try NoteSigner(name: "x", seed: [UInt8](repeating: 2, count: 32).span)
        let other = try NoteSigner(name: "y", seed: [UInt8](repeating: 3, count: 32).span)
        func line(_ signer: NoteSigner, _ text: String) throws -> String {
            String(try signer.sign(text).dropFirst(text.count + 1))
        }
        let text = "text\n"
        let good = try line(known, text)
        let wrong = try line(known, "another\n")
        let strangers = try line(sameName, text) + line(other, text)
        func isSigned(_ lines: String) throws -> Bool {
            try #require(SignedNote("\(text)\n\(lines)")).isSigned(by: known.verifier)
        }
        #expect(try isSigned(good))
        #expect(try isSigned(strangers + good))
        #expect(try isSigned(good + strangers))
        #expect(try isSigned(good + good))
        #expect(try !isSigned(strangers))
        #expect(try !isSigned(wrong))
        #expect(try !isSigned(good + wrong))
        #expect(try !isSigned(wrong + good))
    }

    @Test(arguments: [
        "", "\n", "text\n", "text\n\n", "text\n\n\u{2014} x AAAAAAAA",  // no newline at the end
        "text\n\u{2014} x AAAAAAAA\n",  // no empty line
        "text\n\n- x AAAAAAAA\n", "text\n\n\u{2014}x AAAAAAAA\n", "text\n\n\u{2014} x\n",
        "text\n\n\u{2014} x AAAAAAAA \n", "text\n\n\u{2014} x  AAAAAAAA\n",
        "text\n\n\u{2014}  AAAAAAAA\n", "text\n\n\u{2014} x+y AAAAAAAA\n",
        "text\n\n\u{2014} x AAAA\n",  // not even a key id
        "text\n\n\u{2014} x A_A-AAAA\n", "text\n\n\u{2014} x AAAAAAA\n",
        "text\r\n\n\u{2014} x AAAAAAAA\n", "te\u{0}xt\n\n\u{2014} x AAAAAAAA\n",
        "text\n\n\u{2014} x AAAAAAAA\nmore\n",
    ])
    func `a malformed note is refused`(_ note: String) {
        #expect(SignedNote("text\n\n\u{2014} x AAAAAAAA\n") != nil)
        #expect(SignedNote(note) == nil)
    }

    @Test func `a hundred signatures and a megabyte are read and no more`() throws {
        let line = "\u{2014} x AAAAAAAA\n"
        #expect(
            SignedNote("text\n\n" + String(repeating: line, count: 100))?.signatures.count == 100)
        #expect(SignedNote("text\n\n" + String(repeating: line, count: 101)) == nil)
        let room = 1_000_000 - line.utf8.count - 2
        #expect(SignedNote(String(repeating: "a", count: room) + "\n\n" + line) != nil)
        #expect(SignedNote(String(repeating: "a", count: room + 1) + "\n\n" + line) == nil)
    }
}

/// The same bytes in base64 otherwise: stray bits, more padding, none.
func respellings(of base64: String) -> [String] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    let body = base64.dropLast()  // one padding sign
    guard base64.hasSuffix("="), let last = body.last, let index = alphabet.firstIndex(of: last)
    else { return [] }
    return [
        "\(body.dropLast())\(alphabet[index + 1])=", "\(base64)=", "\(base64)====", String(body),
    ]
}

private struct NoteFile: Decodable {
    let notes: [Example]
    let badKeys: [String]
    let seed: Hex

    struct Example: Decodable {
        let name: String
        let vkey: String
        let note: String
    }

    private enum CodingKeys: String, CodingKey {
        case notes = "signed_notes"
        case badKeys = "bad_vkeys"
        case seed = "enochroot_ed25519_seed_hex"
    }
}
