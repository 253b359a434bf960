import Rotations

/// What must stand in the tables, by the last word of the entries about it: whoever edits a table
/// and leaves the trail alone is found by comparing the two.
package struct DerivedState: Sendable {
    /// A word of the trail, and the entry that says it.
    package struct Said<Word: Hashable & Sendable>: Hashable, Sendable {
        package let word: Word
        package let sequence: Int

        package init(word: Word, sequence: Int) {
            self.word = word
            self.sequence = sequence
        }
    }

    /// A policy: the SHA-256 of its document, and until when its schedule is held.
    package struct Policy: Hashable, Sendable {
        package let digest: String
        package var pausedUntil: String?
    }

    /// A version: what is `nil` no entry says.
    package struct Version: Hashable, Sendable {
        package var providerID: String?
        package var state: String?
        /// From when on it may be retired; nil when it is not retiring.
        package var retireAt: String?
    }

    /// A delivery: the SHA-256 of its destination, where an entry says it, and where it stands.
    package struct Delivery: Hashable, Sendable {
        package let digest: String?
        package let state: String

        /// Where a delivery stands after this entry; nil for one about something else.
        package static func state(after entry: Entry) -> String? {
            switch entry.type {
            case .deliveryOwed: "owed"
            case .deliveryIntended: "intended"
            case .deliverySettled: entry.members["outcome"]?.text == "done" ? "done" : "owed"
            case .deliveryClosed: "closed"
            default: nil
            }
        }
    }

    /// Where a delivery goes.
    package struct DeliveryKey: Hashable, Sendable {
        package let secret: String
        package let version: Int
        package let destination: String

        package init(secret: String, version: Int, destination: String) {
            self.secret = secret
            self.version = version
            self.destination = destination
        }
    }

    /// By the secret's id.
    package private(set) var policies: [String: Said<Policy>] = [:]
    /// Digests by the connection's name.
    package private(set) var connections: [String: Said<String>] = [:]
    /// Ids of secrets by `CONNECTION/NAME` of the admin.
    package private(set) var admins: [String: Said<String>] = [:]
    /// Digests of the settings that have entries of their own.
    package private(set) var settings: [String: Said<String>] = [:]
    /// By the secret's id and the version's number.
    package private(set) var versions: [String: [Int: Said<Version>]] = [:]
    /// Digests of what a rotation under way copied from its policy, by its id.
    package private(set) var rotations: [String: Said<String>] = [:]
    /// All deliveries that were ever owed.
    package private(set) var deliveries: [DeliveryKey: Said<Delivery>] = [:]
    /// The digest of the place where the root key lives.
    package private(set) var keySource: Said<String>?
    /// The mark of the machine.
    package private(set) var machine: Said<String>?
    /// The vkeys that were announced; empty for a log whose first entry names none.
    package private(set) var keys: [String] = []
    /// Whether the first entry names the first key.
    package private(set) var namesFirstKey = false

    package init() {}

    /// Takes in the next entry.
    package mutating func add(_ entry: Entry) {
        let type = entry.type
        let reader = Reader(entry: entry)
        switch type {
        case .stateCreated:
            keySource = reader.said(reader.digest)
            if let key = reader.text("key") {
                keys.append(key)
                namesFirstKey = true
            }
        case .signingKeyRotated, .epochStarted:
            if let key = reader.text("key") { keys.append(key) }
        case .machineRecorded, .stateMoved: machine = reader.said(reader.digest)
        case .connectionAdded, .connectionChanged:
            connections[reader.text("connection") ?? ""] = reader.said(reader.digest)
        case .freezesChanged: settings["freezes"] = reader.said(reader.digest)
        case .anchorsChanged: settings["anchors"] = reader.said(reader.digest)
        case .policyAdded, .policyChanged, .policyRenamed, .policyRemoved, .policyPaused,
            .policyResumed:
            addPolicy(type, reader)
        case .rotationStarted: rotations[reader.text("rotation") ?? ""] = reader.said(reader.digest)
        case .rotationFinished, .rotationSuperseded:
            rotations[reader.text("rotation") ?? ""] = nil
        case .deliveryOwed, .deliveryIntended, .deliverySettled, .deliveryClosed:
            addDelivery(type, reader)
        case .adminLoggedIn: addLogin(reader)
        case .versionAdopted, .versionImported, .versionStored, .versionLost, .versionPromoted,
            .versionRetiring, .versionRetired, .versionDestroyed:
            addVersion(type, reader)
        default: break
        }
    }

    private mutating func addPolicy(_ type: EventType, _ reader: Reader) {
        let known = policies[reader.secret]?.word
        let digest = type == .policyPaused || type == .policyResumed ? known?.digest : reader.digest
        guard type != .policyRemoved, let digest else {
            policies[reader.secret] = nil
            return
        }
        let pausedUntil =
            switch type {
            case .policyPaused: reader.text("until")
            case .policyResumed: String?.none
            default: known?.pausedUntil
            }
        policies[reader.secret] = reader.said(Policy(digest: digest, pausedUntil: pausedUntil))
    }

    private mutating func addDelivery(_ type: EventType?, _ reader: Reader) {
        let known = deliveries[reader.delivery]?.word
        // What was never owed is found by its row.
        guard let state = Delivery.state(after: reader.entry), type == .deliveryOwed || known != nil
        else { return }
        let digest = type == .deliveryOwed ? reader.digest : known?.digest
        deliveries[reader.delivery] = reader.said(Delivery(digest: digest, state: state))
    }

    private mutating func addLogin(_ reader: Reader) {
        let admin = "\(reader.text("connection") ?? "")/\(reader.text("admin") ?? "")"
        admins[admin] = reader.said(reader.secret)
        for (number, version) in versions[reader.secret] ?? [:]
        where version.word.state == "current" {
            var replaced = version.word
            replaced.state = "retired"
            versions[reader.secret]?[number] = reader.said(replaced)
        }
        versions[reader.secret, default: [:]][reader.version] = reader.said(
            Version(providerID: reader.target, state: "current"))
    }

    private mutating func addVersion(_ type: EventType, _ reader: Reader) {
        var version = versions[reader.secret]?[reader.version]?.word ?? Version()
        version.providerID = reader.target ?? version.providerID
        version.state =
            switch type {
            case .versionStored: "pending"
            case .versionLost: "lost"
            case .versionAdopted, .versionPromoted: "current"
            case .versionRetiring: "retiring"
            case .versionRetired: "retired"
            case .versionDestroyed: "destroyed"
            // Of a version that nobody here had made.
            default: version.state ?? "current"
            }
        version.retireAt = type == .versionRetiring ? reader.text("until") : nil
        versions[reader.secret, default: [:]][reader.version] = reader.said(version)
    }

    private struct Reader {
        let entry: Entry

        func text(_ key: String) -> String? { entry.members[key]?.text }
        var digest: String? { text("after_sha256") }
        var secret: String { entry.projection.secretID ?? "" }
        var version: Int { Int(entry.members["version"]?.integer ?? 0) }
        var target: String? { entry.members["target"]?.members?["id"]?.text }
        var delivery: DeliveryKey {
            DeliveryKey(secret: secret, version: version, destination: text("destination") ?? "")
        }

        func said<Word>(_ word: Word) -> Said<Word> {
            Said(word: word, sequence: entry.projection.sequence)
        }
        func said<Word>(_ word: Word?) -> Said<Word>? { word.map { said($0) } }
    }
}
