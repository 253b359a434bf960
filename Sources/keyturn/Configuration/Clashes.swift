import Rotations
import YAML

/// One name, one credential and one file belong to one policy each (P1).
struct Clashes {
    /// Every connection that a policy may use; of two with one name the later counts.
    let connections: [Connection]

    /// What policies of a file claim that another of them has already.
    func among(_ policies: [ConfigurationFile.DeclaredPolicy]) -> [Problem] {
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
            } else {
                names[policy.name] = declared.mark
            }
            let credential = credential(of: policy.target)
            if let other = credentials[credential] {
                problems.append(
                    Problem(
                        declared.targetMark,
                        "`\(other)` and `\(policy.name)` are policies over one credential",
                        hint: "one policy rotates it, and delivers to all who need it"))
            }
            credentials[credential] = policy.name
            for (path, mark) in declared.files {
                if let other = paths[path] {
                    problems.append(
                        Problem(mark, "`\(other)` and `\(policy.name)` both write \(path)"))
                }
                paths[path] = policy.name
            }
        }
        return problems
    }

    /// What policies of a file claim that one outside it has already: it is kept, so both would
    /// write.
    func between(
        _ policies: [ConfigurationFile.DeclaredPolicy], kept: [Policy]
    ) -> [Problem] {
        var paths: [String: String] = [:]
        for policy in kept {
            for path in policy.files { paths[path] = policy.name }
        }
        return policies.flatMap { declared in
            declared.files.compactMap { path, mark in
                paths[path].map {
                    Problem(
                        mark,
                        "`\($0)`, which is not in this file, and `\(declared.policy.name)` both "
                            + "write \(path)",
                        hint: "remove `\($0)`, with --prune or `keyturn policy remove`")
                }
            }
        }
    }

    /// The credential, whatever the connection to it is called.
    private func credential(of target: Target) -> String {
        let host = connections.last { $0.name == target.connection }?.apiHost
        return "\(host ?? target.connection) \(target.kind.rawValue) \(target.providerID)"
    }
}

extension Policy {
    /// The files that it writes.
    fileprivate var files: [String] {
        terms.destinations.compactMap { destination in
            if case .file(let file) = destination.receiver { file.path } else { nil }
        }
    }
}

extension ConfigurationFile.DeclaredPolicy {
    /// The files that it writes, and where the configuration says so.
    fileprivate var files: [(path: String, mark: Mark)] {
        zip(policy.terms.destinations, destinationMarks).compactMap { destination, mark in
            if case .file(let file) = destination.receiver { (file.path, mark) } else { nil }
        }
    }
}
