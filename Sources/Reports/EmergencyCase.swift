import Audit
import Rotations
import Storage

/// What an emergency did to one secret, read from the entries about that secret, since the moment
/// its rotation began.
struct EmergencyCase: Sendable {
    let secret: Identifier?
    let start: Int
    private(set) var response: Report.Response
    private var reader = LeafReader()
    private var owed: Set<String> = []
    private var provedAt: Timestamp?
    private var deliveredAt: Timestamp?
    private var version: Int?
    /// Versions that the provider was asked to delete, by calls of their own.
    private var deleted: Set<Int> = []

    /// - Parameter alive: the versions that nobody had seen refused when it began.
    init(_ rotation: Report.Rotation, alive: [Int]) {
        secret = Identifier(rotation.secretID)
        start = rotation.started.sequence
        response = Report.Response(
            secret: rotation.secret, rotation: rotation.id, started: rotation.started,
            credentials: alive.map { Report.Credential(version: $0) })
    }

    /// Whether nothing more can come.
    var isComplete: Bool { response.delivered != nil && response.refused != nil }

    /// Takes the next entry about the secret in, if it is not later than the period. Returns its
    /// place.
    mutating func add(_ stored: StoredLeaf, before limit: Timestamp) throws(ReportError) -> Int {
        guard reader.read(stored.leaf), let time = reader.time("time"),
            let sequence = reader.integer("seq").map({ Int($0) })
        else { throw .notAnEntry }
        guard MerkleTree.leafHash(stored.leaf.span) == stored.hash else {
            throw .notItsHash(sequence)
        }
        guard time < limit else { return sequence }
        let isOwn = reader.text("rotation") == response.rotation
        let number = Int(reader.integer("version") ?? 0)
        let destination = reader.text("destination") ?? ""
        switch reader.text("type") {
        case "version.stored" where isOwn: mint(number, at: time)
        case "version.proved" where number == version && reader.text("verdict") == "accepted":
            provedAt = provedAt ?? time
        case "version.promoted" where isOwn: version = number
        case "delivery.owed" where number == version && reader.json("required") == .boolean(true):
            owed.insert(destination)
        case "delivery.settled" where number == version && reader.text("outcome") == "done":
            if owed.remove(destination) != nil { deliveredAt = time }
        case "effect.settled"
        where reader.text("step") == "retire" && reader.text("outcome") == "done":
            deleted.insert(number)
            end(number, isOwn) { $0.revoked = time }
        case "version.retired":
            let verdict = reader.text("verdict")
            let isRefused = verdict == Verdict.refused.rawValue
            let timeToDeath = reader.integer("time_to_death_ms")
            let minted = response.minted
            let isDeleted = deleted.contains(number)
            end(number, isOwn) { credential in
                // In place the call that made the new value took the old one away.
                if !isDeleted { credential.revoked = minted }
                credential.refused = isRefused ? time : nil
                credential.isUnaskable = verdict == Verdict.notHeld.rawValue
                credential.timeToDeath = timeToDeath
                credential.evidence = Evidence(sequence: sequence, time: time, hash: stored.hash)
            }
        default: break
        }
        response.delivered = owed.isEmpty ? provedAt.map { max($0, deliveredAt ?? $0) } : nil
        return sequence
    }

    private mutating func mint(_ number: Int, at time: Timestamp) {
        version = number
        response.minted = time
        owed = []
        provedAt = nil
        deliveredAt = nil
    }

    /// Changes what is known of an old credential; one that came to light only now is added.
    private mutating func end(
        _ number: Int, _ isOwn: Bool, _ change: (inout Report.Credential) -> Void
    ) {
        guard number != version else { return }
        if isOwn, !response.credentials.contains(where: { $0.version == number }) {
            response.credentials.append(Report.Credential(version: number))
        }
        for index in response.credentials.indices
        where response.credentials[index].version == number {
            change(&response.credentials[index])
        }
    }
}
