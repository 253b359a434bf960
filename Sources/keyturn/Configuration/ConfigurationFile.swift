import HTTP
import Rotations
import Storage
import YAML

/// A `keyturn.yaml`, read and found to be right.
struct ConfigurationFile {
    let connections: [Connection]
    let policies: [DeclaredPolicy]
    let freezes: [Freeze]

    /// A policy of the file.
    struct DeclaredPolicy {
        let policy: Policy
        /// Where its age starts, if the file says so.
        let lastRotated: Timestamp?
        let mark: Mark
    }

    /// Reads the file's bytes. Everything wrong in it is told at once.
    /// - Parameters:
    ///   - state: where no destination may be.
    ///   - stored: names of connections that are applied already.
    static func parse(
        _ bytes: [UInt8], state: StateDirectory, storedConnections stored: [String]
    ) throws(Problems) -> ConfigurationFile {
        var reader = Reader(state: state, storedConnections: stored)
        let file = reader.read(bytes)
        guard reader.problems.isEmpty, let file else { throw Problems(reader.problems) }
        return file
    }

    /// Everything that is wrong with a file, in its order.
    struct Problems: Error {
        let all: [Problem]

        init(_ problems: [Problem]) {
            all = problems.sorted {
                ($0.mark.line, $0.mark.column) < ($1.mark.line, $1.mark.column)
            }
        }
    }

    private struct Reader {
        let state: StateDirectory
        let storedConnections: [String]
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
                keys: ["version", "connections", "defaults", "policies", "freezes"],
                later: ["anchors", "notify"])
            guard try top.integer("version", in: 1...1) != nil else {
                throw Problem(
                    top.mark, "the file needs the key `version`", hint: "write version: 1")
            }
            var connections: [Connection] = []
            if let node = top.node("connections") {
                for (key, value) in try Self.mapping(node, "`connections`") {
                    collect { () throws(Problem) in
                        connections.append(try ConnectionReader.read(key, value))
                    }
                }
            }
            var freezes: [Freeze] = []
            for node in try top.list("freezes") {
                collect { () throws(Problem) in freezes.append(try FreezeReader.read(node)) }
            }
            let defaults = top.node("defaults")
            let policyReader = PolicyReader(
                connections: connections.map(\.name) + storedConnections, state: state,
                defaults: try defaults.map { (node) throws(Problem) in
                    try Fields(node, "`defaults`", keys: PolicyReader.defaultKeys)
                })
            var policies: [DeclaredPolicy] = []
            for node in try top.list("policies") {
                collect { () throws(Problem) in policies.append(try policyReader.read(node)) }
            }
            problems += Self.clashes(policies)
            return ConfigurationFile(
                connections: connections, policies: policies, freezes: freezes)
        }

        private mutating func collect(_ body: () throws(Problem) -> Void) {
            do throws(Problem) {
                try body()
            } catch {
                problems.append(error)
            }
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

        /// One name, one credential and one file belong to one policy each (P1).
        private static func clashes(_ policies: [DeclaredPolicy]) -> [Problem] {
            var problems: [Problem] = []
            var names: [String: Mark] = [:]
            var credentials: [String: String] = [:]
            var paths: [String: String] = [:]
            for declared in policies {
                let policy = declared.policy
                if let first = names[policy.name] {
                    problems.append(
                        Problem(
                            declared.mark,
                            "two policies bear the name `\(policy.name)`; the first is on line "
                                + "\(first.line)"))
                }
                names[policy.name] = declared.mark
                let credential = "\(policy.target.connection) \(policy.target.providerID)"
                if let other = credentials[credential] {
                    problems.append(
                        Problem(
                            declared.mark,
                            "`\(other)` and `\(policy.name)` are policies over one credential"))
                }
                credentials[credential] = policy.name
                for destination in policy.terms.destinations {
                    guard case .file(let file) = destination.receiver else { continue }
                    if let other = paths[file.path] {
                        problems.append(
                            Problem(
                                declared.mark,
                                "`\(other)` and `\(policy.name)` both write \(file.path)"))
                    }
                    paths[file.path] = policy.name
                }
            }
            return problems
        }
    }
}
