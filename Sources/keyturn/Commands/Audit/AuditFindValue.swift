import ArgumentParser
import Audit
import Rotations
import Secrets
import Storage

/// `keyturn audit find-value`
struct AuditFindValue: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "find-value",
        abstract: "Tell whether a leaked string was ever one of ours, and which.",
        discussion: """
            The string is read from standard input, or asked for on a terminal; it is never an \
            argument. It is compared by its keyed fingerprint with the trail, which also knows \
            values that are destroyed; a value that was never sealed here is not found. That it \
            was asked is an entry, without the string.

              keyturn audit find-value < leaked
            """)

    @OptionGroup var options: StateOptions
    @Flag(name: .long, help: "Read and unlock all that is needed; search and record nothing.")
    var dryRun = false

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let console = program.console
        let store = try await program.open(dryRun: dryRun)
        try await program.unlock(store)
        let value = try surroundings.readSecret("the leaked string: ")
        guard !dryRun else {
            let count = try await program.storing { () async throws(StorageError) in
                try await store.entryCount()
            }
            console.answer(
                json: options.json, "would search \(count) entries",
                ["kind": .string("search"), "entries": .integer(Int64(count))])
            return 0
        }
        let found = try await search(value, store, program)
        // P35: the entry is on disk before the answer is given.
        try await program.storing { () async throws(StorageError) in
            try await store.recordSearch(found: found.last)
        }
        tell(found, console)
        return 0
    }

    private func search(
        _ value: borrowing SecretBytes, _ store: Store, _ program: Program
    ) async throws(Failure) -> [FoundVersion] {
        let fingerprint: [UInt8]
        do throws(JournalError) {
            fingerprint = try store.fingerprint(of: value)
        } catch {
            throw Failure(error)
        }
        let console = program.console
        return try await program.storing { () async throws(StorageError) in
            try await store.versions(withFingerprint: fingerprint) { done, all in
                console.progress("searching \(done) of \(all) entries", isLast: done == all)
            }
        }
    }

    private func tell(_ found: [FoundVersion], _ console: Console) {
        if options.json {
            for version in found {
                console.answer([
                    "kind": .string("match"), "name": .string(version.secret.name),
                    "version": .integer(Int64(version.number)),
                    "state": .string(version.state?.rawValue ?? "unknown"),
                    "seq": .integer(Int64(version.sequence)),
                    "time": .string(version.time.rfc3339),
                ])
            }
            console.answer(["kind": .string("search"), "matches": .integer(Int64(found.count))])
            return
        }
        if found.isEmpty {
            console.answer("never a value that was sealed here")
            console.say(
                "keyturn: hint: a value that Keyturn never held, such as that of an adopted "
                    + "credential before its first rotation, cannot be found here")
        }
        console.answer(
            heads: ["SECRET", "VERSION", "STATE", "SINCE", "ENTRY"],
            rows: found.map { version in
                [
                    version.secret.name, String(version.number),
                    version.state?.rawValue ?? "unknown", version.time.secondText,
                    String(version.sequence),
                ]
            })
        for version in found where version.state == .current || version.state == .retiring {
            console.say("keyturn: hint: it is alive; see `keyturn rotate \(version.secret.name)`")
        }
    }
}
