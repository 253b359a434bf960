import HTTP
import Rotations
import Storage
import YAML

/// A `keyturn.yaml`, read and found to be right.
struct ConfigurationFile {
    let connections: [Connection]
    let policies: [DeclaredPolicy]
    let freezes: [Freeze]
    let anchors: AnchorSettings
    let notifications: NotificationSettings

    /// A policy of the file.
    struct DeclaredPolicy {
        let policy: Policy
        /// Where its age starts, if the file says so.
        let lastRotated: Timestamp?
        /// Where its name stands.
        let mark: Mark
        /// Where the credential's id stands.
        let targetMark: Mark
        /// Where each destination's path or program stands.
        let destinationMarks: [Mark]
    }

    /// Reads the file's bytes. Everything wrong in it is told at once.
    /// - Parameters:
    ///   - state: where no destination may be.
    ///   - stored: connections that are applied already.
    static func parse(
        _ bytes: [UInt8], state: StateDirectory, storedConnections stored: [Connection]
    ) throws(Problems) -> ConfigurationFile {
        var reader = Reader(state: state, storedConnections: stored)
        let file = reader.read(bytes)
        guard reader.problems.isEmpty, let file else { throw Problems(reader.problems) }
        return file
    }

    /// Everything that is wrong with a file, in its order.
    struct Problems: Error {
        let all: [Problem]

        /// What is wrong with a default is found with each policy, and told once.
        init(_ problems: [Problem]) {
            var unique: [Problem] = []
            for problem in problems where !unique.contains(problem) { unique.append(problem) }
            all = unique.sorted {
                ($0.mark.line, $0.mark.column) < ($1.mark.line, $1.mark.column)
            }
        }
    }

    private struct Reader {
        let state: StateDirectory
        let storedConnections: [Connection]
        var problems: [Problem] = []

        mutating func read(_ bytes: [UInt8]) -> ConfigurationFile? {
            do throws(Problem) {
                return try parse(bytes)
            } catch {
                problems.append(error)
                return nil
            }
        }

        private mutating func parse(_ bytes: [UInt8]) throws(Problem) -> ConfigurationFile {
            let top = try Fields(
                try Self.root(bytes), "the file",
                keys: [
                    "version", "connections", "defaults", "policies", "freezes", "anchors",
                    "notify",
                ],
                problems: &problems)
            // Another version may mean anything, so nothing else is said of it.
            guard try top.integer("version", in: 1...1) != nil else {
                throw Problem(
                    top.mark, "the file needs the key `version`", hint: "write version: 1")
            }
            let (connections, names) = self.connections(top)
            let freezes = self.freezes(top)
            let policies = self.policies(top, connectionNames: names)
            let anchors = self.anchors(top)
            refuse(anchors, in: policies)
            problems += Clashes(connections: storedConnections + connections).among(policies)
            return ConfigurationFile(
                connections: connections, policies: policies, freezes: freezes, anchors: anchors,
                notifications: notifications(top))
        }

        private mutating func notifications(_ top: Fields) -> NotificationSettings {
            problems.attempt { () throws(Problem) in
                try NotificationsReader.read(try top.list("notify"))
            } ?? NotificationSettings()
        }

        private mutating func anchors(_ top: Fields) -> AnchorSettings {
            let reader = AnchorsReader(state: state)
            let settings = problems.attempt { () throws(Problem) in
                try top.node("anchors").map { (node) throws(Problem) in try reader.read(node) }
            }
            return (settings ?? nil) ?? AnchorSettings()
        }

        /// A delivery in the place of an anchor would look like the loss of it.
        private mutating func refuse(
            _ anchors: AnchorSettings, in policies: [DeclaredPolicy]
        ) {
            guard let path = anchors.file else { return }
            for declared in policies
            where declared.policy.terms.destinations.contains(where: { $0.id == "file:\(path)" }) {
                problems.append(
                    Problem(
                        declared.mark,
                        "`\(declared.policy.name)` would overwrite the anchor \(path)",
                        hint: "deliver to another file"))
            }
        }

        /// The connections, and the names of all, those that are wrong included.
        private mutating func connections(_ top: Fields) -> ([Connection], names: [String]) {
            let pairs = problems.attempt { () throws(Problem) in
                try top.node("connections").map { (node) throws(Problem) in
                    try Self.mapping(node, "`connections`")
                }
            }
            var connections: [Connection] = []
            var names: [String] = []
            for (key, value) in (pairs ?? nil) ?? [] {
                names.append(key.text)
                if let connection = ConnectionReader.read(key, value, &problems) {
                    connections.append(connection)
                }
            }
            return (connections, names)
        }

        private mutating func freezes(_ top: Fields) -> [Freeze] {
            let items = problems.attempt { () throws(Problem) in try top.list("freezes") }
            var freezes: [Freeze] = []
            for node in items ?? [] {
                let freeze = problems.attempt { () throws(Problem) in try FreezeReader.read(node) }
                if let freeze { freezes.append(freeze) }
            }
            return freezes
        }

        private mutating func policies(
            _ top: Fields, connectionNames: [String]
        ) -> [DeclaredPolicy] {
            var unknown: [Problem] = []
            let defaults = problems.attempt { () throws(Problem) in
                try top.node("defaults").map { (node) throws(Problem) in
                    try Fields(
                        node, "`defaults`", keys: PolicyReader.defaultKeys, problems: &unknown)
                }
            }
            problems += unknown
            let reader = PolicyReader(
                connections: connectionNames + storedConnections.map(\.name), state: state,
                defaults: defaults ?? nil)
            let items = problems.attempt { () throws(Problem) in try top.list("policies") }
            return (items ?? []).compactMap { reader.read($0, &problems) }
        }

        private static func root(_ bytes: [UInt8]) throws(Problem) -> Node {
            do throws(YAMLError) {
                if let root = try Document.parse(bytes) { return root }
            } catch {
                throw Problem(error.mark, error.problem)
            }
            throw Problem(Mark(line: 1, column: 1), "the file is empty")
        }

        static func mapping(
            _ node: Node, _ what: String
        ) throws(Problem) -> [(key: Scalar, value: Node)] {
            guard case .mapping(let pairs, _) = node else {
                throw Problem(
                    node.mark, "\(what) is expected to be a mapping, and this is \(node.kind)")
            }
            return pairs
        }
    }
}
