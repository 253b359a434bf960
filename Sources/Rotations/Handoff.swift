import Secrets

/// What brings a secret to where it is used.
package protocol Handoff: Sendable {
    /// Whether the destination could be written now, without writing it (P9). Nil when it could.
    func check(_ destination: Destination) async -> Unfit?

    /// The payload as the destination wants it.
    func render(
        _ payload: borrowing Payload, for destination: Destination
    ) throws(Unfit) -> SecretBytes

    /// The temporary file that a delivery will use, recorded before it exists (P24).
    func temporaryName(for destination: Destination, suffix: String) -> String?

    /// Brings the contents there. A destination may get the same contents twice.
    /// - Parameter started: called with the process of a command as soon as there is one (P23).
    func deliver(
        _ contents: borrowing SecretBytes, as payload: PayloadLabel, to destination: Destination,
        temporary: String?, started: @Sendable (String) async -> Void
    ) async -> DeliveryResult

    /// What the destination holds now; nil for commands, and where there is nothing.
    func readBack(_ destination: Destination) async -> SecretBytes?

    /// Removes what an interrupted delivery may have left: its temporary file, its process.
    func clearAway(_ destination: Destination, temporary: String?, process: String?) async
}

/// A secret on its way to a destination.
package struct Payload: ~Copyable, Sendable {
    package let label: PayloadLabel
    package let credential: Credential
    package let names: EnvironmentNames

    package init(
        label: PayloadLabel, credential: consuming Credential, names: EnvironmentNames
    ) {
        self.label = label
        self.credential = credential
        self.names = names
    }
}

/// What may be said of a payload: nothing secret.
package struct PayloadLabel: Hashable, Sendable {
    /// The secret's name.
    package let name: String
    package let version: Int
    package let kind: Target.Kind
    package let rotation: Identifier?

    package init(name: String, version: Int, kind: Target.Kind, rotation: Identifier?) {
        self.name = name
        self.version = version
        self.kind = kind
        self.rotation = rotation
    }
}

/// Why a destination cannot be written.
package struct Unfit: Error, Hashable, Sendable {
    package let cause: Cause
    /// One sentence for a person, without a full stop.
    package let description: String
    /// The command that mends it, where there is one.
    package let hint: String?
    /// Whether it is that others may write there (exit status 77).
    package let isLoosePermissions: Bool

    package init(
        _ cause: Cause, _ description: String, hint: String? = nil,
        isLoosePermissions: Bool = false
    ) {
        self.cause = cause
        self.description = description
        self.hint = hint
        self.isLoosePermissions = isLoosePermissions
    }
}

/// How a delivery ended.
package enum DeliveryResult: Sendable {
    case done(HookReport?)
    case failed(Unfit, HookReport?)

    /// Why it failed; nil: it did not.
    package var unfit: Unfit? {
        if case .failed(let unfit, _) = self { unfit } else { nil }
    }

    /// How a command ended; nil where none was started.
    package var hook: HookReport? {
        switch self {
        case .done(let hook), .failed(_, let hook): hook
        }
    }
}

/// One version at one destination.
package struct Delivery: Sendable {
    /// Where it stands.
    package enum State: String, Sendable, CaseIterable {
        /// A debt.
        case owed
        /// It was begun; whether it happened is not known.
        case intended
        case done
        /// A newer version's delivery, or a person, took its place.
        case closed
    }

    package let secret: SecretReference
    package let version: Int
    package let position: Int
    package let destination: Destination
    package var state: State
    package var failures: Int
    package var nextTryAt: Timestamp?
    package var cause: Cause?
    package var temporary: String?
    package var process: String?
    package var digest: [UInt8]?

    package init(
        secret: SecretReference, version: Int, position: Int, destination: Destination,
        state: State = .owed, failures: Int = 0, nextTryAt: Timestamp? = nil, cause: Cause? = nil,
        temporary: String? = nil, process: String? = nil, digest: [UInt8]? = nil
    ) {
        self.secret = secret
        self.version = version
        self.position = position
        self.destination = destination
        self.state = state
        self.failures = failures
        self.nextTryAt = nextTryAt
        self.cause = cause
        self.temporary = temporary
        self.process = process
        self.digest = digest
    }

    /// Whether something still has to be done for it.
    package var isDebt: Bool { state == .owed || state == .intended }
}
