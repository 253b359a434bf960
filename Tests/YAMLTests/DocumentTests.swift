import Testing
import YAML

struct DocumentTests {
    @Test func `scalars, lists and mappings are read with the places where they begin`() throws {
        let text = """
            # A comment
            policies:
              - name: "räder"   # two bytes, one column
                every: 30d
                to: [a, 'b']

              - {name: x}
            empty:
            """
        #expect(
            try shape(text) == [
                "2:1 mapping", "2:1 key policies", "3:3 list", "3:5 mapping", "3:5 key name",
                "3:11 quoted räder", "4:5 key every", "4:12 plain 30d", "5:5 key to", "5:9 list",
                "5:10 plain a", "5:13 quoted b", "7:5 mapping", "7:6 key name", "7:12 plain x",
                "8:1 key empty", "8:7 plain ",
            ])
    }

    @Test func `columns count characters and not bytes`() throws {
        #expect(
            try shape("{🔑é: x, b: y}") == [
                "1:1 mapping", "1:2 key 🔑é", "1:6 plain x", "1:9 key b", "1:12 plain y",
            ])
    }

    @Test(arguments: ["", "\n\n", "# only a comment\n", "\u{feff}"])
    func `a text without a document is none`(_ text: String) throws {
        #expect(try Document.parse(Array(text.utf8)) == nil)
    }

    @Test func `a document may begin and end explicitly, and be nothing`() throws {
        #expect(try shape("---\na\n...\n") == ["2:1 plain a"])
        #expect(try shape("%YAML 1.1\n---\na\n") == ["3:1 plain a"])
        #expect(try shape("\u{feff}a: b\n").last?.hasSuffix("plain b") == true)
        let nothing = try #require(try Document.parse(Array("---\n".utf8)))
        #expect(nothing.kind == "nothing")
    }

    @Test func `styles keep what was written`() throws {
        let text = """
            a: true
            b: "true"
            c: 'it''s'
            d: "tab\\t nul\\0 \\u00e9"
            e: |
              two
              lines
            f: >-
              one
              line
            g: plain
              goes on
            """
        #expect(
            try scalars(text) == [
                "plain true", "quoted true", "quoted it's", "quoted tab\t nul\u{0} é",
                "quoted two\nlines\n", "quoted one line", "plain plain goes on",
            ])
    }

    @Test(arguments: [
        ("", true), ("~", true), ("null", true), ("''", false), ("\"null\"", false), ("'~'", false),
        ("nil", false), ("0", false),
    ])
    func `null is what YAML calls null, without quotes`(_ text: String, _ isNull: Bool) throws {
        let root = try #require(try Document.parse(Array("a: \(text)\n".utf8)))
        guard case .mapping(let pairs, _) = root, case .scalar(let scalar) = pairs[0].value
        else { throw Unexpected() }
        #expect(scalar.isNull == isNull)
        #expect((pairs[0].value.kind == "nothing") == isNull)
    }

    @Test func `a node says in words what it is`() throws {
        for (text, kind) in [("[a]", "a list"), ("{a: b}", "a mapping"), ("5m", "`5m`")] {
            #expect(try Document.parse(Array(text.utf8))?.kind == kind)
        }
    }

    // MARK: - What is refused, and where

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3\n", 3, 1, "`a` is here twice"),
        ("a: 1\n\"a\": 3\n", 2, 1, "`a` is here twice"),
        ("x:\n  - {a: 1, a: 2}\n", 2, 12, "`a` is here twice"),
        ("a: &x 1\nb: *x\n", 1, 4, "anchors and aliases are not read here"),
        ("a: &x 1\n", 1, 4, "anchors and aliases are not read here"),
        ("&x a: 1\n", 1, 1, "anchors and aliases are not read here"),
        ("a: &x\n  b: 1\n", 1, 4, "anchors and aliases are not read here"),
        ("a: &x [1]\n", 1, 4, "anchors and aliases are not read here"),
        ("a: *x\n", 1, 4, "anchors and aliases are not read here"),
        ("- &x [*x]\n", 1, 3, "anchors and aliases are not read here"),
        ("a: !!int 5\n", 1, 4, "tags are not read here"),
        ("a: !!str 5\n", 1, 4, "tags are not read here"),
        ("a: !secret 5\n", 1, 4, "tags are not read here"),
        ("a: !!map {}\n", 1, 4, "tags are not read here"),
        ("a: !!seq []\n", 1, 4, "tags are not read here"),
        ("!x a: 5\n", 1, 1, "tags are not read here"),
        ("a:\n  <<: {b: 1}\n", 2, 3, "merge keys are not read here"),
        ("a: 1\n---\nb: 2\n", 2, 1, "a second document begins here; one is expected"),
        ("a: 1\n---\n", 2, 1, "a second document begins here; one is expected"),
        ("? [a]\n: 1\n", 1, 3, "a key must be a plain word"),
        ("? {a: b}\n: 1\n", 1, 3, "a key must be a plain word"),
    ])
    func `what the subset leaves out is refused where it stands`(
        _ text: String, _ line: Int, _ column: Int, _ problem: String
    ) {
        let error = #expect(throws: YAMLError.self) { try Document.parse(Array(text.utf8)) }
        #expect(error == YAMLError(problem: problem, mark: Mark(line: line, column: column)))
    }

    @Test func `32 levels are read and no more, however many there are`() throws {
        func nested(_ levels: Int) -> [UInt8] {
            Array(
                (String(repeating: "[", count: levels)
                    + String(repeating: "]", count: levels)).utf8)
        }
        #expect(throws: Never.self) { try Document.parse(nested(32)) }
        for levels in [33, 100_000] {
            let error = #expect(throws: YAMLError.self) { try Document.parse(nested(levels)) }
            #expect(error?.problem == "nested too deeply")
            #expect(error?.mark == Mark(line: 1, column: 33))
        }
        let mappings = (0..<33).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        let error = #expect(throws: YAMLError.self) { try Document.parse(Array(mappings.utf8)) }
        #expect(error?.problem == "nested too deeply")
    }

    @Test func `aliases that would grow without bound cost nothing`() {
        var text = "a0: &a0 [x, x]\n"
        for level in 1..<30 {
            text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n"
        }
        #expect(throws: YAMLError.self) { try Document.parse(Array(text.utf8)) }
    }

    @Test(arguments: [
        ("a: [1, 2\nb: 3\n", 2, 2), ("a: 'open\n", 2, 1), ("a: b: c\n", 1, 5),
        ("a: 1\n b: 2\n", 2, 3), ("\ta: 1\n", 1, 1), ("a: \"\\q\"\n", 1, 5),
        ("a: 1\n}\n", 2, 1), ("a: @x\n", 1, 4), ("a:\n  - b\n c: d\n", 3, 2),
        ("a: 1\n...\nb: 2\n", 3, 1),
    ])
    func `an error of syntax is told where it is`(_ text: String, _ line: Int, _ column: Int) {
        let error = #expect(throws: YAMLError.self) { try Document.parse(Array(text.utf8)) }
        #expect(error?.mark == Mark(line: line, column: column))
        #expect(error?.problem.isEmpty == false)
        #expect(error?.problem.hasSuffix(".") == false)
    }

    @Test(
        arguments: [
            (Array("a: 1\nb: r".utf8) + [0xff] + Array("der\n".utf8), 2, 5),
            ([0xff, 0x61], 1, 1),
            (Array("é: ".utf8) + [0xc3, 0x28], 1, 4),
            (Array("a: x\nb: ".utf8) + [0xe2, 0x82], 2, 4),
            (Array("a: ".utf8) + [0xed, 0xa0, 0x80], 1, 4),
            (Array("a: ".utf8) + [0xc0, 0x80], 1, 4),
        ] as [([UInt8], Int, Int)])
    func `bytes that are no UTF-8 are told where they are`(
        _ bytes: [UInt8], _ line: Int, _ column: Int
    ) {
        let error = #expect(throws: YAMLError.self) { try Document.parse(bytes) }
        #expect(
            error
                == YAMLError(
                    problem: "this is not UTF-8", mark: Mark(line: line, column: column)))
    }

    @Test func `what is wrong far down is told where it is`() {
        let text = Array(String(repeating: "- räder\n", count: 5_000).utf8)
        for (bytes, problem) in [
            ([0x2d, 0x20, 0xff], "this is not UTF-8"),
            ([0x2d, 0x20, 0x01], "control characters are not allowed"),
        ] as [([UInt8], String)] {
            let error = #expect(throws: YAMLError.self) { try Document.parse(text + bytes) }
            #expect(
                error == YAMLError(problem: problem, mark: Mark(line: 5_001, column: 3)))
        }
    }

    @Test func `whatever somebody types is read, or refused at a place in the text`() {
        let text = Array(
            """
            policies:
              - name: "räder"
                every: 30d   # a comment
                to: [a, 'b', {c: d}]
                hook: |
                  two
                  lines
            """.utf8)
        let marks = Array("[]{}:,-?&*!|>'\"%@`#<~ \n\t\\0a\u{1}".utf8) + [0xc3, 0xff]
        var state: UInt64 = 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var refused = 0
        for _ in 0..<3_000 {
            var changed = text
            for _ in 0...random(3) {
                let at = random(changed.count)
                switch random(3) {
                case 0: changed[at] = marks[random(marks.count)]
                case 1: changed.insert(marks[random(marks.count)], at: at)
                default: changed.removeSubrange(at..<min(at + random(9), changed.count))
                }
            }
            do throws(YAMLError) {
                _ = try Document.parse(changed)
            } catch {
                refused += 1
                let lines = changed.split(separator: 0x0a, omittingEmptySubsequences: false)
                #expect((1...lines.count + 1).contains(error.mark.line))
                #expect((1...changed.count + 1).contains(error.mark.column))
            }
        }
        #expect((1_000..<2_999).contains(refused))
    }
}

private struct Unexpected: Error {}

/// Every node with its place, in the order of the text.
private func shape(_ text: String) throws -> [String] {
    func lines(_ node: Node) -> [String] {
        let mark = "\(node.mark.line):\(node.mark.column)"
        switch node {
        case .scalar(let scalar): return ["\(mark) \(style(scalar)) \(scalar.text)"]
        case .sequence(let items, _): return ["\(mark) list"] + items.flatMap(lines)
        case .mapping(let pairs, _):
            return ["\(mark) mapping"]
                + pairs.flatMap { pair in
                    ["\(pair.key.mark.line):\(pair.key.mark.column) key \(pair.key.text)"]
                        + lines(pair.value)
                }
        }
    }
    return lines(try #require(try Document.parse(Array(text.utf8))))
}

/// The values of a mapping.
private func scalars(_ text: String) throws -> [String] {
    guard case .mapping(let pairs, _) = try Document.parse(Array(text.utf8)) else {
        throw Unexpected()
    }
    return try pairs.map { pair in
        guard case .scalar(let scalar) = pair.value else { throw Unexpected() }
        return "\(style(scalar)) \(scalar.text)"
    }
}

private func style(_ scalar: Scalar) -> String { scalar.isPlain ? "plain" : "quoted" }
