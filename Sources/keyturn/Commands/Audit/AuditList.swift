import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn audit list`
struct AuditList: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Entries of the audit trail, the newest first.",
        discussion: """
              keyturn audit list
              keyturn audit list --secret ci-deployer --from 2026-10-01 --limit 200
              keyturn audit list --type rotation.failed --actor ann --json
              keyturn audit list --follow
            """)

    @OptionGroup var options: PlaceOptions
    @OptionGroup var entries: EntryOptions
    @Option(name: .long, help: "Only entries before this seq, to page on.")
    var before: Int?
    @Option(name: .long, help: "At most so many.") var limit = 50
    @Flag(name: .long, help: "Oldest first, and go on as entries come, until a signal.")
    var follow = false

    mutating func validate() throws {
        guard (1...10_000).contains(limit) else {
            throw ValidationError("--limit is 1 to 10000")
        }
        guard before == nil || !follow else {
            throw ValidationError("--before looks back, and --follow goes on: one of them")
        }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        var filter = try await entries.filter(store)
        filter.before = before
        filter.limit = limit
        guard !follow else { return try await follow(filter, store, program) }
        let asked = filter
        let found = try await program.storing { () async throws(StorageError) in
            try await store.entries(asked)
        }
        if options.json {
            for stored in found { program.console.answer(stored.object) }
        } else {
            program.console.answer(heads: StoredEntry.heads, rows: found.map(\.row))
        }
        // A person sees that there may be more; a program counts.
        if found.count == limit, program.console.isErrorTerminal, let last = found.last {
            program.console.say("older entries: add --before \(last.entry.projection.sequence)")
        }
        return 0
    }

    /// Prints what there is, and from then on what comes. It looks once a second and holds no lock
    /// in between.
    private func follow(
        _ filter: EntryFilter, _ store: Store, _ program: Program
    ) async throws(Failure) -> Int32 {
        var filter = filter
        while true {
            let asked = filter
            let (found, count) = try await program.storing { () async throws(StorageError) in
                let count = try await store.entryCount()
                var until = asked
                until.before = count
                return (try await store.entries(until), count)
            }
            for stored in found.reversed() {
                if options.json {
                    program.console.answer(stored.object)
                } else {
                    program.console.answer(stored.line)
                }
            }
            filter.start = count
            filter.limit = .max
            if let signal = program.surroundings.stopSignal() { return 128 + signal }
            await program.clock.wait(Interval(seconds: 1))
        }
    }
}
