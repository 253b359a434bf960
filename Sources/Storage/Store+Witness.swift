import Audit
import Rotations
import SQLite

extension Store {
    /// How far back a cosignature's checkpoint is looked for: others may have committed since the
    /// witness was asked.
    private static let reach = 1_000

    /// What a witness is asked to cosign: the newest checkpoint, with the proof that it only adds to
    /// what the witness saw last (https://c2sp.org/tlog-witness). Nil when that is more than there is.
    /// - Parameter oldSize: what the witness saw; nil: what was cosigned last in this epoch.
    package func witnessRequest(from oldSize: Int?) throws(StorageError) -> String? {
        try read { database in
            guard let anchored = try Self.signedHead(in: database),
                let origin = try Self.verifierKeys(in: database).first?.name
            else { throw StorageError.damaged("the newest checkpoint is not signed by this state") }
            let head = anchored.checkpoint
            let old = try oldSize ?? Self.cosignedSize(origin, in: database)
            guard old <= head.size else { return nil }
            let proof = try MerkleProof.consistency(from: old, to: head.size) {
                try Trail.node($0, in: database)
            }
            return ConsistencyProof(oldSize: old, hashes: proof, checkpoint: anchored.note).text
        }
    }

    private static func cosignedSize(_ origin: String, in database: Database) throws -> Int {
        try database.first(
            """
            SELECT max(c.size) FROM audit_cosignature c JOIN audit_checkpoint p ON p.size = c.size
            WHERE substr(p.note, 1, ?1) = ?2
            """, [.integer(Int64(origin.unicodeScalars.count + 1)), .text(origin + "\n")]
        ) { $0.optionalInt(0) ?? 0 } ?? 0
    }

    /// Keeps the cosignatures among these lines that are the witness's and verify. Returns the sizes
    /// of their checkpoints; none when there is no such line.
    package func addCosignatures(
        _ lines: [String], of witness: WitnessKey
    ) async throws(StorageError) -> [Int] {
        try await commit(unattested: []) { transaction in
            let database = transaction.database
            let checkpoints = try database.all(
                "SELECT size, note FROM audit_checkpoint ORDER BY size DESC LIMIT ?",
                [.integer(Int64(Self.reach))]
            ) { ($0.int(0), SignedNote($0.text(1))?.text ?? "") }
            var sizes: [Int] = []
            for line in lines {
                let found = checkpoints.first { witness.time(of: line, over: $0.1) != nil }
                guard let (size, _) = found else { continue }
                sizes.append(size)
                let values: [Value] = [.integer(Int64(size)), .text(witness.description)]
                let isKnown = try database.first(
                    "SELECT 1 FROM audit_cosignature WHERE size = ? AND key = ?", values
                ) { _ in true }
                guard isKnown == nil else { continue }
                try database.run(
                    "INSERT INTO audit_cosignature(size, key, line) VALUES (?, ?, ?)",
                    values + [.text(line)])
                transaction.append(
                    Event(.cosignatureAdded) {
                        $0.key = witness.description
                        $0.size = size
                        $0.note = line
                    })
            }
            return sizes
        }
    }
}
