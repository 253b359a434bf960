import ArgumentParser
import Audit
import Storage

/// `keyturn audit show`
struct AuditShow: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One entry of the audit trail, whole.",
        discussion: """
            With --leaf it prints exactly the bytes that are hashed, without a newline, for a \
            program that checks a proof.

              keyturn audit show 17
              keyturn audit show 17 --leaf > 17.json
            """)

    @OptionGroup var options: PlaceOptions
    @Argument(help: "The entry's seq.") var seq: Int
    @Flag(name: .long, help: "The bytes of the entry alone.") var leaf = false

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let stored = try await store.entryOrFailure(seq)
        let console = program.console
        if leaf {
            try console.answer(exactly: stored.entry.leaf.span)
        } else if options.json {
            console.answer(stored.object)
        } else {
            let rows = Self.rows(stored.entry.members) + [("hash", hexadecimal(stored.hash))]
            console.answer(heads: ["FIELD", "VALUE"], rows: rows.map { [$0.0, $0.1] })
        }
        return 0
    }

    /// The fields in the order of the leaf, those of an object by `object.field`.
    private static func rows(_ members: [String: JSON]) -> [(String, String)] {
        members.sorted { $0.key < $1.key }.flatMap { key, value in
            if let inner = value.members {
                rows(inner).map { ("\(key).\($0.0)", $0.1) }
            } else {
                [(key, plain(value))]
            }
        }
    }

    /// A text as it is, or as JSON has it when it would break the line.
    private static func plain(_ value: JSON) -> String {
        guard let text = value.text, text.utf8.allSatisfy({ $0 >= 0x20 }) else {
            return value.canonical
        }
        return text
    }
}

extension Store {
    /// The entry at this place, or why there is none.
    func entryOrFailure(_ sequence: Int) throws(Failure) -> StoredEntry {
        let count: Int
        do throws(StorageError) {
            if let stored = try entry(sequence) { return stored }
            count = try entryCount()
        } catch {
            throw Failure(error)
        }
        throw Failure(
            "there is no entry \(sequence)",
            hint: count == 0 ? nil : "they go from 0 to \(count - 1)", .usage)
    }

    /// The newest checkpoint, or the one of this size, or why there is none.
    func checkpointOrFailure(size: Int? = nil) throws(Failure) -> StoredCheckpoint {
        do throws(StorageError) {
            if let found = try checkpoint(size: size) { return found }
        } catch {
            throw Failure(error)
        }
        throw Failure(
            "no checkpoint of \(size.map { "\($0) entries" } ?? "any size") was signed",
            hint: "one is signed with each change: leave --size out for the newest", .usage)
    }
}
