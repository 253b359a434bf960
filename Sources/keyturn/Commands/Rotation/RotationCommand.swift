import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn rotation`
struct RotationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotation", abstract: "Single rotations: what became of them, and by hand.",
        discussion: """
              keyturn rotation list
              keyturn rotation show ci-deployer
              keyturn rotation resume ci-deployer --reason "the firewall is mended"
            """,
        subcommands: [
            RotationList.self, RotationShow.self, RotationResume.self, RotationRollback.self,
        ])
}

/// A rotation that a person names: by its id, or by its secret's name.
struct RotationArgument: ParsableArguments {
    @Argument(help: "The secret's name, or the rotation's id.") var name: String

    /// The rotation of this id, or the open or else the last one of the secret of this name.
    func find(_ program: Program, _ store: Store) async throws(Failure) -> Rotation {
        let name = name
        if let id = Identifier(name) {
            let found = try await program.storing { () async throws(StorageError) in
                try await store.rotation(id)
            }
            guard let found else {
                throw Failure(
                    "there is no rotation \(name)", hint: "see `keyturn rotation list`", .usage)
            }
            return found
        }
        let secret = try await store.secretOrFailure(name)
        let last = try await program.storing { () async throws(StorageError) in
            try await store.lastRotation(of: secret)
        }
        guard let last else {
            throw Failure(
                "\(name) was never rotated", hint: "`keyturn plan` says when it will be", .usage)
        }
        return last
    }

    /// The same, and it must be open or parked.
    func findOpen(_ program: Program, _ store: Store) async throws(Failure) -> Rotation {
        let rotation = try await find(program, store)
        guard [.open, .parked].contains(rotation.state) else {
            throw Failure(
                "nothing is under way for \(rotation.secret.name): its last rotation is "
                    + rotation.state.rawValue,
                hint: "see `keyturn rotation show \(rotation.secret.name)`", .usage)
        }
        return rotation
    }
}

extension Rotation {
    /// The object of `--json`.
    var json: [String: JSON] {
        var object: [String: JSON] = [
            "kind": .string("rotation"), "id": .string(id.text), "name": .string(secret.name),
            "strategy": .string(terms.strategy.rawValue), "trigger": .string(trigger.rawValue),
            "step": .string(step.rawValue), "state": .string(state.rawValue),
            "mintings": .integer(Int64(mintings)), "failures": .integer(Int64(failures)),
            "started_at": .string(startedAt.rfc3339), "rollback": .boolean(isRollback),
        ]
        object["reason"] = reason.map(JSON.string)
        object["ticket"] = ticket.map(JSON.string)
        object["incident"] = (incident?.text).map(JSON.string)
        object["cause"] = (cause?.rawValue).map(JSON.string)
        object["from"] = from.map { .integer(Int64($0)) }
        object["to"] = to.map { .integer(Int64($0)) }
        object["old_said"] = (oldSaid?.rawValue).map(JSON.string)
        object["next_try_at"] = (nextTryAt?.rfc3339).map(JSON.string)
        object["finished_at"] = (finishedAt?.rfc3339).map(JSON.string)
        return object
    }
}
