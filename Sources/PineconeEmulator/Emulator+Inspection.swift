/// Looking at the world from outside, without a request and without leaving a trace.
extension Emulator {
    /// The emulator's present, in milliseconds since 1970.
    package var nowMs: Int64 {
        withService { $1.ms }
    }

    /// Accounts that are not deleted, by name and id.
    package var liveAccounts: [ServiceAccount] {
        withService { service, _ in
            service.world.accounts.values.filter { $0.shownUntil == nil }
                .sorted { ($0.name, $0.id) < ($1.name, $1.id) }
        }
    }

    /// API keys that are not deleted, by name and id.
    package var liveKeys: [APIKey] {
        withService { service, _ in
            service.world.keys.values.filter { $0.shownUntil == nil }
                .sorted { ($0.name, $0.id) < ($1.name, $1.id) }
        }
    }

    /// The account, deleted or not.
    package func account(_ id: String) -> ServiceAccount? {
        withService { service, _ in service.world.accounts[id] }
    }

    /// The API key, deleted or not.
    package func apiKey(_ id: String) -> APIKey? {
        withService { service, _ in service.world.keys[id] }
    }

    /// The secret issued last; nil for an account that is not there.
    package func clientSecret(of accountID: String) -> String? {
        account(accountID)?.clientSecret
    }

    /// The grants that a principal's live bindings give.
    package func grants(of principalID: String) -> Set<Grant> {
        withService { service, _ in Set(service.world.bindings(of: principalID).map(\.grant)) }
    }

    /// Whether a token exchange would succeed now.
    package func accepts(clientID: String, clientSecret: String) -> Bool {
        withService { service, now in
            service.world.accepts(clientID: clientID, clientSecret: clientSecret, at: now)
        }
    }

    /// Whether the value of an API key is accepted now.
    package func accepts(apiKey value: String) -> Bool {
        withService { service, now in service.world.accepts(apiKey: value, at: now) }
    }

    /// Whether a bearer token is accepted now.
    package func accepts(token value: String) -> Bool {
        withService { service, now in
            service.world.tokens[value].map { now < $0.until } ?? false
        }
    }

    /// Counts and log.
    package var tally: Tally {
        withService { service, _ in service.tally }
    }

    /// How many requests for `operation` arrived, faults included.
    package func received(_ operation: Operation) -> Int {
        tally.received[operation, default: 0]
    }

    /// How many requests for `operation` were carried out, whatever became of their answers.
    package func committed(_ operation: Operation) -> Int {
        tally.committed[operation, default: 0]
    }

    /// How many rotations of this account were carried out.
    package func rotations(of accountID: String) -> Int {
        tally.rotations[accountID, default: 0]
    }

    /// Faults that have not been used up.
    package var faults: [Fault] {
        withService { service, _ in service.faults.faults }
    }
}
