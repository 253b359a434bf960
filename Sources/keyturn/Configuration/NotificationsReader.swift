import Rotations
import Storage
import YAML

/// Reads the key `notify`: programs that are told of what happened.
enum NotificationsReader {
    static func read(_ nodes: [Node]) throws(Problem) -> NotificationSettings {
        var hooks: [NotificationSettings.Hook] = []
        for node in nodes { hooks.append(try hook(node)) }
        return NotificationSettings(hooks: hooks)
    }

    private static func hook(_ node: Node) throws(Problem) -> NotificationSettings.Hook {
        let fields = try Fields(
            node, "an item of `notify`", keys: ["run", "timeout", "on", "not-again-for"])
        let pause = try fields.interval("not-again-for") ?? .hours(24)
        return NotificationSettings.Hook(
            run: try DestinationReader.words(fields).run,
            timeoutSeconds: try DestinationReader.timeout(fields).seconds,
            occasions: try occasions(fields), pauseSeconds: pause.seconds)
    }

    private static func occasions(
        _ fields: Fields
    ) throws(Problem) -> [NotificationSettings.Occasion] {
        let all = NotificationSettings.Occasion.allCases
        let nodes = try fields.list("on")
        guard !nodes.isEmpty else { return all }
        var chosen: Set<NotificationSettings.Occasion> = []
        for node in nodes {
            let text = try Fields.text(node, "an occasion")
            guard let occasion = NotificationSettings.Occasion(rawValue: text) else {
                let nearest = Nearest.match(text, among: all.map(\.rawValue))
                throw Problem(
                    node.mark, "there is nothing to be told of that is called `\(text)`",
                    hint: nearest.map { "did you mean `\($0)`?" }
                        ?? "there are " + all.map(\.rawValue).joined(separator: ", "))
            }
            chosen.insert(occasion)
        }
        return all.filter(chosen.contains)
    }
}
