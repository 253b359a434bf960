import Rotations

/// What is really so: on the clock, at the provider and at the destinations.
struct Truth: Sendable {
    /// Milliseconds since 1970.
    var now: Int64 = 1_800_000_000_000
    /// By how many milliseconds the machine's clock is ahead.
    var skew: Int64 = 0
    var credentials: [Credential] = []
    /// What each destination holds.
    var places: [String: Receipt] = [:]
    /// Destinations that take nothing now.
    var broken: Set<String> = []
    /// Temporary files that are there.
    var temporaries: Set<String> = []
    /// Commands that outlived the process that started them.
    var strays: [Stray] = []
    /// What the provider does later than it said.
    var late: [Late] = []
    /// How much of it has happened.
    var lateCount = 0
    /// Each secret that was minted for us, oldest first.
    var mintings: [Minting] = []
    /// How many values there ever were.
    var valueCount = 0
    /// How long it takes until every server of the provider knows of a change, in milliseconds.
    var propagation: Range<Int> = 0..<20_000
    /// Whether its servers differ until then; else they all change at one moment.
    var isFlapping = false
    /// What happened, in order.
    var log: [String] = []
    /// The moments in which processes died.
    var deaths: Set<Moment> = []
    /// What must never happen, and did.
    var findings: [String] = []

    /// A credential at the provider.
    struct Credential: Sendable {
        /// Who made it.
        enum Maker: Sendable {
            /// It was there before the policy.
            case adopted
            case us
            /// It is no business of ours.
            case others
        }

        let id: String
        let kind: Target.Kind
        let name: String
        let maker: Maker
        let bornAt: Int64
        /// The newest is the one that lives.
        var values: [Value]
        var rights: Set<Right> = []
        var isDeleted = false

        var live: Value? { isDeleted ? nil : values.last }
    }

    /// One value of a credential.
    struct Value: Sendable {
        let text: String
        /// Whether one of our calls minted it.
        let isOurs: Bool
        let bornAt: Int64
        /// When all servers know it.
        let knownAt: Int64
        /// When something took its place, or the credential was deleted.
        var endedAt: Int64?
        /// When all servers have forgotten it.
        var forgottenAt: Int64?
    }

    /// What a destination holds.
    struct Receipt: Sendable {
        let secret: String
        let version: Int
        let contents: String
        /// Whether an older version is wanted back.
        let isRollback: Bool
        /// Whether whoever brought it was told that it failed.
        var isDisputed = false
    }

    /// A running command whose keeper is dead.
    struct Stray: Sendable {
        let process: String
        let destination: String
        let receipt: Receipt
        let endsAt: Int64
    }

    /// A call that is carried out after its outcome was asked for.
    struct Late: Sendable {
        let at: Int64
        let order: Order
        let intent: Rows.Intent
    }

    /// A secret that was minted for us.
    struct Minting: Sendable {
        /// The intent that was on the disk.
        let intent: Rows.Intent
        let credentialID: String
        let value: String
        let at: Int64
        /// The machine's clock then.
        let localTime: Int64
        let skew: Int64
        /// Whether it was carried out after its outcome was asked for.
        let isLate: Bool
        /// Whether the process that sent the call has its answer in memory, and nowhere else.
        var isInMemory = false
        /// What the journal took of the answer; nil when it got none, or died over it.
        var kept: String?
    }

    /// What the machine's clock shows.
    var localTime: Int64 { now + skew }
}

// MARK: At the provider

extension Truth {
    /// A value that nobody ever had, with the digits of its number.
    mutating func newValue() -> String {
        valueCount += 1
        let digits = String(valueCount)
        return "value-" + String(repeating: "0", count: 6 - digits.count) + digits + "-abcdefghij"
    }

    /// Where a credential is.
    func index(_ id: String) -> Int? {
        credentials.firstIndex { $0.id == id && !$0.isDeleted }
    }

    /// Gives the credential another value; the one before begins to die.
    mutating func replaceValue(of index: Int, isOurs: Bool, _ dice: Dice) -> String {
        endValue(of: index, dice)
        let text = newValue()
        credentials[index].values.append(value(text, isOurs: isOurs, dice))
        return text
    }

    /// Makes a credential with a value.
    mutating func make(
        _ id: String, _ kind: Target.Kind, name: String, by maker: Credential.Maker,
        rights: Set<Right>, _ dice: Dice
    ) -> String {
        let text = newValue()
        credentials.append(
            Credential(
                id: id, kind: kind, name: name, maker: maker, bornAt: now,
                values: [value(text, isOurs: maker == .us, dice)], rights: rights))
        return text
    }

    private func value(_ text: String, isOurs: Bool, _ dice: Dice) -> Value {
        Value(
            text: text, isOurs: isOurs, bornAt: now,
            knownAt: now + Int64(dice.roll(propagation)))
    }

    /// Deletes a credential.
    mutating func delete(_ index: Int, _ dice: Dice) {
        endValue(of: index, dice)
        credentials[index].isDeleted = true
    }

    private mutating func endValue(of index: Int, _ dice: Dice) {
        let last = credentials[index].values.count - 1
        credentials[index].values[last].endedAt = now
        credentials[index].values[last].forgottenAt = now + Int64(dice.roll(propagation))
    }

    /// Whether a server of the provider, whichever answers, accepts a value.
    func accepts(_ text: String, _ dice: Dice) -> Bool {
        guard let value = value(text) else { return false }
        if let forgottenAt = value.forgottenAt {
            return now < forgottenAt && !(isFlapping && dice.happens(50))
        }
        return now >= value.knownAt || isFlapping && dice.happens(50)
    }

    /// A value by its text.
    func value(_ text: String) -> Value? {
        for credential in credentials {
            if let found = credential.values.first(where: { $0.text == text }) { return found }
        }
        return nil
    }

    /// Whether this is what its credential has now.
    func isLive(_ text: String) -> Bool { value(text).map { $0.endedAt == nil } ?? false }

    /// Carries out an order. Returns the minted value and the id of its credential.
    mutating func carryOut(
        _ order: Order, for intent: Rows.Intent, isLate: Bool = false, _ dice: Dice
    ) -> (id: String, value: String)? {
        guard let old = index(order.credential.providerID) else { return nil }
        let id: String
        let value: String
        if let name = order.attemptName {
            let kind = credentials[old].kind
            // A new key gets the roles of the old one; a sibling account gets them one by one.
            let rights = kind == .apiKey ? credentials[old].rights : []
            id = "made-\(credentials.count)"
            value = make(id, kind, name: name, by: .us, rights: rights, dice)
        } else {
            id = credentials[old].id
            value = replaceValue(of: old, isOurs: true, dice)
        }
        mintings.append(
            Minting(
                intent: intent, credentialID: id, value: value, at: now, localTime: localTime,
                skew: skew, isLate: isLate))
        return (id, value)
    }
}

// MARK: At the destinations

extension Truth {
    /// The value that a destination holds.
    func value(at place: String) -> String? { places[place]?.value }
}

// MARK: Time

extension Truth {
    /// Lets time pass, and what was to happen meanwhile happen.
    mutating func pass(_ milliseconds: Int64, _ dice: Dice) {
        let end = now + milliseconds
        while true {
            let stray = strays.min { $0.endsAt < $1.endsAt }
            let call = late.min { $0.at < $1.at }
            if let stray, stray.endsAt <= min(end, call?.at ?? .max) {
                now = max(now, stray.endsAt)
                strays.removeAll { $0.process == stray.process }
                tell("stray \(stray.process) ends")
                receive(stray.receipt, at: stray.destination)
            } else if let call, call.at <= end {
                now = max(now, call.at)
                late.removeAll { $0.intent.effect == call.intent.effect }
                lateCount += 1
                let made = carryOut(call.order, for: call.intent, isLate: true, dice)
                tell("late: \(made?.value ?? "nothing") of \(made?.id ?? "nothing")")
            } else {
                now = end
                return
            }
        }
    }

    /// A destination takes what it is given.
    mutating func receive(_ receipt: Receipt, isDisputed: Bool = false, at place: String) {
        tell("\(place) has version \(receipt.version)")
        if let before = places[place], before.version > receipt.version, !receipt.isRollback,
            !before.isDisputed
        {
            accuse("P22: \(place) got version \(receipt.version) after \(before.version)")
        }
        places[place] = receipt
        places[place]?.isDisputed = isDisputed
    }

    /// Writes down what happens.
    mutating func tell(_ text: String) {
        log.append("\(Timestamp(milliseconds: now).rfc3339) \(text)")
    }

    /// Writes down what must never happen, with the number of the rule.
    mutating func accuse(_ text: String) {
        tell("FINDING \(text)")
        findings.append(text)
    }
}
