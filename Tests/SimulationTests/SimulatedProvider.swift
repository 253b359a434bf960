import Rotations
import Secrets

/// The provider over the truth: each call may be refused, lost on its way there, or lost on its way
/// back, and the process may die before it or after it.
struct SimulatedProvider: Provider {
    let process: Invocation
    /// Whether it replaces secrets of accounts: then there is no list, and nothing to delete.
    let isInPlace: Bool

    private var world: World { process.world }
    private var dice: Dice { process.dice }

    /// Nothing that a dead process is told matters.
    private static let nobody = Refusal(.unreachable)

    // MARK: Reading

    func survey(_ credential: CredentialReference) async -> Outcome<Survey> {
        await reading(.survey, .surveyed) { truth in
            guard let index = truth.index(credential.providerID) else {
                return .refused(Refusal(.targetMissing, status: 404))
            }
            let found = truth.credentials[index]
            let listed = truth.credentials.filter {
                !isInPlace && $0.kind == found.kind && !$0.isDeleted
            }
            return .done(
                Survey(
                    found: found.reference, listed: listed.map(\.reference), admin: "ops-a"))
        }
    }

    func find(_ order: Order) async -> Outcome<[CredentialReference]> {
        await reading(.find, .found) { truth in
            .done(
                truth.credentials.filter {
                    !$0.isDeleted && $0.name == order.attemptName && $0.isListed(at: truth.now)
                }.map(\.reference))
        }
    }

    func compareRights(
        of new: CredentialReference, with old: CredentialReference
    ) async -> Outcome<RightsDifference> {
        await reading(.compareRights, .rightsCompared) { truth in
            guard let new = truth.index(new.providerID), let old = truth.index(old.providerID)
            else { return .refused(Refusal(.targetMissing, status: 404)) }
            let (wanted, has) = (truth.credentials[old].rights, truth.credentials[new].rights)
            return .done(RightsDifference(of: has, with: wanted))
        }
    }

    func ask(_ credential: borrowing Credential) async -> Verdict {
        let value = credential.value.text
        let isKey = credential.reference.kind == .apiKey
        guard process.lives(.ask) else { return .noVerdict }
        process.noteAnswer()
        let isAccepted = world.with { $0.accepts(value, dice) }
        var verdict: Verdict = isAccepted ? .accepted : .refused
        if process.goesWrong() { verdict = .noVerdict }
        if verdict == .accepted { process.noteAccepted(value, isKey: isKey) }
        // P20: an account's secret has its control in the admin's.
        if verdict == .refused, isKey, !process.hasKeyControl { verdict = .noVerdict }
        world.tell("ask \(value): \(verdict.rawValue)")
        return process.lives(.asked) ? verdict : .noVerdict
    }

    private func reading<T: Sendable>(
        _ before: Moment, _ after: Moment, _ body: (inout Truth) -> Outcome<T>
    ) async -> Outcome<T> {
        guard process.lives(before) else { return .refused(Self.nobody) }
        process.noteAnswer()
        let outcome =
            process.goesWrong()
            ? .refused(refusal(besides: Refusal(.noAnswer, status: 503)))
            : world.with { body(&$0) }
        world.tell("\(before): \(outcome.word())")
        return process.lives(after) ? outcome : .refused(Self.nobody)
    }

    /// Why a call was not carried out.
    private func refusal(besides other: Refusal? = nil) -> Refusal {
        dice.pick(
            [
                Refusal(.unreachable), Refusal(.adminRefused, status: 401),
                Refusal(
                    .rateLimited, status: 429,
                    retryAfter: Interval(seconds: Int64(dice.roll(1..<90)))
                ), other ?? Refusal(.forbidden, status: 403),
            ])
    }

    // MARK: Minting

    func issue(_ order: Order) async -> Outcome<SecretBytes> {
        guard process.lives(.issue) else { return .refused(Self.nobody) }
        process.noteAnswer()
        let intent = witness(order)
        guard world.with({ $0.index(order.credential.providerID) }) != nil else {
            return .refused(Refusal(.targetMissing, status: 404))
        }
        let outcome = send(order, intent)
        world.tell("issue: \(outcome.word())")
        return process.lives(.issued) ? outcome : .refused(Self.nobody)
    }

    private func send(_ order: Order, _ intent: Rows.Intent?) -> Outcome<SecretBytes> {
        // Without its intent the finding is written down already.
        guard let intent else { return .refused(Self.nobody) }
        guard process.goesWrong() else { return .done(answer(of: order, intent)) }
        switch dice.roll(0..<6) {
        case 0, 1: return .refused(refusal())
        case 2: return .unsettled(.noAnswer)
        case 3:
            _ = answer(of: order, intent, isHeard: false)
            return .unsettled(.noAnswer)
        case 4:
            // It lies somewhere on the way, and is carried out when nobody expects it (P17).
            let hours = order.strategy == .inPlace ? 12 : 130
            let delay = Int64(dice.pick([dice.roll(30..<600), dice.roll(0..<hours) * 3_600]))
            world.with { truth in
                truth.late.append(
                    Truth.Late(at: truth.now + delay * 1_000, order: order, intent: intent))
            }
            return .unsettled(.noAnswer)
        default:
            let whole = answer(of: order, intent)
            // The connection broke in the middle of the answer.
            return .done(Self.secret(String(whole.text.prefix(dice.roll(0..<whole.count)))))
        }
    }

    /// Carries the order out; the answer.
    private func answer(
        of order: Order, _ intent: Rows.Intent, isHeard: Bool = true
    ) -> SecretBytes {
        world.with { truth in
            let made = truth.carryOut(order, for: intent, dice)
            guard let made, let index = truth.index(made.id) else {
                preconditionFailure("its target was there")
            }
            truth.mintings[truth.mintings.count - 1].isInMemory = isHeard
            truth.tell("minted \(made.value) of \(made.id)")
            return "\(made.id) \(truth.credentials[index].name) \(made.value)."
        }.secret
    }

    func read(_ answer: borrowing SecretBytes, of order: Order) throws(UndecodableAnswer) -> Issued
    {
        let text = answer.text
        let words = text.dropLast().split(separator: " ")
        guard text.hasSuffix("."), words.count == 3 else {
            throw UndecodableAnswer(.answerUndecodable)
        }
        let old = order.credential
        return Issued(
            Credential(
                reference: CredentialReference(
                    kind: old.kind, providerID: String(words[0]), name: String(words[1]),
                    clientID: old.clientID.map { _ in "client-\(words[0])" },
                    project: old.project), value: String(words[2]).secret))
    }

    /// Whether the intent of a minting call is on the disk (invariant 2), and P15's bounds hold.
    private func witness(_ order: Order) -> Rows.Intent? {
        let intents = process.look { rows in
            let ids = try rows.identities(of: order.credential.providerID)
            return try rows.intents("issue").filter {
                $0.state == "intended" && $0.name == order.attemptName && ids.contains($0.secretID)
            }
        }
        guard let intents, let intent = intents.first, intents.count == 1 else {
            world.accuse("2: a minting call without its intent: \(order.attemptName ?? "in place")")
            return nil
        }
        world.with { truth in
            let before = truth.mintings.filter {
                $0.intent.rotation == intent.rotation && !$0.isLate
            }
            guard before.count >= Rotation.maximumMintings, let last = before.last,
                last.skew == truth.skew, truth.localTime - last.localTime < 3_600_000
            else { return }
            truth.accuse("P15: \(before.count + 1) mintings in rotation \(intent.rotation)")
        }
        return intent
    }

    // MARK: Other effects

    func grant(_ rights: [Right], to credential: CredentialReference) async -> Outcome<Void> {
        await changing(.grant, .granted) { truth in
            guard let index = truth.index(credential.providerID) else { return false }
            if truth.credentials[index].maker != .us {
                truth.accuse("P16: rights for \(credential.providerID), which is not ours")
            }
            truth.credentials[index].rights.formUnion(rights)
            return true
        } absent: {
            .refused(Refusal(.targetMissing, status: 404))
        }
    }

    func retire(_ credential: CredentialReference) async -> Outcome<Void> {
        guard !isInPlace else { return .done(()) }
        return await changing(.retire, .retired) { truth in
            guard let index = truth.index(credential.providerID) else { return false }
            truth.tell("\(credential.providerID) is deleted")
            truth.delete(index, dice)
            return true
        } absent: {
            // An absent one is seen by the control of another in the list (P20).
            let others = world.with { truth in
                truth.credentials.contains { $0.kind == credential.kind && !$0.isDeleted }
            }
            return others ? .done(()) : .unsettled(.targetMissing)
        } witness: {
            Retirement(process: process).witness(credential)
        }
    }

    /// A call that may be repeated.
    private func changing(
        _ before: Moment, _ after: Moment, _ body: (inout Truth) -> Bool,
        absent: () -> Outcome<Void>, witness: () -> Void = {}
    ) async -> Outcome<Void> {
        guard process.lives(before) else { return .refused(Self.nobody) }
        process.noteAnswer()
        witness()
        let outcome: Outcome<Void>
        switch process.goesWrong() ? dice.roll(0..<3) : 3 {
        case 0: outcome = .refused(refusal())
        case 1: outcome = .unsettled(.noAnswer)
        case 2:
            _ = world.with { body(&$0) }
            outcome = .unsettled(.noAnswer)
        default: outcome = world.with { body(&$0) } ? .done(()) : absent()
        }
        world.tell("\(before): \(outcome.word())")
        return process.lives(after) ? outcome : .refused(Self.nobody)
    }

    var clockOffsetMilliseconds: Int64? { get async { process.clockOffset } }

    private static func secret(_ text: String) -> SecretBytes { text.secret }
}

extension Truth.Credential {
    var reference: CredentialReference {
        CredentialReference(
            kind: kind, providerID: id, name: name,
            clientID: kind == .serviceAccount ? "client-\(id)" : nil,
            project: kind == .apiKey ? Template.project : nil)
    }

    /// A list shows what is new after some seconds.
    func isListed(at now: Int64) -> Bool { maker != .us || now >= bornAt + 3_000 }
}

extension String {
    /// The text as a secret.
    var secret: SecretBytes {
        guard let secret = try? SecretBytes(copying: Array(utf8).span) else {
            preconditionFailure("no secure memory")
        }
        return secret
    }
}

extension Outcome where Value: ~Copyable {
    /// What became of it, for the log.
    borrowing func word() -> String {
        switch self {
        case .done: "done"
        case .refused(let refusal): "refused, \(refusal.cause.rawValue)"
        case .unsettled(let cause): "unsettled, \(cause.rawValue)"
        }
    }
}
