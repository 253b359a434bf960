import ArgumentParser
import Audit
import Rotations
import Storage

/// `keyturn secret show`
struct SecretShow: KeyturnCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "The versions of one secret, and where they were delivered.",
        discussion: "  keyturn secret show ci-deployer")

    @OptionGroup var options: StateOptions
    @Argument(help: "The secret's name.") var name: String

    func run(in surroundings: Surroundings) async throws(Failure) -> Int32 {
        let program = try options.program(surroundings)
        let store = try await program.openForReading()
        let secret = try await store.secretOrFailure(name)
        let versions = try await program.storing { () async throws(StorageError) in
            try await store.versions(ofSecret: secret.id)
        }
        var deliveries: [Int: [Delivery]] = [:]
        do throws(JournalError) {
            for version in versions {
                deliveries[version.number] = try await store.deliveries(
                    of: version.number, of: secret)
            }
        } catch {
            throw Failure(error)
        }
        if options.json {
            for version in versions {
                program.console.answer(json(version, deliveries[version.number] ?? []))
            }
            return 0
        }
        program.console.answer(
            heads: ["VERSION", "STATE", "ISSUED", "VALUE", "ID"],
            rows: versions.map { version in
                [
                    String(version.number), version.state.rawValue,
                    String(version.issuedAt.rfc3339.prefix(10)),
                    version.isHeld ? "sealed" : "not held", version.providerID,
                ]
            })
        let rows = versions.flatMap { deliveries[$0.number] ?? [] }
        if !rows.isEmpty { program.console.answer("") }
        program.console.answer(
            heads: ["VERSION", "DELIVERY", "DESTINATION"],
            rows: rows.map { delivery in
                let cause = delivery.state == .done ? nil : delivery.cause?.rawValue
                return [
                    String(delivery.version),
                    delivery.state.rawValue + (cause.map { ", \($0)" } ?? ""),
                    delivery.destination.id,
                ]
            })
        return 0
    }

    private func json(_ version: Version, _ deliveries: [Delivery]) -> [String: JSON] {
        var object: [String: JSON] = [
            "kind": .string("version"), "name": .string(name),
            "version": .integer(Int64(version.number)), "state": .string(version.state.rawValue),
            "provider_id": .string(version.providerID),
            "issued_at": .string(version.issuedAt.rfc3339), "held": .boolean(version.isHeld),
            "deliveries": .array(
                deliveries.map { delivery in
                    var row: [String: JSON] = [
                        "destination": .string(delivery.destination.id),
                        "state": .string(delivery.state.rawValue),
                        "required": .boolean(delivery.destination.isRequired),
                        "failures": .integer(Int64(delivery.failures)),
                    ]
                    row["cause"] = (delivery.cause?.rawValue).map(JSON.string)
                    return .object(row)
                }),
        ]
        object["client_id"] = version.clientID.map(JSON.string)
        object["proved_at"] = (version.provedAt?.rfc3339).map(JSON.string)
        object["retire_at"] = (version.retireAt?.rfc3339).map(JSON.string)
        return object
    }
}
