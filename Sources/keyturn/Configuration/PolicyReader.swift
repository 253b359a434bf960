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
        "attempts", "acknowledge", "gate-deadline", "on-deadline",
    ]
    private static let keys =
        [
            "name", "service-account", "api-key", "strategy", "at", "last-rotated", "labels",
            "deliver", "env-names", "after",
        ] + defaultKeys

    /// The policy that a node declares; nil, and what is wrong is added, where it is wrong.
    func read(_ node: Node, _ problems: inout [Problem]) -> ConfigurationFile.DeclaredPolicy? {
        let before = problems.count
        let fields = problems.attempt { () throws(Problem) in
            var unknown: [Problem] = []
            let fields = try Fields(
                node, "a policy", keys: Self.keys, problems: &unknown)
            return (fields.with(defaults: defaults), unknown)
        }
        guard let (fields, unknown) = fields else { return nil }
        problems += unknown
        let name = problems.attempt { () throws(Problem) in try self.name(fields) }
        let target = problems.attempt { () throws(Problem) in try self.target(fields) }
        let strategy = problems.attempt { () throws(Problem) in try self.strategy(fields) }
        let schedule = problems.attempt { () throws(Problem) in
            try ScheduleReader(policy: fields).read()
        }
        let receivers = destinations(fields, &problems)
        if let kind = target?.target.kind {
            problems += receivers.compactMap {
                Self.problem($0.destination.format, kind, strategy, $0.mark)
            }
        }
        let limits = problems.attempt { () throws(Problem) in try self.limits(fields, strategy) }
        let names = problems.attempt { () throws(Problem) in try environmentNames(fields) }
        let labels = problems.attempt { () throws(Problem) in try self.labels(fields) }
        let lastRotated = problems.attempt { () throws(Problem) in
            try fields.timestamp("last-rotated")
        }
        let after = problems.attempt { () throws(Problem) in
            try ReactionReader.read(try fields.list("after"))
        }
        guard problems.count == before, let after, let name, let target, let strategy, let schedule,
            let limits, let names, let labels, let lastRotated
        else { return nil }
        var terms = limits(Terms(strategy: strategy))
        terms.destinations = receivers.map(\.destination)
        terms.environmentNames = names
        return ConfigurationFile.DeclaredPolicy(
            policy: Policy(
                name: name.text, target: target.target, schedule: schedule, labels: labels,
                terms: terms, after: after.isEmpty ? nil : after),
            lastRotated: lastRotated, mark: name.mark, targetMark: target.mark,
            destinationMarks: receivers.map(\.mark))
    }

    /// Why consumers could not use what is written so.
    private static func problem(
        _ format: PayloadFormat, _ kind: Target.Kind, _ strategy: Strategy?, _ mark: Mark
    ) -> Problem? {
        var hasClientID = format != .raw
        if case .template(let template) = format {
            let fields = PayloadTemplate.Field.allCases.filter { $0.belongs(to: kind) }
            let names = fields.map(\.rawValue).joined(separator: ", ")
            if let stranger = template.fields.first(where: { !$0.belongs(to: kind) }) {
                return Problem(
                    mark, "the template names {{\(stranger.rawValue)}}, which this target has not",
                    hint: "it has \(names)")
            }
            guard template.fields.contains(where: \.isSecret) else {
                return Problem(
                    mark, "the template does not name the secret: nothing would be delivered",
                    hint: "it has \(names)")
            }
            hasClientID = template.fields.contains(.clientID)
        }
        guard kind == .serviceAccount, strategy == .overlap, !hasClientID else { return nil }
        return Problem(
            mark,
            "`\(format.name)` leaves the client id out, and with `overlap` it changes with the secret",
            hint: "write env or json, and let the consumer read both")
    }

    private func name(_ fields: Fields) throws(Problem) -> (text: String, mark: Mark) {
        let name = try fields.requiredText("name")
        let mark = try fields.required("name").mark
        guard Names.isName(name) else {
            throw Problem(mark, "`\(name)` is no name for a policy", hint: Names.hint)
        }
        return (name, mark)
    }

    /// Overlap, and how much is kept and tried.
    private func limits(
        _ fields: Fields, _ strategy: Strategy?
    ) throws(Problem) -> (Terms) -> Terms {
        if fields.hasOwn("overlap"), strategy == .inPlace {
            throw Problem(
                try fields.required("overlap").mark,
                "an in-place rotation has no overlap: the old secret dies at once",
                hint: "leave `overlap` out")
        }
        let overlap = try fields.interval("overlap")
        let keep = try fields.integer("keep", in: 1...100)
        let attempts = try fields.integer("attempts", in: 1...1000)
        let gate = try gate(fields, strategy)
        return { terms in
            var terms = terms
            if let overlap { terms.overlap = overlap }
            if let keep { terms.keep = keep }
            if let attempts { terms.attempts = attempts }
            gate(&terms)
            return terms
        }
    }

    /// What the retirement of the old credential waits for (P25).
    private func gate(
        _ fields: Fields, _ strategy: Strategy?
    ) throws(Problem) -> (inout Terms) -> Void {
        for key in ["acknowledge", "gate-deadline", "on-deadline"]
        where fields.hasOwn(key) && strategy == .inPlace {
            throw Problem(
                try fields.required(key).mark,
                "`\(key)` says when an old credential is retired, and in place it dies at once",
                hint: "leave `\(key)` out")
        }
        let acknowledge = try fields.boolean("acknowledge")
        let deadline = try fields.interval("gate-deadline")
        let onDeadline = try fields.word("on-deadline", as: Terms.OnDeadline.self)
        if fields.hasOwn("on-deadline"), deadline == nil {
            throw Problem(
                try fields.required("on-deadline").mark,
                "`on-deadline` says what happens after a `gate-deadline`, and there is none",
                hint: "add gate-deadline: 7d, counted from the end of the overlap")
        }
        return { terms in
            guard strategy == .overlap else { return }
            terms.acknowledge = acknowledge ?? false
            terms.gateDeadline = deadline
            terms.onDeadline = onDeadline ?? .park
        }
    }

    // MARK: What is rotated

    private func target(_ fields: Fields) throws(Problem) -> (target: Target, mark: Mark) {
        switch (fields.node("service-account"), fields.node("api-key")) {
        case (let node?, nil): return try target(node, .serviceAccount)
        case (nil, let node?): return try target(node, .apiKey)
        case (nil, nil):
            throw Problem(
                fields.mark, "a policy needs one of the keys `service-account` and `api-key`")
        case (_, let second?):
            throw Problem(
                second.mark,
                "a policy has one of `service-account` and `api-key`, and this has both",
                hint: "make two policies of it")
        }
    }

    private func target(
        _ node: Node, _ kind: Target.Kind
    ) throws(Problem) -> (target: Target, mark: Mark) {
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
        return (
            Target(
                kind: kind, connection: connection, providerID: id,
                name: try fields.text("name"),
                project: kind == .apiKey ? try uuid("project", fields) : nil),
            try fields.required("id").mark
        )
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

    private func strategy(_ fields: Fields) throws(Problem) -> Strategy {
        let given = try fields.word("strategy", as: Strategy.self)
        let kind: Target.Kind = fields.node("api-key") == nil ? .serviceAccount : .apiKey
        switch (kind, given) {
        case (.apiKey, .inPlace):
            throw Problem(
                try fields.required("strategy").mark,
                "an API key cannot be rotated in place: Pinecone has no such call",
                hint: "leave `strategy` out; API keys always overlap")
        case (.serviceAccount, _): return given ?? .inPlace
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

    private func destinations(
        _ fields: Fields, _ problems: inout [Problem]
    ) -> [(destination: Destination, mark: Mark)] {
        var found: [(destination: Destination, mark: Mark)] = []
        let items = problems.attempt { () throws(Problem) in try fields.list("deliver") }
        for item in items ?? [] {
            let read = problems.attempt { () throws(Problem) in
                let (destination, mark) = try DestinationReader(state: state).read(item)
                guard !found.contains(where: { $0.destination.id == destination.id }) else {
                    throw Problem(mark, "this destination is here twice: \(destination.id)")
                }
                return (destination, mark)
            }
            if let read { found.append(read) }
        }
        return found
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
