import Handoff
import Rotations
import Storage

/// Does what is owed after deliveries: each reaction once, however many secrets share it.
struct Reactions {
    let program: Program
    let store: Store
    let json: Bool
    /// Whether a person waits for it: back-off does not count.
    let isByHand: Bool

    /// How many failed, and whether one of them was edited beside the trail.
    struct Outcome {
        var failed = 0
        var isTrailBroken = false
    }

    /// Does all whose time has come.
    func run() async throws(Failure) -> Outcome {
        let (store, now, isByHand) = (store, program.clock.now(), isByHand)
        let owed = try await program.storing { () async throws(StorageError) in
            try await store.owedReactions(at: now, isByHand: isByHand)
        }
        var outcome = Outcome()
        for reaction in owed where program.surroundings.stopSignal() == nil {
            // What was edited beside the trail is not done.
            guard await isAttested(reaction) else {
                outcome.failed += 1
                outcome.isTrailBroken = true
                continue
            }
            // A crash from here on finds it owed: it is done once more, which does no harm.
            let result = await Destinations().react(reaction.reaction)
            try await program.storing { () async throws(StorageError) in
                try await store.settle(reaction, result.unfit?.cause, hook: result.hook)
            }
            if result.unfit != nil { outcome.failed += 1 }
            tell(reaction, result.unfit)
        }
        return outcome
    }

    private func isAttested(_ owed: OwedReaction) async -> Bool {
        do throws(StorageError) {
            for secret in owed.secrets { try await store.attestRows(of: secret) }
            return true
        } catch {
            program.console.fail(Failure(error))
            return false
        }
    }

    private func tell(_ owed: OwedReaction, _ unfit: Unfit?) {
        let names = owed.secrets.map(\.name)
        program.console.answer(
            json: json,
            "\(owed.reaction.id): \(unfit.map { "failed: \($0.description)" } ?? "done")",
            [
                "kind": .string("reaction"), "action": .string(owed.reaction.id),
                "names": .array(names.map { .string($0) }),
                "outcome": .string(unfit == nil ? "done" : "failed"),
            ])
        if let hint = unfit?.hint { program.console.say("keyturn: hint: \(hint)") }
    }
}
