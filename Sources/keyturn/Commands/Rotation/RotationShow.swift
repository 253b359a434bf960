import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn rotation show`
struct RotationShow: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One rotation: where it stands, and what it did outside.",
        discussion: """
            An answer of the provider that nobody could read is kept sealed and named here; a \
            person can get at it with `keyturn secret reveal NAME --answer EFFECT`.

              keyturn rotation show ci-deployer
            """)

    @OptionGroup var options: StateOptions
    @OptionGroup var rotation: RotationArgument

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let rotation = try await rotation.find(program, store)
        let effects = try await program.storing { () async throws(StorageError) in
            try await store.effects(of: rotation)
        }
        if options.json {
            var object = rotation.json
            object["effects"] = .array(effects.map { .object($0.json) })
            program.console.answer(object)
            return 0
        }
        for line in rotation.lines { program.console.answer(line) }
        if !effects.isEmpty { program.console.answer("") }
        program.console.answer(
            heads: ["WHEN", "CALL", "VERSION", "OUTCOME", "EFFECT"],
            rows: effects.map(\.row))
        for effect in effects where effect.hasSealedAnswer {
            program.console.say(
                "keyturn: hint: an answer that could not be used is kept sealed: `keyturn secret "
                    + "reveal \(rotation.secret.name) --answer \(effect.effect.id.text) "
                    + "--reason …`")
        }
        return 0
    }
}

extension Rotation {
    /// What a person wants to know of it, a line each.
    fileprivate var lines: [String] {
        var lines = [
            "\(secret.name): \(what), \(trigger.rawValue), \(state.rawValue) at \(step.rawValue)",
            "id        \(id.text)", "started   \(startedAt.secondText)",
        ]
        if let finishedAt { lines.append("finished  \(finishedAt.secondText)") }
        if let reason { lines.append("reason    \(reason)") }
        if let ticket { lines.append("ticket    \(ticket)") }
        if let from { lines.append("replaces  version \(from)") }
        if let to { lines.append("\(isRollback ? "back to " : "makes   ")  version \(to)") }
        if let oldSaid { lines.append("old said  \(oldSaid.rawValue) when it was asked before") }
        if let cause { lines.append("because   \(cause.text)") }
        if let nextTryAt, state == .open { lines.append("next      \(nextTryAt.secondText)") }
        if state == .parked {
            lines.append("hint      `keyturn rotation resume \(secret.name) --reason …`")
        }
        return lines
    }

    private var what: String {
        isRollback ? "rollback" : "\(terms.strategy.rawValue) rotation"
    }
}

extension RecordedEffect {
    fileprivate var row: [String] {
        [
            effect.intendedAt.minuteText, effect.step.rawValue, String(effect.version),
            effect.state.rawValue + (cause.map { ", \($0.rawValue)" } ?? ""), effect.id.text,
        ]
    }

    fileprivate var json: [String: JSON] {
        var object: [String: JSON] = [
            "effect": .string(effect.id.text), "step": .string(effect.step.rawValue),
            "version": .integer(Int64(effect.version)), "state": .string(effect.state.rawValue),
            "intended_at": .string(effect.intendedAt.rfc3339),
            "sealed_answer": .boolean(hasSealedAnswer),
        ]
        object["provider_name"] = effect.name.map(JSON.string)
        object["cause"] = (cause?.rawValue).map(JSON.string)
        object["settled_at"] = (settledAt?.rfc3339).map(JSON.string)
        object["watch_until"] = (watchUntil?.rfc3339).map(JSON.string)
        return object
    }
}
