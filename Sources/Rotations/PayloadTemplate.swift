/// The text of a file in a form of its own: it is written as it stands, save for placeholders.
///
///     password = "{{client_secret|json}}"
///
/// A placeholder is a field's name in double braces, and perhaps an escape behind a bar. `{{{{` stands
/// for two braces.
package struct PayloadTemplate: Hashable, Sendable {
    /// What a placeholder stands for.
    package enum Field: String, Sendable, CaseIterable {
        case clientID = "client_id"
        case clientSecret = "client_secret"
        case apiKey = "api_key"
        /// The secret's name.
        case name
        /// The version's number.
        case version

        /// Whether payloads of this kind have it.
        package func belongs(to kind: Target.Kind) -> Bool {
            switch self {
            case .clientID, .clientSecret: kind == .serviceAccount
            case .apiKey: kind == .apiKey
            case .name, .version: true
            }
        }

        /// Whether it is the secret.
        package var isSecret: Bool { self == .clientSecret || self == .apiKey }
    }

    /// How a field is written, so that it means itself where it stands.
    package enum Escape: String, Sendable, CaseIterable {
        /// Within the quotation marks of a JSON string (RFC 8259).
        case json
        /// As the `env` format writes a value, with single quotes around it where it needs them.
        case env
        /// In the text or an attribute of XML.
        case xml
        /// In base64 with padding (RFC 4648, section 4).
        case base64
        /// In a URL, everything but unreserved characters encoded (RFC 3986, section 2.3).
        case percent
    }

    /// A piece of the text.
    package enum Part: Hashable, Sendable {
        case text(String)
        case field(Field, Escape?)
    }

    /// As it was written.
    package let text: String
    /// In order.
    package let parts: [Part]

    /// The fields that it uses.
    package var fields: Set<Field> {
        Set(
            parts.compactMap { part in
                if case .field(let field, _) = part { field } else { nil }
            })
    }

    /// What is wrong with a template, and in which of its lines, counted from 1.
    package struct Problem: Error, Hashable, Sendable {
        package let line: Int
        package let text: String
    }

    /// Reads a template. Throws what is wrong with the first placeholder that is none.
    package init(parsing text: String) throws(Problem) {
        var parts: [Part] = []
        var rest = text[...]
        func add(_ text: Substring) { if !text.isEmpty { parts.append(.text(String(text))) } }
        while let start = rest.firstRange(of: "{{") {
            add(rest[..<start.lowerBound])
            rest = rest[start.upperBound...]
            if rest.hasPrefix("{{") {
                add("{{")
                rest = rest.dropFirst(2)
                continue
            }
            let line = text[..<start.lowerBound].count(where: \.isNewline) + 1
            guard let end = rest.firstRange(of: "}}"),
                !rest[..<end.lowerBound].contains(where: \.isNewline)
            else {
                throw Problem(
                    line: line, text: "a placeholder has no end; `{{{{` stands for two braces")
            }
            parts.append(try Self.placeholder(rest[..<end.lowerBound], line))
            rest = rest[end.upperBound...]
        }
        add(rest)
        self.text = text
        self.parts = parts
    }

    private static func placeholder(_ text: Substring, _ line: Int) throws(Problem) -> Part {
        let words = text.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
            .map { $0.filter { $0 != " " } }
        guard let field = Field(rawValue: words[0]) else {
            throw Problem(
                line: line,
                text: "`{{\(text)}}` names no field; they are "
                    + Field.allCases.map(\.rawValue).joined(separator: ", "))
        }
        guard words.count == 2 else { return .field(field, nil) }
        guard let escape = Escape(rawValue: words[1]) else {
            throw Problem(
                line: line,
                text: "`{{\(text)}}` names no escape; they are "
                    + Escape.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return .field(field, escape)
    }
}

extension PayloadTemplate: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(parsing: decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
