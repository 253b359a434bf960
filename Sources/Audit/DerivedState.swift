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

    /// A policy: the SHA-256 of its document, and until when and why its schedule is held.
    package struct Policy: Hashable, Sendable {
        package let digest: String
        package let pausedUntil: String?
        package let pausedReason: String?
    }

    /// A version: what is `nil` no entry says.
    package struct Version: Hashable, Sendable {
        package var providerID: String?
        package var state: String?
        /// From when on it may be retired; nil when it is not retiring.
        package var retireAt: String?
    }

    /// A rotation under way: the id of its secret, and the SHA-256 of its target and terms.
    package struct Rotation: Hashable, Sendable {
        package let secret: String
        package let digest: String?
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
    package private(set) var rotations: [String: Said<Rotation>] = [:]
    /// SHA-256 of all rows of a secret, by its id.
    package private(set) var rows: [String: Said<String>] = [:]
    /// SHA-256 of all rows that are about no secret.
    package private(set) var stateRows: Said<String>?
    /// How late it was before an entry of an earlier time came; nil when none did (P28).
    package private(set) var highWater: Timestamp?
    private var newest: Timestamp?
    /// How many values were sealed and kept.
    package private(set) var sealedCount = 0
    /// Secrets whose rows a person accepted as they were, by their ids: what earlier entries say of
    /// versions, rotations and deliveries counts no longer.
    package private(set) var accepted: Set<String> = []
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
        let time = entry.projection.time
        if let newest, time < newest, highWater.map({ $0 < newest }) ?? true { highWater = newest }
        newest = time
        if reader.text("record_sha256") != nil { sealedCount += 1 }
        if let digest = reader.text("rows_sha256") { rows[reader.secret] = reader.said(digest) }
        if let digest = reader.text("state_rows_sha256") { stateRows = reader.said(digest) }
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
        case .notifyChanged: settings["notify"] = reader.said(reader.digest)
        case .policyAdded, .policyChanged, .policyRenamed, .policyRemoved, .policyPaused,
            .policyResumed:
            addPolicy(type, reader)
        case .rotationStarted:
            rotations[reader.text("rotation") ?? ""] = reader.said(
                Rotation(secret: reader.secret, digest: reader.digest))
        case .rotationFinished, .rotationSuperseded:
            rotations[reader.text("rotation") ?? ""] = nil
        case .deliveryOwed, .deliveryIntended, .deliverySettled, .deliveryClosed:
            addDelivery(type, reader)
        case .adminLoggedIn: addLogin(reader)
        case .versionAdopted, .versionImported, .versionStored, .versionLost, .versionPromoted,
            .versionRetiring, .versionRetired, .versionDestroyed:
            addVersion(type, reader)
        case .rowsAccepted: accept(reader.secret)
        default: break
        }
    }

    private mutating func accept(_ secret: String) {
        accepted.insert(secret)
        versions[secret] = nil
        rotations = rotations.filter { $0.value.word.secret != secret }
        deliveries = deliveries.filter { $0.key.secret != secret }
    }

    private mutating func addPolicy(_ type: EventType, _ reader: Reader) {
        let known = policies[reader.secret]?.word
        let digest = type == .policyPaused || type == .policyResumed ? known?.digest : reader.digest
        guard type != .policyRemoved, let digest else {
            policies[reader.secret] = nil
            return
        }
        let (pausedUntil, pausedReason) =
            switch type {
            case .policyPaused: (reader.text("until"), reader.text("reason"))
            case .policyResumed: (String?.none, String?.none)
            default: (known?.pausedUntil, known?.pausedReason)
            }
        policies[reader.secret] = reader.said(
            Policy(digest: digest, pausedUntil: pausedUntil, pausedReason: pausedReason))
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
