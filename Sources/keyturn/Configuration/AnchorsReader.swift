import Rotations
import Storage
import YAML

/// Reads the key `anchors`: where checkpoints go besides the file beside the state.
struct AnchorsReader {
    let state: StateDirectory

    func read(_ node: Node) throws(Problem) -> AnchorSettings {
        let fields = try Fields(node, "`anchors`", keys: ["file", "journald", "command"])
        return AnchorSettings(
            file: try file(fields), journald: try fields.boolean("journald") ?? false,
            command: try fields.node("command").map { (node) throws(Problem) in
                try command(node)
            })
    }

    private func file(_ fields: Fields) throws(Problem) -> String? {
        guard let path = try fields.text("file") else { return nil }
        let mark = try fields.required("file").mark
        guard DestinationReader.isAbsolute(path), path.utf8.count <= 1024 else {
            throw Problem(
                mark, "`file` must be an absolute path without `..`, and this is `\(path)`")
        }
        guard !state.contains(path) else {
            throw Problem(
                mark, "\(path) is where \(state.path) keeps its own",
                hint: "\(state.anchor) is kept in any case; name a place on another disk")
        }
        return path
    }

    private func command(_ node: Node) throws(Problem) -> AnchorSettings.Command {
        let fields = try Fields(node, "`command`", keys: ["run", "timeout"])
        return AnchorSettings.Command(
            run: try DestinationReader.words(fields).run,
            timeoutSeconds: try DestinationReader.timeout(fields).seconds)
    }
}
