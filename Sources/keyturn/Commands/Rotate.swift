import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn rotate`
struct Rotate: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Rotate now, by hand.",
        discussion: """
            Windows, freezes and back-off do not hold it. With --compromised it is an emergency: \
            it takes the place of what is under way, and the old credential is retired as soon as \
            the new one is proved, delivered or not.

              keyturn rotate ci-deployer --reason "left the company" --ticket OPS-7
              keyturn rotate --all --compromised --reason "laptop stolen" --confirm 12
              keyturn rotate --all --compromised --reason leak --confirm 12 --first env=prod
            """)

    @OptionGroup var options: StateOptions
    @Argument(help: "The policies.") var names: [String] = []
    @Option(name: .long, help: "Policies with this label, KEY=VALUE.")
    var label: LabelOption?
    @Flag(name: .long, help: "All policies.") var all = false
    @Option(name: .long, help: "Why; it stands in the audit trail for ever.")
    var reason: String
    @Option(name: .long, help: "A ticket, for the audit trail.")
    var ticket: String?
    @Flag(name: .long, help: "An emergency: the old credential must die at once.")
    var compromised = false
    @Flag(
        name: .long,
        help:
            "With --compromised: begin a new epoch of the audit trail where an anchor stands in the way."
    )
    var newEpoch = false
    @OptionGroup var confirmation: ConfirmOption
    @Option(name: .long, help: "How many secrets are worked on at once.")
    var jobs = 8
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Those with this label first, and the others when they are done. May be repeated.",
            valueName: "key=value"))
    var first: [LabelOption] = []
    @Option(name: .long, help: "Begin at most so many in a minute.")
    var perMinute: Int?
    @Flag(name: .long, help: "Check all that can be checked without an effect, and do nothing.")
    var dryRun = false

    mutating func validate() throws {
        if let perMinute, !(1...6_000).contains(perMinute) {
            throw ValidationError("--per-minute is 1 to 6000")
        }
        guard (1...64).contains(jobs) else { throw ValidationError("--jobs is 1 to 64") }
        guard compromised || !newEpoch else {
            throw ValidationError("--new-epoch is for an emergency; add --compromised")
        }
        let ways = [!names.isEmpty, label != nil, all].filter { $0 }.count
        guard ways == 1 else {
            throw ValidationError("name the policies, or a --label, or --all: one of them")
        }
        // They stand in an entry of the trail, which has an end.
        guard names.reduce(0, { $0 + $1.utf8.count + 1 }) <= 12_000 else {
            throw ValidationError("so many names are too long for one entry; use --label or --all")
        }
        if let ticket, ticket.utf8.count > 100 {
            throw ValidationError("--ticket is longer than 100 bytes")
        }
    }

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let reason = try Reason.checked(reason)
        let store =
            if compromised, !dryRun {
                try await program.openInEmergency()
            } else {
                try await program.open(dryRun: dryRun)
            }
        let policies = try await selected(store, program)
        guard !policies.isEmpty else {
            throw Failure("no policy is meant", hint: "see `keyturn policy list`", .usage)
        }
        let names = policies.map(\.policy.name)
        if dryRun {
            if newEpoch { try await foretellEpoch(store, program) }
            return try await DryRun(
                program: program, store: store, only: Set(names), json: options.json,
                isByHand: true,
                isAttested: !newEpoch
            ).run()
        }
        try confirmation.require(
            names, compromised ? "rotate at once" : "rotate", surroundings)
        if newEpoch { try await beginEpoch(store, program, reason) }
        return try await program.pass(
            store,
            .byHand(
                policies, compromised ? .emergency : .manual, selector: selector, reason: reason,
                ticket: ticket),
            jobs: jobs, tempo: Pass.Tempo(waves: first, perMinute: perMinute), json: options.json)
    }

    private func foretellEpoch(_ store: Store, _ program: Program) async throws(Failure) {
        try await program.unlock(store, acceptingLoss: true)
        let loss = try await program.storing { () async throws(StorageError) in
            try await store.loss()
        }
        program.console.say(
            loss.map { "keyturn: would first begin a new epoch, although \($0.text)" }
                ?? "keyturn: no new epoch is needed")
    }

    /// The trail never blocks an emergency: what an anchor shows besides is given up, in an entry,
    /// and the same command goes on. Where nothing stands in the way, no epoch is begun.
    private func beginEpoch(
        _ store: Store, _ program: Program, _ reason: String
    ) async throws(Failure) {
        try await program.unlock(store, acceptingLoss: true)
        let epoch = try await program.storing { () async throws(StorageError) in
            try await store.loss() == nil
                ? nil : try await store.startEpoch(reason: reason, acceptLoss: true)
        }
        if let epoch { program.tell(epoch) }
    }

    /// What is meant, as the person said it: with reason and ticket it names the incident (P31).
    private var selector: String {
        if let label { return "label \(label.key)=\(label.value)" }
        return all ? "all" : "names " + Set(names).sorted().joined(separator: ",")
    }

    private func selected(_ store: Store, _ program: Program) async throws(Failure)
        -> [StoredPolicy]
    {
        if !names.isEmpty {
            var policies: [StoredPolicy] = []
            for name in names where !policies.contains(where: { $0.policy.name == name }) {
                policies.append(try await store.policyOrFailure(name))
            }
            return policies
        }
        let label = label
        return try await program.storing { () async throws(StorageError) in
            let policies = try await store.policies()
            guard let label else { return policies }
            return policies.filter { $0.policy.labels[label.key] == label.value }
        }
    }
}
