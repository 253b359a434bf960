import Audit
import Files
import Rotations

/// Where checkpoints go besides `STATE-anchor/checkpoints`: the key `anchors` of the configuration.
package struct AnchorSettings: Codable, Hashable, Sendable {
    /// Another file, which is checked before each append as the one beside the state is.
    package var file: String?
    /// The host's journal.
    package var journald: Bool
    /// A program that gets each command's last checkpoint on its standard input.
    package var command: Command?

    /// A program and its arguments.
    package struct Command: Codable, Hashable, Sendable {
        package let run: [String]
        package let timeoutSeconds: Int64

        package init(run: [String], timeoutSeconds: Int64) {
            self.run = run
            self.timeoutSeconds = timeoutSeconds
        }
    }

    package init(file: String? = nil, journald: Bool = false, command: Command? = nil) {
        self.file = file
        self.journald = journald
        self.command = command
    }

    /// The anchors off the database's files, each with the place where its last checkpoint is noted.
    package var receipts: [AnchorReceipt] {
        (journald ? [.journald] : []) + (command.map { [.command($0)] } ?? [])
    }
}

/// An anchor that cannot be read back: what it took last is noted beside the anchor file.
package enum AnchorReceipt: Hashable, Sendable {
    case journald
    case command(AnchorSettings.Command)

    /// As entries and `check` name it.
    package var name: String {
        switch self {
        case .journald: "journald"
        case .command(let command): "command:\(command.run[0])"
        }
    }

    private func path(in directory: StateDirectory) -> String {
        switch self {
        case .journald: directory.anchorDirectory + "/journald.last"
        case .command: directory.anchorDirectory + "/command.last"
        }
    }

    private static let limit = 64 << 10

    /// The entries that the last checkpoint covers which it took; none when it took none.
    func size(in directory: StateDirectory, _ keys: [VerifierKey]) -> Int {
        // What cannot be read is not believed to have been taken.
        let bytes = (try? PublicFile.read(path(in: directory), limit: Self.limit)) ?? []
        let note = String(decoding: bytes, as: UTF8.self)
        return AnchoredCheckpoint(note, signedByOneOf: keys)?.checkpoint.size ?? 0
    }

    /// Notes that it took this checkpoint. A crash before it has the checkpoint taken once more.
    package func keep(_ note: String, in directory: StateDirectory) throws(FileError) {
        try PlainFile.replace(
            path(in: directory), contents: Array(note.utf8).span, mode: 0o640)
    }
}

extension Store {
    /// Makes the file that the configuration names, unless it is there.
    static func makeAnchorFile(of settings: AnchorSettings) throws(StorageError) {
        guard let path = settings.file else { return }
        do throws(FileError) {
            try AnchorFile.make(path)
        } catch {
            throw .noAnchor(error)
        }
    }
}
