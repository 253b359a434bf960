import Rotations
import YAML

/// Reads the key `after` of a policy: what is done once secrets were delivered.
enum ReactionReader {
    static func read(_ nodes: [Node]) throws(Problem) -> [Reaction] {
        var reactions: [Reaction] = []
        for node in nodes {
            let reaction = try reaction(node)
            guard !reactions.contains(where: { $0.id == reaction.id }) else {
                throw Problem(node.mark, "`\(reaction.id)` is here twice")
            }
            reactions.append(reaction)
        }
        return reactions
    }

    private static func reaction(_ node: Node) throws(Problem) -> Reaction {
        let fields = try Fields(
            node, "an item of `after`", keys: ["command", "reload", "restart", "signal"])
        let given = ["command", "reload", "restart", "signal"].filter { fields.node($0) != nil }
        guard given.count == 1 else {
            throw Problem(
                fields.mark, "an item of `after` has one of command, reload, restart and signal",
                hint: "for example - reload: app.service")
        }
        switch given[0] {
        case "command":
            let command = try Fields(
                try fields.required("command"), "`command`", keys: ["run", "timeout", "user"])
            return Reaction(
                .command(
                    run: try DestinationReader.words(command).run,
                    timeout: try DestinationReader.timeout(command),
                    user: try command.text("user")))
        case "signal": return try signal(try fields.required("signal"))
        case let verb: return try unit(verb == "reload" ? .reload : .restart, fields)
        }
    }

    private static func unit(
        _ verb: Reaction.Verb, _ fields: Fields
    ) throws(Problem) -> Reaction {
        let name = try fields.requiredText(verb.rawValue)
        // systemd.unit(5): such a name with a type, and nothing that systemctl takes for more.
        let isName =
            name.utf8.count <= 255 && name.contains(".") && !name.hasPrefix("-")
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: ":-_.\\@".utf8.contains(byte)
                }
            }
        guard isName else {
            throw Problem(
                try fields.required(verb.rawValue).mark, "`\(name)` is no name of a unit",
                hint: "write it with its type: app.service")
        }
        return Reaction(.unit(name: name, verb))
    }

    private static func signal(_ node: Node) throws(Problem) -> Reaction {
        let fields = try Fields(node, "`signal`", keys: ["name", "pid-file"])
        let path = try fields.requiredText("pid-file")
        guard DestinationReader.isAbsolute(path) else {
            throw Problem(
                try fields.required("pid-file").mark,
                "`pid-file` must be an absolute path without `..`, and this is `\(path)`")
        }
        return Reaction(
            .signal(
                try fields.word("name", as: Reaction.SignalName.self) ?? .hangUp, pidFile: path))
    }
}
