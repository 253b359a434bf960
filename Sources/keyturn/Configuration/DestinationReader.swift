import Rotations
import Storage
import YAML

/// Reads a destination of a policy.
struct DestinationReader {
    let state: StateDirectory

    /// The destination that a node declares, and where its path or program stands.
    func read(_ node: Node) throws(Problem) -> (destination: Destination, mark: Mark) {
        let fields = try Fields(node, "a destination", keys: ["file", "command"])
        switch (fields.node("file"), fields.node("command")) {
        case (let node?, nil): return try file(node)
        case (nil, let node?): return try command(node)
        default:
            throw Problem(
                fields.mark, "a destination needs one of the keys `file` and `command`",
                hint: "for example - file: { path: /run/app/pinecone.env, format: env }")
        }
    }

    private func file(_ node: Node) throws(Problem) -> (destination: Destination, mark: Mark) {
        let fields = try Fields(
            node, "`file`",
            keys: ["path", "format", "template", "owner", "group", "mode", "required"])
        let path = try absolute("path", fields)
        guard !state.contains(path) else {
            throw Problem(
                try fields.required("path").mark,
                "\(path) is inside the state directory \(state.path)",
                hint: "deliver to a place that consumers may read")
        }
        let destination = Destination(
            receiver: .file(
                FileTerms(
                    path: path, format: try format(fields),
                    owner: try fields.text("owner"), group: try fields.text("group"),
                    mode: try mode(fields) ?? 0o600)),
            isRequired: try fields.boolean("required") ?? true)
        return (destination, try fields.required("path").mark)
    }

    /// The words of `format`.
    private enum FileFormat: String, CaseIterable {
        case raw
        case env
        case json
        case template
    }

    /// How a file is written: `template` is the text under the key of that name.
    private func format(_ fields: Fields) throws(Problem) -> PayloadFormat {
        let word = try fields.word("format", as: FileFormat.self)
        guard let node = fields.node("template") else {
            switch word {
            case .raw, nil: return .raw
            case .env: return .env
            case .json: return .json
            case .template:
                throw Problem(
                    try fields.required("format").mark,
                    "`format: template` needs the key `template`, the text with its placeholders",
                    hint: "for example template: \"token={{client_secret}}\\n\"")
            }
        }
        if let word, word != .template {
            throw Problem(
                try fields.required("format").mark,
                "there is a `template`, and `format` is `\(word.rawValue)`",
                hint: "leave `format` out")
        }
        let text = try Fields.text(node, "`template`")
        guard text.utf8.count <= Self.templateLimit else {
            throw Problem(
                node.mark, "`template` has more than \(Self.templateLimit / 1024) KiB")
        }
        do throws(PayloadTemplate.Problem) {
            return .template(try PayloadTemplate(parsing: text))
        } catch {
            throw Problem(node.mark, "line \(error.line) of `template`: \(error.text)")
        }
    }

    /// The longest template, in bytes.
    private static let templateLimit = 16 << 10

    private func command(
        _ node: Node
    ) throws(Problem) -> (destination: Destination, mark: Mark) {
        let fields = try Fields(
            node, "`command`", keys: ["run", "input", "via", "timeout", "user", "required"])
        let (run, mark) = try Self.words(fields)
        let timeout = try Self.timeout(fields)
        let destination = Destination(
            receiver: .command(
                CommandTerms(
                    run: run,
                    input: PayloadFormat(
                        try fields.word("input", as: PayloadFormat.Name.self) ?? .json),
                    timeout: timeout, user: try fields.text("user"),
                    via: try fields.word("via", as: Way.self) == .file ? .file : nil)),
            isRequired: try fields.boolean("required") ?? true)
        return (destination, mark)
    }

    /// The words of `via`.
    private enum Way: String, CaseIterable {
        case stdin
        case file
    }

    /// A program and its arguments, and where the program stands.
    static func words(_ fields: Fields) throws(Problem) -> (run: [String], mark: Mark) {
        let words = try fields.list("run")
        guard let program = words.first else {
            throw Problem(
                fields.mark, "`command` needs the key `run`, a program and its arguments",
                hint: "for example run: [/usr/local/libexec/push, ci]")
        }
        var run: [String] = []
        for word in words { run.append(try Fields.text(word, "a word of `run`")) }
        guard isAbsolute(run[0]) else {
            throw Problem(
                program.mark, "a program must be an absolute path, and this is `\(run[0])`",
                hint: "no shell and no PATH are used")
        }
        return (run, program.mark)
    }

    /// How long a program may take.
    static func timeout(_ fields: Fields) throws(Problem) -> Interval {
        let timeout = try fields.interval("timeout") ?? Interval(seconds: 30)
        guard timeout >= Interval(seconds: 1), timeout <= .hours(1) else {
            throw Problem(
                try fields.required("timeout").mark, "`timeout` is expected to be 1s to 1h")
        }
        return timeout
    }

    private func absolute(_ key: String, _ fields: Fields) throws(Problem) -> String {
        let path = try fields.requiredText(key)
        guard Self.isAbsolute(path) else {
            throw Problem(
                try fields.required(key).mark,
                "`\(key)` must be an absolute path without `..`, and this is `\(path)`")
        }
        return path
    }

    /// Whether a path leads to one place.
    static func isAbsolute(_ path: String) -> Bool {
        path.hasPrefix("/") && !path.hasSuffix("/") && path.utf8.count < 4096
            && path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
                .allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }

    /// Permission bits, as text: `0440` without quotes is another number to other readers of YAML.
    private func mode(_ fields: Fields) throws(Problem) -> UInt32? {
        guard let node = fields.node("mode") else { return nil }
        guard case .scalar(let scalar) = node, !scalar.isPlain,
            let mode = UInt32(scalar.text, radix: 8), mode <= 0o777, scalar.text.count <= 4,
            mode & 0o002 == 0, mode & 0o400 != 0
        else {
            throw Problem(
                node.mark,
                "`mode` is expected to be permission bits in quotes, and this is \(node.kind)",
                hint: #"write mode: "0440"; others may never write"#)
        }
        return mode
    }
}
