import ArgumentParser
import Audit
import Files
import Storage

/// `keyturn audit sample`
struct AuditSample: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample", abstract: "Draw entries for an auditor, each with its proof.",
        discussion: """
            The auditor names the seed. The same seed draws the same entries from the same \
            population; how, is in FORMAT.md, so that nobody has to believe this program. With \
            --output each entry is a file SEQ.json, and its proof SEQ.tlog-proof.

              keyturn audit sample --n 25 --seed 7c1f --type rotation.finished
              keyturn audit sample --seed 7c1f --output sample
            """)

    @OptionGroup var options: PlaceOptions
    @OptionGroup var entries: EntryOptions
    @Option(name: .customLong("n"), help: "How many to draw.") var count = 25
    @Option(name: .long, help: "The auditor's seed, any text.") var seed: String
    @Option(name: .long, help: "Among the first so many entries. Default: all that are signed.")
    var size: Int?
    @Option(
        name: .long, help: ArgumentHelp("Write entries and proofs there.", valueName: "dir"),
        completion: .directory)
    var output: String?

    mutating func validate() throws {
        guard (1...1_000).contains(count) else { throw ValidationError("--n is 1 to 1000") }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let head = try await store.checkpointOrFailure(size: size)
        let drawn = try await draw(under: head, store, program)
        if let output { try await write(drawn, under: head, output, store, program) }
        if options.json {
            for stored in drawn {
                let proof = try await store.proof(
                    of: stored.entry.projection.sequence, under: head)
                var object = stored.object
                object["kind"] = .string("sample")
                object["leaf"] = .string(String(decoding: stored.entry.leaf, as: UTF8.self))
                object["proof"] = .string(proof.text)
                program.console.answer(object)
            }
        } else {
            program.console.answer(heads: StoredEntry.heads, rows: drawn.map(\.row))
        }
        return 0
    }

    private func draw(
        under head: StoredCheckpoint, _ store: Store, _ program: Program
    ) async throws(Failure) -> [StoredEntry] {
        var sample = Sample(count: count, seed: seed)
        if entries.isEmpty {
            for sequence in 0..<head.size { sample.offer(sequence) }
        } else {
            var filter = try await entries.filter(store)
            filter.before = head.size
            let asked = filter
            let population = try await program.storing { () async throws(StorageError) in
                try await store.sequences(asked)
            }
            for sequence in population { sample.offer(sequence) }
        }
        var drawn: [StoredEntry] = []
        for sequence in sample.sequences { drawn.append(try await store.entryOrFailure(sequence)) }
        return drawn
    }

    private func write(
        _ drawn: [StoredEntry], under head: StoredCheckpoint, _ output: String, _ store: Store,
        _ program: Program
    ) async throws(Failure) {
        let directory = try ExportDirectory.openOrFailure(program.surroundings.absolute(output))
        for stored in drawn {
            let sequence = stored.entry.projection.sequence
            let proof = try await store.proof(of: sequence, under: head)
            try filing { () throws(FileError) in
                try directory.write("\(sequence).json", stored.entry.leaf.span)
                try directory.write("\(sequence).tlog-proof", Array(proof.text.utf8).span)
            }
        }
        try filing { () throws(FileError) in
            try directory.write("checkpoint", Array(head.note.utf8).span)
            try directory.sync()
        }
    }
}

extension ExportDirectory {
    /// The directory, or why it cannot be written into.
    static func openOrFailure(_ path: String) throws(Failure) -> ExportDirectory {
        guard let directory = try filing({ () throws(FileError) in try open(path) }) else {
            throw Failure("another process is writing into \(path)", .busy)
        }
        return directory
    }
}
