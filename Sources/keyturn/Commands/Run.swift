import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn run`
struct Run: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "One pass: recover, finish, rotate, deliver, retire.",
        discussion: """
            What a systemd timer or cron calls. It takes up what was interrupted, rotates what is \
            due, tries again what failed, retires what has had its time, and ends. When nothing is \
            due it writes nothing.

              keyturn run
              keyturn run ci-deployer search-key
              keyturn run --label env=prod --dry-run
            """)

    @OptionGroup var options: StateOptions
    @Argument(help: "Only these policies.") var names: [String] = []
    @Option(name: .long, help: "Only policies with this label, KEY=VALUE.")
    var label: LabelOption?
    @Option(name: .long, help: "How many secrets are worked on at once.")
    var jobs = 8
    @Flag(name: .long, help: "Check all that can be checked without an effect, and do nothing.")
    var dryRun = false

    mutating func validate() throws {
        guard (1...64).contains(jobs) else { throw ValidationError("--jobs is 1 to 64") }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.open(dryRun: dryRun)
        let only = try await selected(store, program)
        if dryRun {
            return try await DryRun(
                program: program, store: store, only: only, json: options.json
            ).run()
        }
        return try await program.pass(
            store, .schedule(only: only), jobs: jobs, json: options.json)
    }

    private func selected(_ store: Store, _ program: Program) async throws(Failure) -> Set<String>?
    {
        guard !names.isEmpty || label != nil else { return nil }
        for name in names { _ = try await store.policyOrFailure(name) }
        guard let label else { return Set(names) }
        let labelled = try await program.storing { () async throws(StorageError) in
            try await store.names(labelled: label.pair)
        }
        return names.isEmpty ? Set(labelled) : Set(names).intersection(labelled)
    }
}

extension Program {
    /// Makes a pass, tells what it did as it goes, and returns its exit code.
    func pass(
        _ store: Store, _ demand: Pass.Demand, jobs: Int, tempo: Pass.Tempo = Pass.Tempo(),
        json: Bool
    ) async throws(Failure) -> Int32 {
        let console = console
        let pass = Pass(
            program: self, store: store, demand: demand, jobs: jobs, tempo: tempo,
            report: { report in
                if json { console.answer(report.json) } else { console.answer(report.line) }
            })
        var report = try await pass.run()
        if report.didWork, report.signal == nil {
            let reactions = Reactions(
                program: self, store: store, json: json, isByHand: pass.isByHand)
            do throws(Failure) {
                let outcome = try await reactions.run()
                report.failedBesides += outcome.failed
                if outcome.isTrailBroken { report.isTrailBroken = true }
            } catch {
                // What was rotated is told all the same.
                console.fail(error)
                report.failedBesides += 1
            }
        }
        report.isAnchorBehind = await surroundings.anchor(store)
        await Notifications(program: self, store: store).tell(report)
        try await tellUnreachable(report, store)
        if json {
            console.answer(report.json)
        } else if report.secrets.isEmpty {
            if console.isErrorTerminal { console.say("keyturn: nothing is due") }
        } else if report.secrets.count > 1 {
            console.answer(report.line)
        }
        if let signal = report.signal {
            console.say(
                "keyturn: ended by signal \(signal); all is written down, run again to go on")
        }
        return report.exitCode
    }

    /// Which addresses could not be reached, once each.
    private func tellUnreachable(_ report: PassReport, _ store: Store) async throws(Failure) {
        let names = Set(
            report.secrets.filter { $0.cause == .unreachable }
                .compactMap { $0.rotation?.target.connection })
        guard !names.isEmpty else { return }
        let connections = try await storing { () async throws(StorageError) in
            try await store.connections()
        }
        for connection in connections where names.contains(connection.name) {
            console.say(
                "keyturn: hint: \(connection.api) or \(connection.login) cannot be reached; check "
                    + "the network, HTTPS_PROXY and `ca-file`")
        }
    }
}
