import ArgumentParser
import Audit
import Storage

/// `keyturn audit prove`
struct AuditProve: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "The proof that an entry stands in the trail, or that it grew.",
        discussion: """
            With SEQ, a C2SP tlog-proof: the entry is under the newest checkpoint, which it holds. \
            With --from SIZE, that the trail begins with the one of so many entries: nothing under \
            that older checkpoint was changed or taken out.

              keyturn audit prove 17 > 17.tlog-proof
              keyturn audit prove --from 5 > grown
              keyturn audit verify --proof 17.tlog-proof --entry 17.json --key trail.vkey
            """)

    @OptionGroup var options: PlaceOptions
    @Argument(help: "The entry's seq.") var seq: Int?
    @Option(name: .long, help: "The number of entries of the older checkpoint.")
    var from: Int?
    @Option(name: .long, help: "Up to the checkpoint of so many entries. Default: the newest.")
    var size: Int?

    mutating func validate() throws {
        guard (seq == nil) != (from == nil) else {
            throw ValidationError("name an entry, or an older size by --from: one of them")
        }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let head = try await store.checkpointOrFailure(size: size)
        let proof: String
        var object: [String: JSON] = ["size": .integer(Int64(head.size))]
        if let seq {
            proof = try await store.proof(of: seq, under: head).text
            object["kind"] = .string("inclusion-proof")
            object["seq"] = .integer(Int64(seq))
        } else {
            let from = from ?? 0
            proof = try await growth(from, head, store).text
            object["kind"] = .string("consistency-proof")
            object["from"] = .integer(Int64(from))
        }
        if options.json {
            object["proof"] = .string(proof)
            program.console.answer(object)
        } else {
            try program.console.answer(exactly: Array(proof.utf8).span)
        }
        return 0
    }

    private func growth(
        _ from: Int, _ head: StoredCheckpoint, _ store: Store
    ) async throws(Failure) -> ConsistencyProof {
        guard (0...head.size).contains(from) else {
            throw Failure(
                "the checkpoint has \(head.size) entries, and the older one \(from)",
                hint: "an older checkpoint is not the larger one", .usage)
        }
        do throws(StorageError) {
            return ConsistencyProof(
                oldSize: from, hashes: try await store.consistencyProof(from: from, to: head.size),
                checkpoint: head.note)
        } catch {
            throw Failure(error)
        }
    }
}

extension Store {
    /// The proof that an entry stands under a checkpoint, or why there is none.
    func proof(of sequence: Int, under head: StoredCheckpoint) throws(Failure) -> InclusionProof {
        guard (0..<head.size).contains(sequence) else {
            throw Failure(
                "there is no entry \(sequence) under the checkpoint",
                hint: "it has \(head.size), from 0 to \(head.size - 1)", .usage)
        }
        do throws(StorageError) {
            return InclusionProof(
                index: sequence, hashes: try inclusionProof(of: sequence, size: head.size),
                checkpoint: head.note)
        } catch {
            throw Failure(error)
        }
    }
}
