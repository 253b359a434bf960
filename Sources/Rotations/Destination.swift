/// A file or a command that receives a secret.
package struct Destination: Codable, Hashable, Sendable {
    /// What receives it.
    package enum Receiver: Codable, Hashable, Sendable {
        case file(FileTerms)
        case command(CommandTerms)
    }

    package let receiver: Receiver
    /// Whether the rotation is not done without it. The default.
    package let isRequired: Bool

    package init(receiver: Receiver, isRequired: Bool) {
        self.receiver = receiver
        self.isRequired = isRequired
    }

    /// How the secret is written down for it.
    package var format: PayloadFormat {
        switch receiver {
        case .file(let file): file.format
        case .command(let command): command.input
        }
    }

    /// Names the destination in rows, entries and `deliver --to`: it stays the same while the path,
    /// or the command and its arguments, stay the same.
    package var id: String {
        switch receiver {
        case .file(let file): "file:\(file.path)"
        case .command(let command): "command:\(command.run.joined(separator: " "))"
        }
    }
}

/// How a secret is written down.
package enum PayloadFormat: Hashable, Sendable {
    /// The secret alone, without a newline.
    case raw
    /// `NAME=value` lines.
    case env
    /// One object.
    case json
    /// A text with placeholders; only for files.
    case template(PayloadTemplate)

    /// The formats that are no more than their names.
    package enum Name: String, Codable, Sendable, CaseIterable {
        case raw
        case env
        case json
    }

    package init(_ name: Name) {
        switch name {
        case .raw: self = .raw
        case .env: self = .env
        case .json: self = .json
        }
    }

    /// As a policy names it.
    package var name: String {
        switch self {
        case .raw: Name.raw.rawValue
        case .env: Name.env.rawValue
        case .json: Name.json.rawValue
        case .template: "template"
        }
    }
}

/// A name is written as it is, and a template as an object: documents from before there were templates
/// stay as they are.
extension PayloadFormat: Codable {
    private enum Key: CodingKey { case template }

    package init(from decoder: any Decoder) throws {
        if let name = try? decoder.singleValueContainer().decode(Name.self) {
            self.init(name)
        } else {
            let container = try decoder.container(keyedBy: Key.self)
            self = .template(try container.decode(PayloadTemplate.self, forKey: .template))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        if case .template(let template) = self {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(template, forKey: .template)
        } else {
            var container = encoder.singleValueContainer()
            try container.encode(name)
        }
    }
}

/// A file that receives a secret.
package struct FileTerms: Codable, Hashable, Sendable {
    /// Absolute, without symbolic links.
    package let path: String
    package let format: PayloadFormat
    /// A user's name or number; the running user when nil.
    package let owner: String?
    /// A group's name or number; the running group when nil.
    package let group: String?
    /// Permission bits, 0600 unless said.
    package let mode: UInt32

    package init(
        path: String, format: PayloadFormat, owner: String?, group: String?, mode: UInt32
    ) {
        self.path = path
        self.format = format
        self.owner = owner
        self.group = group
        self.mode = mode
    }
}

/// A command that receives a secret on its standard input.
package struct CommandTerms: Codable, Hashable, Sendable {
    /// The program, an absolute path, and its arguments. No shell reads them.
    package let run: [String]
    package let input: PayloadFormat
    /// How long it may run before its whole session is ended.
    package let timeout: Interval
    /// The name or number of the user as whom it runs; the running user when nil.
    package let user: String?
    /// How the secret comes to it; nil: on its standard input.
    package let via: Via?

    /// The ways besides standard input.
    package enum Via: String, Codable, Sendable, CaseIterable {
        /// In a file that only it can read, and that ends with it.
        case file
    }

    package init(
        run: [String], input: PayloadFormat, timeout: Interval, user: String? = nil,
        via: Via? = nil
    ) {
        self.via = via
        self.run = run
        self.input = input
        self.timeout = timeout
        self.user = user
    }
}

/// The variable names of the `env` format.
package struct EnvironmentNames: Codable, Hashable, Sendable {
    package var clientID = "PINECONE_CLIENT_ID"
    package var clientSecret = "PINECONE_CLIENT_SECRET"
    package var apiKey = "PINECONE_API_KEY"

    package init() {}
}
