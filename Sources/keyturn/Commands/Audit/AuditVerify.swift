import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn audit verify`
struct AuditVerify: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Recompute the whole trail, and say what is wrong.",
        discussion: """
            Entries and their form, the Merkle tree, every signed checkpoint, the columns that \
            queries use, the vault's records, the tables that entries speak of, the schema and its \
            triggers, every checkpoint in the anchor files, and cosignatures. It needs no root key. \
            What is wrong names the first entry concerned; exit status 6.

            On this host it compares the state with what lies on this host. That nobody replaced \
            all of it is shown by a checkpoint that was kept elsewhere: --since checks that the \
            trail goes on from it, and looks only at what came after. With --log or --proof it \
            checks what was exported, without state, root key or network.

              keyturn audit verify
              keyturn audit verify --since kept
              keyturn audit verify --log trail.jsonl --checkpoint signed --key trail.vkey
              keyturn audit verify --proof 17.tlog-proof --entry 17.json --key trail.vkey
            """)

    @OptionGroup var options: PlaceOptions
    @Option(
        name: .long,
        help: ArgumentHelp(
            "An older checkpoint that was kept; the trail must go on from it.", valueName: "file"),
        completion: .file())
    var since: String?
    @Option(
        name: .long,
        help: ArgumentHelp("An export in lines, instead of the state.", valueName: "file"),
        completion: .file())
    var log: String?
    @Option(
        name: .long,
        help: ArgumentHelp("The checkpoint over the export's lines.", valueName: "file"),
        completion: .file())
    var checkpoint: String?
    @Option(
        name: .long,
        help: ArgumentHelp("A proof, instead of the state.", valueName: "file"),
        completion: .file())
    var proof: String?
    @Option(
        name: .long,
        help: ArgumentHelp("The entry that the proof is about.", valueName: "file"),
        completion: .file())
    var entry: String?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Who must have signed an export: a vkey, or a file of vkeys.", valueName: "vkey"))
    var key: String?

    mutating func validate() throws {
        let isExport = log != nil || proof != nil
        guard log == nil || proof == nil else {
            throw ValidationError("--log, or --proof: one of them")
        }
        guard isExport == (key != nil) else {
            throw ValidationError("--key goes with --log or --proof, and both with it")
        }
        guard (log != nil) == (checkpoint != nil) else {
            throw ValidationError("--log goes with --checkpoint")
        }
        guard entry == nil || proof != nil else {
            throw ValidationError("--entry goes with --proof")
        }
        guard proof == nil || (entry == nil) != (since == nil) else {
            throw ValidationError("a proof goes with the --entry, or with --since: one of them")
        }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let console = surroundings.console
        if let log, let checkpoint {
            let files = CheckedFiles(surroundings, keys: key)
            return tell(
                try files.verify(log: log, checkpoint: checkpoint, since: since), console)
        }
        if let proof {
            let files = CheckedFiles(surroundings, keys: key)
            return tell(try files.verify(proof: proof, entry: entry, since: since), console)
        }
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let keys = try await program.storing { () async throws(StorageError) in
            try await store.verifierKeys()
        }
        let kept = try since.map { (path) throws(Failure) in
            try CheckedFiles(surroundings).checkpoint(path, signedBy: keys)
        }
        let result = try await program.storing { () async throws(StorageError) in
            let progress: @Sendable (Int, Int) -> Void = { done, all in
                console.progress("verifying \(done) of \(all) entries", isLast: done == all)
            }
            return if let kept {
                try await store.verify(since: kept, progress: progress)
            } else {
                try await store.verify(progress: progress)
            }
        }
        var object: [String: JSON] = [
            "entries": .integer(Int64(result.entryCount)),
            "checkpoints": .integer(Int64(result.checkpointCount)),
            "records": .integer(Int64(result.recordCount)),
            "anchored": .integer(Int64(result.anchoredCount)),
            "checkpoint": .string(result.checkpoint ?? ""),
            "vkey": .string(keys.first?.description ?? ""),
        ]
        object["since"] = kept.map { .integer(Int64($0.size)) }
        return tell(
            Verdict(
                findings: result.findings, remarks: result.remarks,
                summary: "\(result.entryCount) entries, "
                    + (kept.map { "\($0.size) of them kept, " } ?? "")
                    + "\(result.checkpointCount) checkpoints, \(result.anchoredCount) anchored, "
                    + "\(result.recordCount) vault records",
                goodWord: kept == nil
                    ? "intact" : "what came after is intact, tables not compared",
                object: object), console)
    }

    /// What came of a check.
    struct Verdict {
        /// What is said to be broken when it is.
        var subject = "the audit trail is"
        var hint = "keep the state as it is, and compare it with a backup"
        let findings: [LogVerifier.Finding]
        /// What is odd and breaks nothing.
        var remarks: [String] = []
        /// What was looked at.
        let summary: String
        /// What is said of it when nothing was found.
        var goodWord = "intact"
        /// The same for `--json`.
        let object: [String: JSON]
    }

    /// Tells the findings and the verdict, and returns the exit code.
    private func tell(_ verdict: Verdict, _ console: Console) -> Int32 {
        let findings = verdict.findings
        if options.json {
            for finding in findings {
                var object: [String: JSON] = [
                    "kind": .string("finding"), "problem": .string(finding.problem),
                ]
                object["seq"] = finding.sequence.map { .integer(Int64($0)) }
                console.answer(object)
            }
            for remark in verdict.remarks {
                console.answer(["kind": .string("remark"), "text": .string(remark)])
            }
            let whole: [String: JSON] = [
                "kind": .string("verification"), "intact": .boolean(findings.isEmpty),
            ]
            console.answer(whole.merging(verdict.object) { first, _ in first })
        } else {
            for finding in findings {
                let place = finding.sequence.map { "entry \($0): " } ?? ""
                console.answer("\(place)\(finding.problem)")
            }
            for remark in verdict.remarks { console.say("keyturn: \(remark)") }
            console.answer(
                "\(verdict.summary): "
                    + (findings.isEmpty
                        ? verdict.goodWord
                        : "\(findings.count) finding\(findings.count == 1 ? "" : "s")"))
        }
        guard !findings.isEmpty else { return 0 }
        // Where the trail is whole, an entry only says what a row must be.
        let broken = findings.filter { !$0.isAboutTables }
        console.fail(
            Failure(
                broken.isEmpty
                    ? "the database is not what its audit trail says"
                    : "\(verdict.subject) broken"
                        + (broken.compactMap(\.sequence).first.map { ", from entry \($0) on" } ?? ""),
                hint: verdict.hint, .brokenTrail))
        return ExitStatus.brokenTrail.rawValue
    }
}
