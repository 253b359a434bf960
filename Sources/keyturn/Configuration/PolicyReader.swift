import Rotations
import Storage
import YAML

/// Reads a policy of the configuration.
struct PolicyReader {
    /// Names of the connections that a policy may use.
    let connections: [String]
    let state: StateDirectory
    let defaults: Fields?

    static let defaultKeys = [
        "every", "from", "cron", "first", "spread", "window", "max-age", "overlap", "keep",
        "attempts",
    ]
    private static let keys =
        [
            "name", "service-account", "api-key", "strategy", "at", "last-rotated", "labels",
            "deliver", "env-names",
        ] + defaultKeys
    private static let later = ["acknowledge", "gate-deadline", "on-deadline", "after"]

    /// The policy that a node declares.
    func read(_ node: Node) throws(Problem) -> ConfigurationFile.DeclaredPolicy {
        let fields = try Fields(node, "a policy", keys: Self.keys, later: Self.later)
            .with(defaults: defaults)
        let name = try fields.requiredText("name")
        guard Names.isName(name) else {
            throw Problem(
                try fields.required("name").mark, "`\(name)` is no name for a policy",
                hint: Names.hint)
        }
        let target = try target(fields)
        let strategy = try strategy(fields, target.kind)
        let schedule = try ScheduleReader(policy: fields).read()
        var terms = Terms(strategy: strategy)
        terms.destinations = try destinations(fields)
        terms.environmentNames = try environmentNames(fields)
        if fields.hasOwn("overlap"), strategy == .inPlace {
            throw Problem(
                try fields.required("overlap").mark,
                "an in-place rotation has no overlap: the old secret dies at once",
                hint: "leave `overlap` out")
        }
        if let overlap = try fields.interval("overlap") { terms.overlap = overlap }
        if let keep = try fields.integer("keep", in: 1...100) { terms.keep = keep }
        if let attempts = try fields.integer("attempts", in: 1...1000) {
            terms.attempts = attempts
        }
        return ConfigurationFile.DeclaredPolicy(
            policy: Policy(
                name: name, target: target, schedule: schedule, labels: try labels(fields),
                terms: terms),
            lastRotated: try fields.timestamp("last-rotated"), mark: fields.mark)
    }

    // MARK: What is rotated

    private func target(_ fields: Fields) throws(Problem) -> Target {
        switch (fields.node("service-account"), fields.node("api-key")) {
        case (let node?, nil): return try target(node, .serviceAccount)
        case (nil, let node?): return try target(node, .apiKey)
        default:
            throw Problem(
                fields.mark, "a policy needs one of the keys `service-account` and `api-key`")
        }
    }

    private func target(_ node: Node, _ kind: Target.Kind) throws(Problem) -> Target {
        let keys = ["connection", "id", "name"] + (kind == .apiKey ? ["project"] : [])
        let fields = try Fields(node, "`\(kind.rawValue)`", keys: keys)
        let connection = try fields.requiredText("connection")
        guard connections.contains(connection) else {
            let nearest = Nearest.match(connection, among: connections)
            throw Problem(
                try fields.required("connection").mark,
                "there is no connection `\(connection)`",
                hint: nearest.map { "did you mean `\($0)`?" }
                    ?? "declare it under `connections:` in this file")
        }
        let id = try uuid("id", fields)
        return Target(
            kind: kind, connection: connection, providerID: id,
            name: try fields.text("name"),
            project: kind == .apiKey ? try uuid("project", fields) : nil)
    }

    private func uuid(_ key: String, _ fields: Fields) throws(Problem) -> String {
        let text = try fields.requiredText(key)
        guard Names.isUUID(text) else {
            throw Problem(
                try fields.required(key).mark,
                "`\(key)` is expected to be a UUID, and this is `\(text)`",
                hint: "copy it from the Pinecone console or the Admin API")
        }
        return text.lowercased()
    }

    private func strategy(_ fields: Fields, _ kind: Target.Kind) throws(Problem) -> Strategy {
        let given = try fields.word("strategy", as: Strategy.self)
        switch (kind, given) {
        case (.serviceAccount, .overlap):
            throw Problem(
                try fields.required("strategy").mark,
                "`overlap` is not carried out for service accounts by this version",
                hint: "write strategy: in-place")
        case (.apiKey, .inPlace):
            throw Problem(
                try fields.required("strategy").mark,
                "an API key cannot be rotated in place: Pinecone has no such call",
                hint: "leave `strategy` out; API keys always overlap")
        case (.serviceAccount, _): return .inPlace
        case (.apiKey, _): return .overlap
        }
    }

    private func labels(_ fields: Fields) throws(Problem) -> [String: String] {
        guard let node = fields.node("labels") else { return [:] }
        guard case .mapping(let pairs, _) = node else {
            throw Problem(
                node.mark, "`labels` is expected to be a mapping, and this is \(node.kind)")
        }
        var labels: [String: String] = [:]
        for (key, value) in pairs {
            let text = try Fields.text(value, "the label `\(key.text)`")
            guard key.text.utf8.count <= 63, text.utf8.count <= 63, !key.text.contains("=") else {
                throw Problem(
                    key.mark, "a label has at most 63 bytes a side, and no `=` in its key")
            }
            labels[key.text] = text
        }
        return labels
    }

    // MARK: Who receives it

    private func destinations(_ fields: Fields) throws(Problem) -> [Destination] {
        var destinations: [Destination] = []
        for item in try fields.list("deliver") {
            let destination = try DestinationReader(state: state).read(item)
            guard !destinations.contains(where: { $0.id == destination.id }) else {
                throw Problem(item.mark, "this destination is here twice")
            }
            destinations.append(destination)
        }
        return destinations
    }

    private func environmentNames(_ fields: Fields) throws(Problem) -> EnvironmentNames {
        var names = EnvironmentNames()
        guard let node = fields.node("env-names") else { return names }
        let given = try Fields(
            node, "`env-names`", keys: ["client-id", "client-secret", "api-key"])
        func name(_ key: String) throws(Problem) -> String? {
            guard let text = try given.text(key) else { return nil }
            let isFit =
                text.utf8.count <= 128
                && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
                && text.first?.isNumber == false
            guard isFit else {
                throw Problem(
                    try given.required(key).mark, "`\(text)` is no name of a variable",
                    hint: "letters, digits and `_`, and no digit first")
            }
            return text
        }
        if let text = try name("client-id") { names.clientID = text }
        if let text = try name("client-secret") { names.clientSecret = text }
        if let text = try name("api-key") { names.apiKey = text }
        return names
    }
}
