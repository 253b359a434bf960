import Rotations

/// Walks a log from its first entry and checks everything that the log alone can show.
///
/// It keeps one hash a level and one line for each vault record, so its memory does not grow with
/// the entries.
package struct LogVerifier: Sendable {
    /// What is wrong, and where.
    package struct Finding: Hashable, Sendable {
        /// The first entry that is concerned; nil for the whole.
        package let sequence: Int?
        /// One clause, without a full stop.
        package let problem: String
        /// Whether the trail is whole, and a row is not what this entry of it says.
        package let isAboutTables: Bool

        package init(_ sequence: Int?, _ problem: String, isAboutTables: Bool = false) {
            self.sequence = sequence
            self.problem = problem
            self.isAboutTables = isAboutTables
        }
    }

    /// The keys of the log.
    package let keys: [VerifierKey]
    private var frontier: MerkleFrontier
    /// The size of the last checkpoint that was good.
    private var coveredSize: Int
    /// Findings so far, at most `maximumFindingCount`.
    package private(set) var findings: [Finding] = []
    /// Checkpoints that were checked.
    package private(set) var checkpointCount = 0
    /// The size of the newest checkpoint.
    package private(set) var newestCheckpointSize: Int
    /// The hash of each vault record that must exist now, by what it belongs to.
    package private(set) var records: [RecordKey: [UInt8]] = [:]
    /// The entry that says so.
    package private(set) var recordSequences: [RecordKey: Int] = [:]
    /// What the entries say of the tables.
    package private(set) var derived = DerivedState()
    private var isRootWrong = false

    /// A vault record as the log names it.
    package struct RecordKey: Hashable, Sendable {
        package let purpose: String
        package let owner: String
        package let number: Int

        package init(purpose: String, owner: String, number: Int) {
            self.purpose = purpose
            self.owner = owner
            self.number = number
        }
    }

    private static let maximumFindingCount = 100

    /// A verifier for a log whose checkpoints one of these keys signed.
    ///
    /// - Parameter known: the tree of a checkpoint that was verified, from which on it goes.
    package init(keys: [VerifierKey], known: MerkleFrontier = MerkleFrontier()) {
        self.keys = keys
        frontier = known
        coveredSize = known.size
        newestCheckpointSize = known.size
    }

    /// The number of entries so far.
    package var size: Int { frontier.size }

    /// The root over the entries so far.
    package var root: [UInt8] { frontier.root }

    /// What is found out about an entry by itself, whatever stands around it. It is most of the work,
    /// and many may be done at once.
    package struct Examined: Sendable {
        /// The leaf hash of its bytes.
        package let hash: [UInt8]
        fileprivate let entry: Entry?

        /// Hashes and reads an entry.
        package init(leaf: [UInt8]) {
            hash = MerkleTree.leafHash(leaf.span)
            entry = Entry(leaf: leaf)
        }
    }

    /// Checks the next entry.
    /// - Parameters:
    ///   - hash: the leaf hash as stored.
    ///   - projection: the columns as stored.
    /// - Returns: the nodes that this entry completes, to be compared with the stored ones.
    package mutating func add(
        _ examined: Examined, hash: [UInt8], projection: Entry.Projection
    ) -> [(at: NodePosition, hash: [UInt8])] {
        let sequence = frontier.size
        if projection.sequence != sequence {
            report(sequence, "entry \(projection.sequence) stands where \(sequence) belongs")
        }
        if examined.hash != hash {
            report(sequence, "the entry is not what its hash was made of")
        }
        read(examined.entry, projection)
        return frontier.append(examined.hash)
    }

    /// Checks the next entry of an export, beside which nothing stands.
    package mutating func add(leaf: [UInt8]) {
        let examined = Examined(leaf: leaf)
        read(examined.entry, nil)
        frontier.append(examined.hash)
    }

    /// Checks what the entry says of itself, and its columns where there are any.
    private mutating func read(_ entry: Entry?, _ projection: Entry.Projection?) {
        let sequence = frontier.size
        guard let entry else {
            return report(sequence, "the entry is not in canonical form")
        }
        if entry.projection.sequence != sequence {
            report(sequence, "the entry says that it is \(entry.projection.sequence)")
        } else if let projection, entry.projection != projection {
            report(sequence, "a column differs from the entry")
        }
        note(entry, at: sequence)
        derived.add(entry)
    }

    /// Checks a checkpoint of the present size.
    package mutating func check(note: String) {
        check(Checkpoint(note: note, signedByOneOf: keys))
    }

    /// The same for one that was opened already: nil when no key of the log signed it.
    package mutating func check(_ checkpoint: Checkpoint?) {
        checkpointCount += 1
        newestCheckpointSize = frontier.size
        // What is wrong is wrong from the first entry on that no good checkpoint covers.
        guard let checkpoint else {
            return report(coveredSize, "the checkpoint is not signed by this log's key")
        }
        guard checkpoint.size == frontier.size else {
            return report(coveredSize, "a checkpoint of size \(checkpoint.size) stands here")
        }
        guard checkpoint.root == frontier.root else {
            // All later roots are wrong with it, which says nothing more.
            if !isRootWrong {
                report(coveredSize, "the entries are not those that the checkpoint covers")
            }
            isRootWrong = true
            return
        }
        coveredSize = checkpoint.size
    }

    /// Adds what somebody else found.
    package mutating func report(
        _ sequence: Int?, _ problem: String, isAboutTables: Bool = false
    ) {
        guard findings.count < Self.maximumFindingCount else { return }
        findings.append(Finding(sequence, problem, isAboutTables: isAboutTables))
    }

    /// Keeps what the entry says of vault records.
    private mutating func note(_ entry: Entry, at sequence: Int) {
        guard Self.typesWithRecords.contains(entry.type) else { return }
        let members = entry.members
        let record = members["record_sha256"]?.text.flatMap(bytes(hexadecimal:))
        let secret = members["secret"]?.members?["id"]?.text ?? ""
        let version = Int(members["version"]?.integer ?? 0)
        let effect = members["effect"]?.text ?? ""
        let value = RecordKey(purpose: "value", owner: secret, number: version)
        let answer = RecordKey(purpose: "answer", owner: effect, number: 0)
        func keep(_ key: RecordKey, _ hash: [UInt8]?) {
            records[key] = hash
            recordSequences[key] = sequence
        }
        switch entry.type {
        case .versionStored:
            keep(value, record)
            keep(answer, nil)
        case .adminLoggedIn, .versionImported: keep(value, record)
        case .versionDestroyed: keep(value, nil)
        case .answerSealed: keep(answer, record)
        default: keep(RecordKey(purpose: "signing-key", owner: "", number: 0), record)
        }
    }

    private static let typesWithRecords: Set<EventType> = [
        .versionStored, .versionImported, .versionDestroyed, .adminLoggedIn, .answerSealed,
        .stateCreated, .signingKeyRotated, .epochStarted,
    ]
}

/// The bytes of hexadecimal digits; nil for anything else.
package func bytes(hexadecimal text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count / 2)
    var high: UInt8?
    for digit in text.utf8 {
        let half: UInt8
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): half = digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): half = digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): half = digit - UInt8(ascii: "A") + 10
        default: return nil
        }
        if let former = high {
            bytes.append(former << 4 | half)
            high = nil
        } else {
            high = half
        }
    }
    return high == nil ? bytes : nil
}
