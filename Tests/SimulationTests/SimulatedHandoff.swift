import Handoff
import Rotations
import Secrets

/// Files and commands over the truth. A destination may be broken; a delivery may fail before it
/// happened or after; the process may die on either side, and a command outlives it.
struct SimulatedHandoff: Handoff {
    let process: Invocation

    private var world: World { process.world }
    private var dice: Dice { process.dice }

    func check(_ destination: Destination) async -> Unfit? {
        guard process.lives(.check) else { return Self.unfit }
        guard case .file = destination.receiver else { return nil }
        return world.with { $0.broken.contains(destination.id) } ? Self.unfit : nil
    }

    func render(
        _ payload: borrowing Payload, for destination: Destination
    ) throws(Unfit) -> SecretBytes {
        switch destination.receiver {
        case .file(let terms): try Rendering.render(payload, as: terms.format)
        case .command(let terms): try Rendering.render(payload, as: terms.input)
        }
    }

    func temporaryName(for destination: Destination, suffix: String) -> String? {
        guard case .file(let terms) = destination.receiver else { return nil }
        return "\(terms.path).\(suffix)"
    }

    func deliver(
        _ contents: borrowing SecretBytes, as label: PayloadLabel, to destination: Destination,
        temporary: String?, started: @Sendable (String) async -> Void
    ) async -> DeliveryResult {
        guard process.lives(.deliver) else { return .failed(Self.unfit, nil) }
        let receipt = witness(contents.text, label, destination)
        switch destination.receiver {
        case .file: return await write(receipt, destination.id, temporary)
        case .command: return await run(receipt, destination.id, started)
        }
    }

    private func write(
        _ receipt: Truth.Receipt, _ place: String, _ temporary: String?
    ) async -> DeliveryResult {
        let isBroken = world.with { $0.broken.contains(place) }
        guard !isBroken else { return .failed(Self.unfit, nil) }
        if let temporary { world.with { _ = $0.temporaries.insert(temporary) } }
        guard process.lives(.writtenBeside) else { return .failed(Self.unfit, nil) }
        let goesWrong = process.goesWrong()
        if goesWrong, dice.happens(50) {
            if let temporary { world.with { _ = $0.temporaries.remove(temporary) } }
            return .failed(Self.unfit, nil)
        }
        world.with { truth in
            if let temporary { truth.temporaries.remove(temporary) }
            truth.receive(receipt, isDisputed: goesWrong, at: place)
        }
        guard process.lives(.delivered), !goesWrong else { return .failed(Self.unfit, nil) }
        return .done(nil)
    }

    private func run(
        _ receipt: Truth.Receipt, _ place: String, _ started: @Sendable (String) async -> Void
    ) async -> DeliveryResult {
        let (name, isBroken) = world.with { truth in
            truth.valueCount += 1
            return ("process-\(truth.valueCount)", truth.broken.contains(place))
        }
        await started(name)
        // Between its start and the record of it nobody would find it: that is not played here.
        guard !process.isDead else { return .failed(Self.unfit, nil) }
        guard process.lives(.commandStarted) else {
            // Nobody ends it, and it has what it was given.
            if !isBroken, dice.happens(70) {
                let duration = Int64(dice.roll(1..<100_000))
                world.with { truth in
                    truth.strays.append(
                        Truth.Stray(
                            process: name, destination: place, receipt: receipt,
                            endsAt: truth.now + duration))
                }
            }
            return .failed(Self.unfit, nil)
        }
        world.pass(Int64(dice.roll(1..<5_000)))
        let goesWrong = isBroken || process.goesWrong()
        if !goesWrong || dice.happens(30) {
            world.with { $0.receive(receipt, isDisputed: goesWrong, at: place) }
        }
        guard process.lives(.commandEnded), !goesWrong else {
            return .failed(Unfit(.hookFailed, "the command failed"), Self.report(exit: 1))
        }
        return .done(Self.report(exit: 0))
    }

    private static func report(exit: Int) -> HookReport {
        HookReport(
            exit: exit, signal: nil, milliseconds: 1, outputByteCount: 0, standardOutputHash: "",
            standardErrorHash: "")
    }

    func readBack(_ destination: Destination) async -> SecretBytes? {
        guard process.lives(.readBack), case .file = destination.receiver else { return nil }
        return world.with { $0.places[destination.id]?.contents }?.secret
    }

    func clearAway(_ destination: Destination, temporary: String?, process stray: String?) async {
        guard process.lives(.clearAway) else { return }
        world.with { truth in
            if let temporary { truth.temporaries.remove(temporary) }
            truth.strays.removeAll { $0.process == stray }
        }
    }

    /// Whether the intent of a delivery is on the disk (invariant 2), and what is delivered lives as
    /// far as this run was told (P21).
    private func witness(
        _ contents: String, _ label: PayloadLabel, _ destination: Destination
    ) -> Truth.Receipt {
        let row = process.look { rows in
            try rows.deliveries().first {
                $0.secret == label.name && $0.version == label.version
                    && $0.destination == destination.id
            }
        }
        let receipt = Truth.Receipt(
            secret: label.name, version: label.version, contents: contents,
            isRollback: row??.isRollback ?? false)
        if row??.state != "intended" {
            world.accuse("2: version \(label.version) goes to \(destination.id) unwritten")
        }
        if !(receipt.value.map(process.hasAccepted) ?? false) {
            world.accuse("P21: \(destination.id) gets what was not proved in this run")
        }
        return receipt
    }

    private static let unfit = Unfit(.fileFailed, "the disk there fails")
}

extension Truth.Receipt {
    /// The secret in the contents.
    var value: String? {
        guard let start = contents.firstRange(of: "value-")?.lowerBound else { return nil }
        return String(contents[start...].prefix(23))
    }
}
