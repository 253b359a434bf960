/// Why the version that a rotation replaces cannot be brought back.
package enum RollbackRefusal: Error, Hashable, Sendable {
    /// The provider replaced it: there is nothing to go back to.
    case inPlace
    /// Nothing new is out yet.
    case notYetIssued
    /// The old credential is deleted at the provider, or may be.
    case retired
    /// The vault does not hold its value.
    case notHeld
    /// It is one already.
    case isRollback

    /// One clause for a person.
    package var text: String {
        switch self {
        case .inPlace:
            "the old secret died at the provider when the new one was issued: there is nothing to "
                + "go back to"
        case .notYetIssued: "no new credential is in use yet: there is nothing to take back"
        case .retired: "the old credential is deleted at the provider, or is being deleted"
        case .notHeld: "the vault does not hold the old value"
        case .isRollback: "this rotation is a rollback already"
        }
    }
}

extension Rotation {
    /// Why it cannot be rolled back; nil when it can.
    /// - Parameters:
    ///   - versions: of its secret.
    ///   - isRetiring: whether a retirement of this rotation is intended and not settled (P25).
    package func rollbackRefusal(_ versions: [Version], isRetiring: Bool) -> RollbackRefusal? {
        guard terms.strategy == .overlap else { return .inPlace }
        guard !isRollback else { return .isRollback }
        guard ![.prepare, .issue].contains(step), let from, to != nil else { return .notYetIssued }
        guard let old = versions.first(where: { $0.number == from }),
            [.current, .retiring].contains(old.state), old.endedAt == nil, !isRetiring
        else { return .retired }
        return old.isHeld ? nil : .notHeld
    }

    /// The rotation that brings its old version back: it proves, delivers and promotes that one, and
    /// retires the new one when its own overlap is over, by the same terms.
    package func rollback(id: Identifier, reason: String, at now: Timestamp) -> Rotation {
        Rotation(
            id: id, secret: secret, target: target, trigger: .manual, reason: reason, ticket: nil,
            terms: terms, startedAt: now, step: .prove, from: to, to: from)
    }
}
