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
            all of it is shown by a checkpoint that was kept elsewhere.

              keyturn audit verify
            """)

    @OptionGroup var options: StateOptions

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let console = program.console
        let result = try await program.storing { () async throws(StorageError) in
            try await store.verify { done, all in
                console.progress("verifying \(done) of \(all) entries", isLast: done == all)
            }
        }
        let key = try await program.storing { () async throws(StorageError) in
            try await store.verifierKeys().first
        }
        if options.json {
            for finding in result.findings {
                var object: [String: JSON] = [
                    "kind": .string("finding"), "problem": .string(finding.problem),
                ]
                object["seq"] = finding.sequence.map { .integer(Int64($0)) }
                console.answer(object)
            }
            for remark in result.remarks {
                console.answer(["kind": .string("remark"), "text": .string(remark)])
            }
            console.answer([
                "kind": .string("verification"), "intact": .boolean(result.isIntact),
                "entries": .integer(Int64(result.entryCount)),
                "checkpoints": .integer(Int64(result.checkpointCount)),
                "records": .integer(Int64(result.recordCount)),
                "anchored": .integer(Int64(result.anchoredCount)),
                "checkpoint": .string(result.checkpoint ?? ""),
                "vkey": .string(key?.description ?? ""),
            ])
        } else {
            for finding in result.findings {
                let place = finding.sequence.map { "entry \($0): " } ?? ""
                console.answer("\(place)\(finding.problem)")
            }
            for remark in result.remarks { console.say("keyturn: \(remark)") }
            console.answer(
                "\(result.entryCount) entries, \(result.checkpointCount) checkpoints, "
                    + "\(result.anchoredCount) anchored, \(result.recordCount) vault records: "
                    + (result.isIntact ? "intact" : "\(result.findings.count) findings"))
        }
        guard !result.isIntact else { return 0 }
        console.fail(
            Failure(
                "the audit trail is broken"
                    + (result.findings.compactMap(\.sequence).first.map { ", from entry \($0) on" }
                        ?? ""),
                hint: "keep the state as it is, and compare it with a backup",
                .brokenTrail))
        return ExitStatus.brokenTrail.rawValue
    }
}
