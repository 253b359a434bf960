/// A place in a text, counted from 1, as editors count.
package struct Mark: Hashable, Sendable {
    package let line: Int
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// A node of a YAML document with the place where it begins.
///
/// The subset of YAML that this program reads: scalars, sequences and mappings. Anchors, aliases
/// and tags are refused, since no reader expects them in a configuration; so are duplicate keys.
package indirect enum Node: Sendable {
    case scalar(Scalar)
    case sequence([Node], Mark)
    case mapping([(key: Scalar, value: Node)], Mark)

    /// Where the node begins.
    package var mark: Mark {
        switch self {
        case .scalar(let scalar): scalar.mark
        case .sequence(_, let mark), .mapping(_, let mark): mark
        }
    }

    /// What the node is, in words for an error.
    package var kind: String {
        switch self {
        case .scalar(let scalar): scalar.isNull ? "nothing" : "`\(scalar.text)`"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// A scalar as it was written.
package struct Scalar: Sendable {
    package let text: String
    /// Whether it stood without quotes, so that `true`, `5` and `null` mean what they look like.
    package let isPlain: Bool
    package let mark: Mark

    /// Whether it is YAML's null.
    package var isNull: Bool { isPlain && (text.isEmpty || text == "~" || text == "null") }
}

/// Why a text is not a YAML document of the subset that is read here.
package struct YAMLError: Error, Hashable, Sendable {
    /// One sentence, lower case, without a full stop.
    package let problem: String
    package let mark: Mark

    package init(problem: String, mark: Mark) {
        self.problem = problem
        self.mark = mark
    }
}
