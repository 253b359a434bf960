import Rotations

/// A policy over a credential that nothing rotates yet, written as YAML for a person to review.
struct AdoptedPolicy {
    let name: String
    let connection: String
    let credential: CredentialReference
    /// The name of a policy that is much like it: a person should look whether they are one.
    var similar: String?

    /// A file that can be applied as it is: nothing in it rotates at once.
    static func file(_ policies: [AdoptedPolicy], labels: [LabelOption]) -> String {
        "version: 1\npolicies:\n"
            + policies.map { $0.text(labels) }.joined().trimmingNewline
    }

    private func text(_ labels: [LabelOption]) -> String {
        var fields = ["connection: \(connection)"]
        if let project = credential.project { fields.append("project: \(project)") }
        fields.append("id: \(credential.providerID)")
        if let name = credential.name { fields.append("name: \(Self.quoted(name))") }
        let kind = credential.kind.rawValue
        var text = ""
        if let similar {
            text += "  # The policy `\(similar)` is much like this one: are they the same?\n"
        }
        text += "  - name: \(name)\n    \(kind): { \(fields.joined(separator: ", ")) }\n"
        text += "    every: 90d\n    first: after-interval\n"
        if !labels.isEmpty {
            let pairs = labels.map { "\(Self.quoted($0.key)): \(Self.quoted($0.value))" }
            text += "    labels: { \(pairs.joined(separator: ", ")) }\n"
        }
        return text
    }

    /// A text in double quotes, as YAML reads it (YAML 1.2.2, section 7.3.1).
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\x" + (digits.count == 1 ? "0" : "") + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// A name for a policy made from a provider's, which no other has.
    static func name(from text: String, besides taken: Set<String>) -> String {
        var name = String(
            text.lowercased().unicodeScalars.map { scalar -> Character in
                switch scalar {
                case "a"..."z", "0"..."9", ".", "_", "-": Character(scalar)
                default: "-"
                }
            })
        while let first = name.first, !("a"..."z").contains(first) { name.removeFirst() }
        if name.isEmpty { name = "credential" }
        name = String(name.prefix(55))
        guard taken.contains(name) else { return name }
        var number = 2
        while taken.contains("\(name)-\(number)") { number += 1 }
        return "\(name)-\(number)"
    }
}

extension String {
    /// Without the newline at its end.
    fileprivate var trimmingNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
