import ArgumentParser
import Audit
import Files
import Rotations
import Storage

/// `keyturn audit export`
struct AuditExport: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Hand the trail out, for whoever checks it elsewhere.",
        discussion: """
            --jsonl writes the entries, a line each, exactly as they are hashed; with the \
            checkpoint and the vkey (`keyturn audit key`) that is all that a stranger needs. \
            --tiles brings a directory up to date that any web server can offer as a C2SP \
            tlog-tiles log: full tiles are written once, the checkpoint last.

            That it was exported is itself an entry, and part of the export.

              keyturn audit export --jsonl > trail.jsonl
              keyturn audit export --jsonl --output trail.jsonl --checkpoint signed
              keyturn audit export --tiles /srv/trail
            """)

    @OptionGroup var options: StateOptions
    @Flag(name: .long, help: "JSON Lines: the lines are the leaves.") var jsonl = false
    @Option(
        name: .long,
        help: ArgumentHelp("C2SP tlog-tiles, brought up to date there.", valueName: "dir"),
        completion: .directory)
    var tiles: String?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where the lines go. Default: standard output.", valueName: "file"),
        completion: .file())
    var output: String?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where the checkpoint over these lines goes.", valueName: "file"),
        completion: .file())
    var checkpoint: String?
    @Flag(name: .long, help: "Say how much it would be; write and record nothing.")
    var dryRun = false

    mutating func validate() throws {
        guard jsonl != (tiles != nil) else {
            throw ValidationError("an export is --jsonl, or --tiles: one of them")
        }
        guard jsonl || output == nil && checkpoint == nil else {
            throw ValidationError("--output and --checkpoint belong to --jsonl")
        }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.open(dryRun: dryRun)
        guard !dryRun else {
            let size = try await store.checkpointOrFailure().size
            program.console.answer(
                json: options.json, "would export \(size + 1) entries",
                ["kind": .string("export"), "entries": .integer(Int64(size + 1))])
            return 0
        }
        try await program.unlock(store)
        if let tiles {
            try await export(tiles: surroundings.absolute(tiles), store, program)
        } else {
            try await exportLines(store, program)
        }
        return 0
    }

    /// Commits the entry of the export (P35) and returns the checkpoint that it goes up to.
    private func begin(
        _ format: ExportFormat, _ store: Store, _ program: Program
    ) async throws(Failure) -> StoredCheckpoint {
        try await program.storing { () async throws(StorageError) in
            try await store.recordExport(as: format)
        }
        return try await store.checkpointOrFailure()
    }

    // MARK: Lines

    private func exportLines(_ store: Store, _ program: Program) async throws(Failure) {
        let console = program.console
        let suffix = program.run.text
        // What cannot be written is found out before anything is recorded.
        var signed = try checkpoint.map { (path) throws(Failure) in
            try file(path, suffix, program)
        }
        let head: StoredCheckpoint
        if let output {
            var lines = try file(output, suffix, program)
            head = try await begin(.jsonLines, store, program)
            try await LineExport(store: store, console: console).run(to: head) {
                (part) throws(Failure) in
                try filing { () throws(FileError) in try lines.append(part.span) }
            }
            try filing { () throws(FileError) in try lines.finish() }
        } else {
            head = try await begin(.jsonLines, store, program)
            try await LineExport(store: store, console: console).run(to: head) {
                (part) throws(Failure) in
                try console.answer(exactly: part.span)
            }
        }
        if signed != nil {
            try filing { () throws(FileError) in
                try signed?.append(Array(head.note.utf8).span)
                try signed?.finish()
            }
        }
        tell("\(head.size) entries", head, isAnswer: output != nil, console)
    }

    private func file(
        _ path: String, _ suffix: String, _ program: Program
    ) throws(Failure) -> ExportFile {
        let path = program.surroundings.absolute(path)
        return try filing { () throws(FileError) in
            try ExportFile.create(path, suffix: suffix)
        }
    }

    // MARK: Tiles

    private func export(
        tiles path: String, _ store: Store, _ program: Program
    ) async throws(Failure) {
        let directory = try ExportDirectory.openOrFailure(path)
        let export = TileExport(store: store, console: program.console)
        let known = try await export.known(in: directory, path)
        let head = try await begin(.tiles, store, program)
        let count = try await export.run(from: known, to: head, into: directory)
        tell("\(head.size) entries, \(count) tiles written", head, isAnswer: true, program.console)
    }

    private func tell(
        _ text: String, _ head: StoredCheckpoint, isAnswer: Bool, _ console: Console
    ) {
        if !isAnswer {
            // Standard output is the export.
            console.say("exported \(text)")
        } else {
            console.answer(
                json: options.json, "exported \(text)",
                [
                    "kind": .string("export"), "entries": .integer(Int64(head.size)),
                    "checkpoint": .string(head.note),
                ])
        }
    }
}
