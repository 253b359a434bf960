/// A span in which schedules rotate nothing, with somebody who answers for it and an end.
///
/// Only max-age and people act during a freeze.
package struct Freeze: Hashable, Sendable {
    /// The secrets that a freeze holds.
    package enum Names: Hashable, Sendable {
        case all
        /// These, by the names of their policies; never empty.
        case only([String])
    }

    /// The first instant of the freeze.
    package let from: Timestamp
    /// The first instant after it.
    package let until: Timestamp
    /// Who asked for it.
    package let owner: String
    /// Why.
    package let reason: String
    /// Which secrets it holds.
    package let names: Names

    /// A freeze that says who, why and how long; anything less is refused.
    package init(
        from: Timestamp, until: Timestamp, owner: String, reason: String, names: Names
    ) throws(FreezeError) {
        guard from < until else { throw .endsBeforeItBegins }
        guard !owner.allSatisfy(\.isWhitespace) else { throw .noOwner }
        guard !reason.allSatisfy(\.isWhitespace) else { throw .noReason }
        if case .only(let list) = names, list.isEmpty { throw .noNames }
        self.from = from
        self.until = until
        self.owner = owner
        self.reason = reason
        self.names = names
    }

    /// Whether the freeze holds the secret of this name.
    package func covers(_ name: String) -> Bool {
        switch names {
        case .all: true
        case .only(let list): list.contains(name)
        }
    }

    /// Whether the instant lies in the freeze: `from` does, `until` does not.
    package func isActive(at instant: Timestamp) -> Bool {
        from <= instant && instant < until
    }
}

/// Why a freeze is refused.
package enum FreezeError: Error, Hashable {
    case endsBeforeItBegins
    case noOwner
    case noReason
    case noNames
}

extension Freeze: Codable {
    private enum CodingKeys: String, CodingKey {
        case from, until, owner, reason, names
    }

    /// Decodes and checks as `init` does.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            from: container.decode(Timestamp.self, forKey: .from),
            until: container.decode(Timestamp.self, forKey: .until),
            owner: container.decode(String.self, forKey: .owner),
            reason: container.decode(String.self, forKey: .reason),
            names: container.decode(Names.self, forKey: .names))
    }

    /// Encodes the five parts under their names.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(from, forKey: .from)
        try container.encode(until, forKey: .until)
        try container.encode(owner, forKey: .owner)
        try container.encode(reason, forKey: .reason)
        try container.encode(names, forKey: .names)
    }
}

extension Freeze.Names: Codable {
    /// Decodes the word `all` or a list of names.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // A text is the word; what is no text must be the list, whose own error is then reported.
        guard let word = try? container.decode(String.self) else {
            self = .only(try container.decode([String].self))
            return
        }
        guard word == "all" else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "expected all, or a list of names")
        }
        self = .all
    }

    /// Encodes the word `all` or the list of names.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .all: try container.encode("all")
        case .only(let list): try container.encode(list)
        }
    }
}
