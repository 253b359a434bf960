import Secrets

extension Rotator {
    /// Brings the new version to its destinations, in order.
    func deliver(_ rotation: Rotation) async throws(JournalError) -> Progress {
        let version = try await newVersion(of: rotation)
        let delivered = try await deliver(version, in: rotation, to: nil)
        guard !conditions.isStopping() else { return .waits(rotation) }
        // In place the old value is dead already: what is undelivered stays a debt, and the
        // rotation goes on. In an emergency the gate is proof alone (P31).
        if delivered == .complete || rotation.trigger == .emergency {
            return .advanced(try await journal.record([], in: stepped(rotation)))
        }
        switch (delivered, rotation.terms.strategy) {
        case (.foreignRotated, .inPlace):
            // P17: it is we who replaced it if an earlier call was carried out late. Else a person
            // decides (P8).
            let isOurs = try await isInDoubt(version, in: rotation)
            guard isOurs || conditions.isByHand else {
                return try await park(rotation, .foreignRotated)
            }
            return try await replace(version, in: rotation, after: [])
        case (.foreignRotated, .overlap): return try await park(rotation, .foreignRotated)
        case (.noVerdict, _): return try await fail(rotation, .unproved)
        case (.incomplete, .inPlace):
            return .advanced(try await journal.record([], in: stepped(rotation)))
        case (.incomplete, .overlap): return try await fail(rotation, .deliveryFailed)
        case (.complete, _): preconditionFailure("handled above")
        }
    }

    /// How far the deliveries of a version came.
    package enum Delivered: Hashable, Sendable {
        /// Every required destination has it.
        case complete
        case incomplete
        /// The version is refused at the provider: nothing was written (P21).
        case foreignRotated
        /// Nobody could say whether the version lives: nothing was written (P21).
        case noVerdict
    }

    /// Pays the debts of a version whose rotation is past its deliveries: tries again what failed.
    /// - Parameter destination: only this one, debt or not; nil for all debts whose time has come.
    package func deliver(
        _ version: Version, in rotation: Rotation, to destination: String?
    ) async throws(JournalError) -> Delivered {
        var deliveries = try await journal.deliveries(of: version.number, of: rotation.secret)
        if let destination { deliveries = deliveries.filter { $0.destination.id == destination } }
        let now = clock.now()
        let wanted = deliveries.filter {
            destination != nil
                || $0.isDebt && (conditions.isByHand || ($0.nextTryAt ?? now) <= now)
        }
        guard !wanted.isEmpty else { return Self.judge(deliveries) }
        // P21: only what proved itself alive in this run is delivered.
        guard version.isHeld else { return .noVerdict }
        if !alive.contains(version.number, of: rotation.secret) {
            // What was accepted once is refused for good; only a fresh secret needs patience.
            let verdict = await ask(
                try await credential(of: version, in: rotation), until: .accepted,
                firmly: version.provedAt != nil)
            switch verdict {
            case .accepted: alive.insert(version.number, of: rotation.secret)
            case .refused:
                if version.provedAt != nil { try await putOff(wanted, in: rotation) }
                return .foreignRotated
            case .noVerdict, .notHeld: return .noVerdict
            }
        }
        var results: [Delivery] = deliveries.filter { delivery in
            !wanted.contains { $0.destination.id == delivery.destination.id }
        }
        for delivery in wanted {
            if conditions.isStopping() {
                results.append(delivery)
            } else {
                results.append(try await bring(delivery, of: version, in: rotation))
            }
        }
        return Self.judge(results)
    }

    /// Writes down that a dead value was not delivered. Its host is not asked about it by every run.
    private func putOff(
        _ deliveries: [Delivery], in rotation: Rotation
    ) async throws(JournalError) {
        for var delivery in deliveries where delivery.isDebt {
            // What was left of an interrupted one stays noted.
            delivery.state = .owed
            delivery.failures += 1
            delivery.cause = .foreignRotated
            delivery.nextTryAt = Retry.nextTry(
                after: delivery.failures, at: clock.now(), retryAfter: nil)
            try await journal.record(delivery, rotation: rotation.id, hook: nil)
        }
    }

    private static func judge(_ deliveries: [Delivery]) -> Delivered {
        deliveries.contains { $0.isDebt && $0.destination.isRequired } ? .incomplete : .complete
    }

    /// One delivery: intent, act, outcome.
    private func bring(
        _ delivery: Delivery, of version: Version, in rotation: Rotation
    ) async throws(JournalError) -> Delivery {
        var delivery = delivery
        let destination = delivery.destination
        await clearAway(&delivery)
        let label = PayloadLabel(
            name: rotation.secret.name, version: version.number, kind: rotation.target.kind,
            rotation: rotation.id)
        let payload = Payload(
            label: label, credential: try await credential(of: version, in: rotation),
            names: rotation.terms.environmentNames)
        var unfit: Unfit?
        guard let contents = render(payload, for: destination, else: &unfit) else {
            let reason = unfit ?? Unfit(.valueUnfit, "the value cannot be written")
            return try await settle(delivery, .failed(reason, nil), in: rotation)
        }
        delivery.state = .intended
        delivery.digest = try journal.fingerprint(of: contents)
        delivery.temporary = handoff.temporaryName(
            for: destination, suffix: try journal.newIdentifier().text)
        try await journal.record(delivery, rotation: rotation.id, hook: nil)
        // A crash from here on finds the intent: the destination gets the same contents again.
        let intended = delivery
        let result = await handoff.deliver(
            contents, as: label, to: destination, temporary: delivery.temporary,
            started: { process in
                var running = intended
                running.process = process
                // If this cannot be written the hook runs on; its outcome decides.
                try? await journal.record(running, rotation: rotation.id, hook: nil)
            })
        return try await settle(delivery, result, in: rotation)
    }

    /// Removes what a delivery left that was begun by somebody who is gone (P23, P24).
    func clearAway(_ delivery: inout Delivery) async {
        guard delivery.temporary != nil || delivery.process != nil else { return }
        await handoff.clearAway(
            delivery.destination, temporary: delivery.temporary, process: delivery.process)
        delivery.temporary = nil
        delivery.process = nil
    }

    private func render(
        _ payload: borrowing Payload, for destination: Destination, else unfit: inout Unfit?
    ) -> SecretBytes? {
        do throws(Unfit) {
            return try handoff.render(payload, for: destination)
        } catch {
            unfit = error
            return nil
        }
    }

    private func settle(
        _ delivery: Delivery, _ result: DeliveryResult, in rotation: Rotation
    ) async throws(JournalError) -> Delivery {
        var delivery = delivery
        delivery.temporary = nil
        delivery.process = nil
        let hook: HookReport?
        switch result {
        case .done(let report):
            delivery.state = .done
            delivery.cause = nil
            delivery.nextTryAt = nil
            hook = report
        case .failed(let unfit, let report):
            conditions.tell(delivery.secret, unfit)
            delivery.state = .owed
            delivery.failures += 1
            delivery.cause = unfit.cause
            delivery.nextTryAt = Retry.nextTry(
                after: delivery.failures, at: clock.now(), retryAfter: nil)
            hook = report
        }
        try await journal.record(delivery, rotation: rotation.id, hook: hook)
        return delivery
    }
}
