import Rotations
import YAML

/// The keys of a mapping, each read as what it must be.
struct Fields {
    let mark: Mark
    private let what: String
    private let pairs: [(key: Scalar, value: Node)]
    private var defaults: [(key: Scalar, value: Node)] = []

    /// Takes a node as a mapping that has only these keys; the first that it should not have is
    /// thrown.
    /// - Parameters:
    ///   - what: the thing, as an error names it, such as `a policy`.
    init(
        _ node: Node, _ what: String, keys: [String]
    ) throws(Problem) {
        var problems: [Problem] = []
        try self.init(node, what, keys: keys, problems: &problems)
        if let first = problems.first { throw first }
    }

    /// The same, with every key that it should not have added to `problems`; what is right can
    /// still be read.
    init(
        _ node: Node, _ what: String, keys: [String], problems: inout [Problem]
    ) throws(Problem) {
        guard case .mapping(let pairs, let mark) = node else {
            throw Problem(
                node.mark, "\(what) is expected to be a mapping of keys, and this is \(node.kind)")
        }
        self.mark = mark
        self.what = what
        self.pairs = pairs
        for (key, _) in pairs where !keys.contains(key.text) {
            problems.append(Self.unknown(key, of: what, keys))
        }
    }

    private static func unknown(_ key: Scalar, of what: String, _ keys: [String]) -> Problem {
        let nearest = Nearest.match(key.text, among: keys)
        return Problem(
            key.mark, "\(what) has no key `\(key.text)`",
            hint: nearest.map { "did you mean `\($0)`?" }
                ?? "the keys of \(what) are \(keys.joined(separator: ", "))")
    }

    /// The same keys, and for those that are absent the values of others.
    func with(defaults: Fields?) -> Fields {
        var fields = self
        fields.defaults = defaults?.pairs ?? []
        return fields
    }

    /// The value of a key; nil where the key is absent or empty.
    func node(_ key: String) -> Node? {
        Self.find(key, in: pairs) ?? Self.find(key, in: defaults)
    }

    /// Whether the mapping has the key itself, defaults apart.
    func hasOwn(_ key: String) -> Bool { Self.find(key, in: pairs) != nil }

    private static func find(_ key: String, in pairs: [(key: Scalar, value: Node)]) -> Node? {
        guard let value = pairs.first(where: { $0.key.text == key })?.value else { return nil }
        if case .scalar(let scalar) = value, scalar.isNull { return nil }
        return value
    }

    /// The value of a key that must be there.
    func required(_ key: String) throws(Problem) -> Node {
        guard let node = node(key) else {
            throw Problem(mark, "\(what) needs the key `\(key)`")
        }
        return node
    }

    // MARK: Kinds of values

    /// A text; nil where the key is absent.
    func text(_ key: String) throws(Problem) -> String? {
        guard let node = node(key) else { return nil }
        return try Fields.text(node, "`\(key)`")
    }

    /// A text that must be there.
    func requiredText(_ key: String) throws(Problem) -> String {
        try Fields.text(try required(key), "`\(key)`")
    }

    /// A node as a text.
    static func text(_ node: Node, _ what: String) throws(Problem) -> String {
        guard case .scalar(let scalar) = node, !scalar.text.isEmpty else {
            throw Problem(node.mark, "\(what) is expected to be a text, and this is \(node.kind)")
        }
        return scalar.text
    }

    /// A duration such as `30d`; nil where the key is absent.
    func interval(_ key: String) throws(Problem) -> Interval? {
        guard let node = node(key) else { return nil }
        let text = try Fields.text(node, "`\(key)`")
        do throws(IntervalError) {
            return try Interval(parsing: text)
        } catch {
            throw Problem(
                node.mark, "`\(key)` is expected to be a duration, and this is `\(text)`",
                hint: "write a whole number and one of s, m, h, d, w, such as 30d")
        }
    }

    /// A whole number within bounds; nil where the key is absent.
    func integer(_ key: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let scalar) = node, scalar.isPlain, let value = Int(scalar.text),
            range.contains(value)
        else {
            throw Problem(
                node.mark,
                "`\(key)` is expected to be a whole number from \(range.lowerBound) to "
                    + "\(range.upperBound), and this is \(node.kind)")
        }
        return value
    }

    /// `true` or `false`; nil where the key is absent.
    func boolean(_ key: String) throws(Problem) -> Bool? {
        guard let node = node(key) else { return nil }
        if case .scalar(let scalar) = node, scalar.isPlain {
            if scalar.text == "true" { return true }
            if scalar.text == "false" { return false }
        }
        throw Problem(
            node.mark, "`\(key)` is expected to be true or false, and this is \(node.kind)")
    }

    /// One of a few words; nil where the key is absent.
    func word<Word: RawRepresentable & CaseIterable>(
        _ key: String, as type: Word.Type
    ) throws(Problem) -> Word? where Word.RawValue == String {
        guard let node = node(key) else { return nil }
        let text = try Fields.text(node, "`\(key)`")
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        let nearest = Nearest.match(text, among: words)
        throw Problem(
            node.mark,
            "`\(key)` is expected to be one of \(words.joined(separator: ", ")), and this is "
                + "`\(text)`", hint: nearest.map { "did you mean `\($0)`?" })
    }

    /// A time: RFC 3339, or a bare date for its midnight in UTC; nil where the key is absent.
    func timestamp(_ key: String) throws(Problem) -> Timestamp? {
        guard let node = node(key) else { return nil }
        let text = try Fields.text(node, "`\(key)`")
        guard let time = Timestamp(rfc3339: text) else {
            throw Problem(
                node.mark, "`\(key)` is expected to be a time, and this is `\(text)`",
                hint: "write 2026-05-04 or 2026-05-04T09:30:00Z")
        }
        return time
    }

    /// The items of a list; none where the key is absent.
    func list(_ key: String) throws(Problem) -> [Node] {
        guard let node = node(key) else { return [] }
        guard case .sequence(let items, _) = node else {
            throw Problem(
                node.mark, "`\(key)` is expected to be a list, and this is \(node.kind)",
                hint: "begin each item with `- `")
        }
        return items
    }
}
