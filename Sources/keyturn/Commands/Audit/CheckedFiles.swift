import Audit
import Files

/// Checks what was exported, with the files alone: no state, no root key, no network.
struct CheckedFiles {
    private let surroundings: Surroundings
    private let keyText: String?

    private static let noteLimit = 1_100_000

    /// - Parameter keys: a vkey, or a file of vkeys.
    init(_ surroundings: Surroundings, keys: String? = nil) {
        self.surroundings = surroundings
        keyText = keys
    }

    /// The checkpoint that a file holds, if one of these keys signed it.
    func checkpoint(
        _ path: String, signedBy keys: [VerifierKey]
    ) throws(Failure) -> Checkpoint {
        let note = try text(path)
        guard SignedNote(note) != nil else { throw malformed(path, "a signed checkpoint") }
        guard let checkpoint = Checkpoint(note: note, signedByOneOf: keys) else {
            throw Failure(
                "\(path) is not signed by this log's key",
                hint:
                    "after `audit rotate-key`, `keyturn audit key --all` has the key it needs; else "
                    + "it is of another state, or the state or its key was replaced",
                .brokenTrail)
        }
        return checkpoint
    }

    /// Checks an export in lines against its checkpoint, and against an older one that was kept.
    func verify(
        log: String, checkpoint: String, since: String?
    ) throws(Failure) -> AuditVerify.Verdict {
        let keys = try keys()
        let kept = try since.map { (path) throws(Failure) in
            try self.checkpoint(path, signedBy: keys)
        }
        let note = try text(checkpoint)
        guard SignedNote(note) != nil else { throw malformed(checkpoint, "a signed checkpoint") }
        guard var verifier = ExportVerifier(checkpoint: note, signedBy: keys, since: kept) else {
            throw Failure(
                "\(checkpoint) is not signed by this key",
                hint: "after `audit rotate-key`, `keyturn audit key --all` has the key it needs",
                .brokenTrail)
        }
        let console = surroundings.console
        let total = verifier.head.size
        let path = surroundings.absolute(log)
        // One byte more than an entry may have shows that it has more.
        let limit = Entry.maximumByteCount + 1
        try filing { () throws(FileError) in
            try UntrustedFile.forEachLine(of: path, limit: limit) { line in
                let goesOn = verifier.add(line: line)
                if verifier.size % 10_000 == 0 {
                    console.progress("verifying \(verifier.size) of \(total) entries")
                }
                return goesOn
            }
        }
        console.progress("verifying \(verifier.size) of \(total) entries", isLast: true)
        verifier.end()
        var object: [String: JSON] = [
            "entries": .integer(Int64(verifier.size)), "checkpoint": .string(note),
        ]
        object["since"] = kept.map { .integer(Int64($0.size)) }
        return AuditVerify.Verdict(
            subject: "the export is", hint: Self.hint, findings: verifier.findings,
            summary: "\(verifier.size) entries, 1 checkpoint", object: object)
    }

    private static let hint = "keep the files as they are, and ask for new ones"

    /// Checks one proof: of an entry, or of growth since a checkpoint that was kept.
    func verify(
        proof path: String, entry: String?, since: String?
    ) throws(Failure) -> AuditVerify.Verdict {
        let keys = try keys()
        let text = try text(path)
        let proved: Checkpoint
        let what: String
        do {
            if let entry {
                guard let proof = InclusionProof(text) else { throw malformed(path, "a proof") }
                let leaf = try bytes(entry, limit: Entry.maximumByteCount + 1)
                proved = try proof.verified(leaf, signedBy: keys)
                what = "entry \(proof.index) is one"
            } else {
                guard let proof = ConsistencyProof(text) else {
                    throw malformed(path, "a proof of growth")
                }
                let kept = try checkpoint(since ?? "", signedBy: keys)
                proved = try proof.verified(since: kept, signedBy: keys)
                what = "the first \(kept.size) are those of the kept checkpoint"
            }
        } catch let error as ProofError {
            return AuditVerify.Verdict(
                subject: "the proof is", hint: Self.hint,
                findings: [LogVerifier.Finding(nil, error.description)], summary: "1 proof",
                object: [:])
        } catch let error as Failure {
            throw error
        } catch {
            preconditionFailure("nothing else is thrown")
        }
        return AuditVerify.Verdict(
            findings: [], summary: "of \(proved.size) entries \(what)",
            object: ["entries": .integer(Int64(proved.size))])
    }

    // MARK: Files

    private func keys() throws(Failure) -> [VerifierKey] {
        let given = keyText ?? ""
        if let key = VerifierKey(given) { return [key] }
        let keys = try text(given).split(separator: "\n").map { VerifierKey(String($0)) }
        guard !keys.isEmpty, !keys.contains(nil) else { throw malformed(given, "a vkey") }
        return keys.compactMap(\.self)
    }

    private func text(_ path: String) throws(Failure) -> String {
        let bytes = try bytes(path, limit: Self.noteLimit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw malformed(path, "text")
        }
        return text
    }

    private func bytes(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        let path = surroundings.absolute(path)
        return try filing { () throws(FileError) in
            try UntrustedFile.read(path, limit: limit)
        }
    }

    private func malformed(_ path: String, _ what: String) -> Failure {
        Failure(
            "\(path) does not hold \(what)",
            hint: "`keyturn audit verify --help` says which file goes where", .usage)
    }
}
