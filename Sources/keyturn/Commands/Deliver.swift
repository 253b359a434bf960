import ArgumentParser
import Audit
import Files
import Handoff
import Pinecone
import Rotations
import Storage

/// `keyturn deliver`
struct Deliver: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliver",
        abstract: "Deliver the current version again, without rotating.",
        discussion: """
            It goes to the destinations that the policy has now, once it has proved itself alive \
            at the provider; a value that is refused there is written nowhere.

              keyturn deliver ci-deployer
              keyturn deliver ci-deployer --to file:/run/ci/pinecone.env
            """)

    @OptionGroup var options: StateOptions
    @Argument(help: "The policy's name.") var name: String
    @Option(name: .customLong("to"), help: "Only this destination, as `policy show` names it.")
    var destination: String?
    @Flag(name: .long, help: "Check the destinations, and write nothing.")
    var dryRun = false

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.open(dryRun: dryRun)
        let stored = try await store.policyOrFailure(name)
        let wanted = try wanted(stored.policy)
        if dryRun { return await check(wanted, program) }
        try await program.unlock(store)
        let secret = stored.secret
        try await program.storing { () async throws(StorageError) in
            try await store.attest([secret])
        }
        let work = HandDelivery(program: program, store: store, stored: stored)
        let results = try await work.deliver(to: wanted)
        guard !results.isEmpty else {
            throw Failure(
                "\(name) has no current version, or its connection is gone", hint: "keyturn check",
                .failure)
        }
        var isComplete = true
        for result in results {
            isComplete = isComplete && (result.cause == nil || !result.isRequired)
            tell(result.id, version: result.version, cause: result.cause, program.console)
        }
        let reactions = try await Reactions(
            program: program, store: store, json: options.json, isByHand: true
        ).run()
        guard !reactions.isTrailBroken else { return ExitStatus.brokenTrail.rawValue }
        isComplete = isComplete && reactions.failed == 0
        guard !results.contains(where: { $0.cause == .foreignRotated }) else {
            // P21: nothing was written.
            return ExitStatus.attention.rawValue
        }
        return isComplete ? 0 : ExitStatus.failure.rawValue
    }

    private func wanted(_ policy: Policy) throws(Failure) -> [Destination] {
        let all = policy.terms.destinations
        guard let destination else {
            guard !all.isEmpty else {
                throw Failure(
                    "\(name) delivers nowhere", hint: "see `deliver:` in its file", .usage)
            }
            return all
        }
        let found = all.filter { $0.id == destination }
        guard !found.isEmpty else {
            throw Failure(
                "\(name) does not deliver to \(destination)",
                hint: "its destinations are " + all.map(\.id).joined(separator: ", "), .usage)
        }
        return found
    }

    private func check(_ destinations: [Destination], _ program: Program) async -> Int32 {
        var isFit = true
        for destination in destinations {
            let unfit = await program.handoff.check(destination)
            isFit = isFit && unfit == nil
            let line = unfit.map { "\(destination.id): \($0.description)" }
            program.console.answer(
                json: options.json, line ?? "\(destination.id): can be delivered to",
                [
                    "kind": .string("destination"), "name": .string(name),
                    "destination": .string(destination.id), "fit": .boolean(unfit == nil),
                ])
        }
        return isFit ? 0 : ExitStatus.failure.rawValue
    }

    private func tell(_ id: String, version: Int, cause: Cause?, _ console: Console) {
        var object: [String: JSON] = [
            "kind": .string("delivery"), "name": .string(name), "destination": .string(id),
            "version": .integer(Int64(version)),
            "outcome": .string(cause == nil ? "done" : "failed"),
        ]
        object["cause"] = (cause?.rawValue).map(JSON.string)
        console.answer(
            json: options.json,
            cause.map { "\(id): failed: \($0.text)" } ?? "\(id): has version \(version)", object)
    }
}

/// A delivery that a person asked for.
struct HandDelivery {
    let program: Program
    let store: Store
    let stored: StoredPolicy

    /// How one destination came off.
    struct Result {
        let id: String
        let version: Int
        let isRequired: Bool
        let cause: Cause?
    }

    /// Delivers the current version to these destinations, under the secret's lock.
    func deliver(to destinations: [Destination]) async throws(Failure) -> [Result] {
        let lock = try await lock()
        defer { withExtendedLifetime(lock) {} }
        do throws(JournalError) {
            return try await deliverLocked(to: destinations)
        } catch {
            throw Failure(error)
        }
    }

    /// The secret's lock; a person waits 30 seconds for another process.
    private func lock() async throws(Failure) -> HeldLock {
        let path = program.directory.lock(secret: stored.secret.id.text)
        let end = program.clock.now() + Interval(seconds: 30)
        while true {
            if let lock = try HeldLock.take(path) { return lock }
            guard program.clock.now() < end, program.surroundings.stopSignal() == nil else {
                throw Failure(
                    "another process has been working on \(stored.policy.name) for 30 seconds",
                    hint: "see who it is with `fuser \(path)`, and try again", .busy)
            }
            await program.clock.wait(Interval(seconds: 1))
        }
    }

    private func deliverLocked(
        to destinations: [Destination]
    ) async throws(JournalError) -> [Result] {
        guard
            let current = try await store.versions(of: stored.secret)
                .first(where: { $0.state == .current })
        else { return [] }
        guard current.isHeld else {
            return destinations.map {
                Result(
                    id: $0.id, version: current.number, isRequired: $0.isRequired,
                    cause: .valueNotHeld)
            }
        }
        let newer = try await destinationsOfNewer(than: current)
        try await owe(destinations.filter { !newer.contains($0.id) }, current)
        guard let rotator = try await rotator() else { return [] }
        let rotation = Rotation(
            id: try store.newIdentifier(), secret: stored.secret, target: stored.policy.target,
            trigger: .manual, reason: nil, ticket: nil, terms: stored.policy.terms,
            startedAt: program.clock.now())
        var results: [Result] = []
        for destination in destinations {
            guard !newer.contains(destination.id) else {
                results.append(
                    Result(
                        id: destination.id, version: current.number,
                        isRequired: destination.isRequired, cause: .newerDelivered))
                continue
            }
            let delivered = try await rotator.deliver(
                current, in: rotation, to: destination.id)
            let row = try await store.deliveries(of: current.number, of: stored.secret)
                .first { $0.destination.id == destination.id }
            let cause: Cause? =
                switch delivered {
                case .foreignRotated: .foreignRotated
                case .noVerdict: .unproved
                case .complete, .incomplete: row?.isDebt == true ? row?.cause : nil
                }
            results.append(
                Result(
                    id: destination.id, version: current.number,
                    isRequired: destination.isRequired, cause: cause))
        }
        return results
    }

    /// The destinations that have a newer version, or are owed it: they never receive an older one
    /// after it (P22). What was rolled back is no version to come.
    private func destinationsOfNewer(
        than current: Version
    ) async throws(JournalError) -> Set<String> {
        var found: Set<String> = []
        for newer in try await store.versions(of: stored.secret)
        where newer.number > current.number && newer.state == .pending {
            let known = try await store.deliveries(of: newer.number, of: stored.secret)
            found.formUnion(known.filter { $0.state != .closed }.map(\.destination.id))
        }
        return found
    }

    /// Rows for destinations that the policy got after the version was made.
    private func owe(
        _ destinations: [Destination], _ current: Version
    ) async throws(JournalError) {
        let known = try await store.deliveries(of: current.number, of: stored.secret)
        var position = (known.map(\.position).max() ?? -1) + 1
        var missing: [Delivery] = []
        for destination in destinations
        where !known.contains(where: { $0.destination.id == destination.id }) {
            missing.append(
                Delivery(
                    secret: stored.secret, version: current.number, position: position,
                    destination: destination))
            position += 1
        }
        do throws(StorageError) {
            try await store.owe(missing)
        } catch {
            throw error.journal
        }
    }

    private func rotator() async throws(JournalError) -> Rotator? {
        let target = stored.policy.target
        let connections: [Connection]
        do throws(StorageError) {
            connections = try await store.connections()
        } catch {
            throw error.journal
        }
        guard let connection = connections.first(where: { $0.name == target.connection }),
            // Apply has read the same addresses before.
            let client = try? program.client(for: connection, store: store)
        else { return nil }
        let stopSignal = program.surroundings.stopSignal
        return program.rotator(
            of: target.kind, stored.policy.terms.strategy, client, store: store,
            alive: ProvedAlive(), isClockTrusted: true, isByHand: true,
            isStopping: { stopSignal() != nil })
    }
}
