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

    /// Does all whose time has come. How many failed.
    func run() async throws(Failure) -> Int {
        let (store, now, isByHand) = (store, program.clock.now(), isByHand)
        let owed = try await program.storing { () async throws(StorageError) in
            let owed = try await store.owedReactions(at: now, isByHand: isByHand)
            // What was edited beside the trail is not done.
            if !owed.isEmpty { try await store.attest(owed.flatMap(\.secrets)) }
            return owed
        }
        var failed = 0
        for reaction in owed where program.surroundings.stopSignal() == nil {
            // A crash from here on finds it owed: it is done once more, which does no harm.
            let (unfit, hook) = result(of: await Destinations().react(reaction.reaction))
            try await program.storing { () async throws(StorageError) in
                try await store.settle(reaction, unfit?.cause, hook: hook)
            }
            if unfit != nil { failed += 1 }
            tell(reaction, unfit)
        }
        return failed
    }

    private func result(of result: DeliveryResult) -> (Unfit?, HookReport?) {
        switch result {
        case .done(let hook): (nil, hook)
        case .failed(let unfit, let hook): (unfit, hook)
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
