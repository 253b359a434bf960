import ArgumentParser
import Audit
import Files
import OpenSSL
import Reports
import Rotations
import Storage

/// `keyturn audit report`
struct AuditReport: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "What an auditor asks of a period, with the evidence.",
        discussion: """
            How old each secret was against its limit, at the end and at any time in the period; \
            each rotation with who, when, why and what came of it; emergencies with their times; \
            exceptions; what is owed. Every statement names the entry that says so, and its leaf \
            hash. What was added to the trail since the last report is verified first, or with \
            --verify all of it.

            A date as --to is part of the period. That a report was made is an entry, with the \
            SHA-256 of the report.

              keyturn audit report --from 2026-01-01 --to 2026-03-31
              keyturn audit report --format html --output report.html
              keyturn audit report --label env=prod --format csv > rotations.csv
            """)

    @OptionGroup var options: StateOptions
    @Option(name: .long, help: "From this time on: 2026-01-01 or RFC 3339. Default: 90 days back.")
    var from: String?
    @Option(name: .long, help: "Before this time, or to the end of this day. Default: now.")
    var to: String?
    @Option(name: .long, help: "Only secrets whose policies have this label, KEY=VALUE.")
    var label: LabelOption?
    @Option(
        name: .long,
        help: ArgumentHelp("text, json, csv or html. Default: text.", valueName: "form"))
    var format: String?
    @Option(
        name: .long,
        help: ArgumentHelp("Where it goes. Default: standard output.", valueName: "file"),
        completion: .file())
    var output: String?
    @Flag(name: .long, help: "Verify the whole trail, not only what is new.") var verify = false
    @Flag(name: .long, help: "Read and verify; print and record nothing.") var dryRun = false

    mutating func validate() throws {
        guard format.map({ ReportFormat(rawValue: $0) != nil }) ?? true else {
            throw ValidationError("--format is text, json, csv or html")
        }
        guard !options.json || output != nil || dryRun || format ?? "json" == "json" else {
            throw ValidationError("--json is --format json, unless the report goes to --output")
        }
    }

    private var form: ReportFormat {
        format.flatMap(ReportFormat.init) ?? (options.json && output == nil ? .json : .text)
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let scope = try scope(at: program.clock.now())
        let store = try await program.open(dryRun: dryRun)
        if !dryRun { try await program.unlock(store) }
        let secrets = try await secrets(store, program)
        let head = try await store.checkpointOrFailure()
        let integrity = try await verified(head, store, program)
        let lines = ReportLines(spillingAt: "\(program.directory.path)/report-\(program.run.text)")
        let report = try await read(
            ReportReader(store, size: head.size, scope, secrets: secrets), integrity, into: lines)
        let what =
            "report on \(report.secrets.count) secrets and \(lines.count) rotations, from "
            + "\(head.size) entries"
        if dryRun {
            program.console.answer(
                json: options.json, "would make a \(what)", made(report, lines, []))
            return 0
        }
        try await handOut(report, lines, what, store, program)
        return 0
    }

    /// Commits the entry of the report, and then shows it (P35).
    private func handOut(
        _ report: Report, _ lines: ReportLines, _ what: String, _ store: Store, _ program: Program
    ) async throws(Failure) {
        let written = WrittenReport(report, lines, as: form)
        let digest = try written.digest()
        let reference = ReportReference(
            format: form, from: report.scope.from, to: report.scope.to, label: report.scope.label,
            size: report.integrity.size, isWhole: report.integrity.known == nil, digest: digest)
        func record() async throws(Failure) {
            try await program.storing { () async throws(StorageError) in
                try await store.recordReport(reference)
            }
        }
        guard let output else {
            try await record()
            try written.write(to: program.console)
            // Standard output is the report.
            return program.console.say(what)
        }
        // What cannot be written is found out before anything is recorded.
        let path = program.surroundings.absolute(output)
        var file = try filing { () throws(FileError) in
            try ExportFile.create(path, suffix: program.run.text)
        }
        try await record()
        try written.write(to: &file)
        program.console.answer(json: options.json, what, made(report, lines, digest))
    }

    private func made(
        _ report: Report, _ lines: ReportLines, _ digest: [UInt8]
    ) -> [String: JSON] {
        var object: [String: JSON] = [
            "kind": .string("report-made"), "format": .string(form.rawValue),
            "entries": .integer(Int64(report.integrity.size)),
            "secrets": .integer(Int64(report.secrets.count)),
            "rotations": .integer(Int64(lines.count)),
            "checkpoint": .string(report.integrity.checkpoint),
        ]
        if !digest.isEmpty { object["sha256"] = .string(hexadecimal(digest)) }
        return object
    }

    // MARK: What it is about

    private func scope(at now: Timestamp) throws(Failure) -> Report.Scope {
        // Up to now and with what happened in this very millisecond.
        var end = Timestamp(milliseconds: now.milliseconds + 1)
        if let to {
            end = try time(to)
            if to.utf8.count == 10 { end = end + .days(1) }
        }
        let start = try from.map(time) ?? end - .days(90)
        guard start < end else {
            throw Failure("--from is not before --to", hint: "write 2026-01-01", .usage)
        }
        guard start <= now else { throw Failure("the period has yet to come", .usage) }
        return Report.Scope(
            from: start, to: end, madeAt: now, label: label.map { "\($0.key)=\($0.value)" },
            tool: "keyturn \(ProgramVersion.text)")
    }

    private func time(_ text: String) throws(Failure) -> Timestamp {
        guard let time = Timestamp(rfc3339: text) else {
            throw Failure("`\(text)` is no time", hint: "write 2026-01-01", .usage)
        }
        return time
    }

    private func secrets(
        _ store: Store, _ program: Program
    ) async throws(Failure) -> Set<Identifier>? {
        guard let pair = label?.pair else { return nil }
        let secrets = try await program.storing { () async throws(StorageError) in
            try await store.secrets(labelled: pair)
        }
        guard !secrets.isEmpty else {
            throw Failure(
                "no policy has the label \(pair.key)=\(pair.value)",
                hint: "`keyturn policy list --json` shows the labels", .usage)
        }
        return secrets
    }

    // MARK: What it rests on

    /// Verifies the whole trail, or what was added since the newest report, which says up to where it
    /// was intact.
    private func verified(
        _ head: StoredCheckpoint, _ store: Store, _ program: Program
    ) async throws(Failure) -> Report.Integrity {
        let console = program.console
        let keys = try await program.storing { () async throws(StorageError) in
            try await store.verifierKeys()
        }
        let known = verify ? nil : try await known(before: head.size, keys, store, program)
        let result = try await program.storing { () async throws(StorageError) in
            let progress: @Sendable (Int, Int) -> Void = { done, all in
                console.progress("verifying \(done) of \(all) entries", isLast: done == all)
            }
            return if let known {
                try await store.verify(since: known.checkpoint, progress: progress)
            } else {
                try await store.verify(progress: progress)
            }
        }
        guard result.isIntact else {
            throw Failure.brokenReport(from: result.findings.compactMap(\.sequence).first)
        }
        return Report.Integrity(
            checkpoint: head.note, size: head.size, keys: keys.map(\.description),
            known: known?.good, checkpointCount: result.checkpointCount,
            recordCount: result.recordCount)
    }

    /// The newest report, the checkpoint that it rested on, and the newest report for which all was
    /// verified.
    private func known(
        before size: Int, _ keys: [VerifierKey], _ store: Store, _ program: Program
    ) async throws(Failure) -> (good: Report.KnownGood, checkpoint: Checkpoint)? {
        let (last, whole, note) = try await program.storing { () async throws(StorageError) in
            let last = try await store.newestLeaf(of: .reportMade, before: size) { _ in true }
            let whole = try await store.newestLeaf(of: .reportMade, before: size) {
                $0.members["report"]?.members?["whole"] == .boolean(true)
            }
            guard let size = last?.reportSize else { return (last, whole, String?.none) }
            return (last, whole, try await store.checkpoint(size: size)?.note)
        }
        guard let last, let note, let who = Who(last.members["actor"]),
            let checkpoint = keys.lazy.compactMap({ Checkpoint(note: note, signedBy: $0) }).first
        else { return nil }
        return (
            Report.KnownGood(
                size: checkpoint.size, evidence: Evidence(last), who: who,
                whole: whole.map(Evidence.init)), checkpoint
        )
    }

    // MARK: Making and writing it

    private func read(
        _ reader: ReportReader, _ integrity: Report.Integrity, into lines: ReportLines
    ) async throws(Failure) -> Report {
        let form = form.form
        var reader = reader
        while let ended = try await reader.nextOrFailure() {
            for rotation in ended { try lines.append(form.line(rotation, lines.count)) }
        }
        let (report, open) = try await reader.finishOrFailure(integrity)
        for rotation in open { try lines.append(form.line(rotation, lines.count)) }
        return report
    }
}

/// A report as its bytes. They are made once: what is hashed is what is handed out.
private struct WrittenReport {
    let head: [UInt8]
    let lines: ReportLines
    let tail: [UInt8]

    init(_ report: Report, _ lines: ReportLines, as form: ReportFormat) {
        head = Array(form.form.head(report).utf8)
        self.lines = lines
        tail = Array(form.form.tail(report).utf8)
    }

    func digest() throws(Failure) -> [UInt8] {
        var hash = SHA256()
        hash.update(head.span)
        try lines.forEachPart { (part) throws(Failure) in hash.update(part) }
        hash.update(tail.span)
        return hash.finalize()
    }

    func write(to console: Console) throws(Failure) {
        try console.answer(exactly: head.span)
        try lines.forEachPart(console.answer(exactly:))
        try console.answer(exactly: tail.span)
    }

    func write(to file: inout ExportFile) throws(Failure) {
        try filing { () throws(FileError) in try file.append(head.span) }
        try lines.forEachPart { (part) throws(Failure) in
            try filing { () throws(FileError) in try file.append(part) }
        }
        try filing { () throws(FileError) in
            try file.append(tail.span)
            try file.finish()
        }
    }
}

extension ReportReader {
    fileprivate mutating func nextOrFailure() async throws(Failure) -> [Report.Rotation]? {
        do throws(ReportError) {
            return try await next()
        } catch {
            throw Failure(error)
        }
    }

    fileprivate mutating func finishOrFailure(
        _ integrity: Report.Integrity
    ) async throws(Failure) -> (report: Report, open: [Report.Rotation]) {
        do throws(ReportError) {
            return try await finish(integrity)
        } catch {
            throw Failure(error)
        }
    }
}

extension Entry {
    /// How many entries the report rested on that this entry tells of.
    fileprivate var reportSize: Int? {
        (members["report"]?.members?["size"]?.integer).map { Int($0) }
    }
}

extension Evidence {
    fileprivate init(_ entry: Entry) {
        self.init(
            sequence: entry.projection.sequence, time: entry.projection.time, hash: entry.hash)
    }
}

extension Failure {
    fileprivate init(_ error: ReportError) {
        switch error {
        case .storage(let error): self.init(error)
        case .notAnEntry: self = .brokenReport(from: nil)
        case .notItsHash(let sequence): self = .brokenReport(from: sequence)
        }
    }

    fileprivate static func brokenReport(from sequence: Int?) -> Failure {
        Failure(
            "the audit trail is broken" + (sequence.map { ", from entry \($0) on" } ?? "")
                + "; no report rests on it",
            hint: "`keyturn audit verify` says what is wrong", .brokenTrail)
    }
}
