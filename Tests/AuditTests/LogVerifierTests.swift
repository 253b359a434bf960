import Audit
import Rotations
import Testing

struct LogVerifierTests {
    @Test func `a log that nobody touched has no findings`() throws {
        let log = try Log()
        let verifier = try log.verified()
        #expect(verifier.findings == [])
        #expect(verifier.size == 12)
        #expect(verifier.checkpointCount == 4)
        #expect(verifier.newestCheckpointSize == 12)
    }

    @Test func `it completes the nodes that the tree has`() throws {
        let log = try Log()
        var verifier = LogVerifier(keys: [log.signer.verifier])
        var frontier = MerkleFrontier()
        for row in log.rows {
            let expected = frontier.append(row.hash)
            let found = verifier.add(
                LogVerifier.Examined(leaf: row.leaf), hash: row.hash, projection: row.projection)
            #expect(found.map(\.at) == expected.map(\.at))
            #expect(found.map(\.hash) == expected.map(\.hash))
        }
    }

    // Checkpoints stand at 1, 4, 8 and 12, so an entry 5 that was changed with its hash is one of
    // those from 4 on.

    @Test func `a changed entry is named, and the first that no good checkpoint covers`() throws {
        let leaf = try Log().rows[5].leaf
        for index in leaf.indices {
            var log = try Log()
            log.rows[5].leaf[index] ^= 1
            let findings = try log.findings()
            #expect(
                findings.contains(Finding(5, "the entry is not what its hash was made of")))
            #expect(findings.first?.sequence == 5)
            #expect(findings.filter { $0.problem == uncovered } == [Finding(4, uncovered)])
        }
    }

    @Test func `an entry that was changed with its hash and columns is found by the checkpoint`()
        throws
    {
        var log = try Log()
        log.rows[5] = try Log.row(5, .versionLost)
        #expect(try log.findings() == [Finding(4, uncovered)])
    }

    @Test func `a changed hash is named`() throws {
        var log = try Log()
        log.rows[5].hash[31] ^= 1
        #expect(try log.findings() == [Finding(5, "the entry is not what its hash was made of")])
    }

    @Test(
        arguments: [
            .time(5_000_001), .type("version.lost"), .secret("01J00000000000000000000000"),
            .secret(nil), .rotation("01J00000000000000000000000"), .rotation(nil),
            .run("01J00000000000000000000000"), .run(nil), .outcome("refused"), .outcome(nil),
            // Canonically equivalent to what is there, and yet no filter finds it.
            .secret("01J0000000000000000000000\u{212a}"),
        ] as [Column])
    func `a column that differs from its entry is named`(_ column: Column) throws {
        var log = try Log()
        log.rows[5].projection = column.changing(log.rows[5].projection)
        #expect(try log.findings() == [Finding(5, "a column differs from the entry")])
    }

    @Test func `a missing entry is named where it is missing`() throws {
        var log = try Log()
        log.rows.remove(at: 5)
        let findings = try log.findings()
        #expect(findings.first == Finding(5, "entry 6 stands where 5 belongs"))
        #expect(findings.contains(Finding(5, "the entry says that it is 6")))
        #expect(findings.contains(Finding(4, uncovered)))
    }

    @Test func `entries that were renumbered in the columns after one was taken out are named`()
        throws
    {
        var log = try Log()
        log.rows.remove(at: 5)
        for index in 5..<11 {
            log.rows[index].projection = Column.sequence(index)
                .changing(log.rows[index].projection)
        }
        let findings = try log.findings()
        #expect(findings.first == Finding(5, "the entry says that it is 6"))
        #expect(findings.contains(Finding(10, "the entry says that it is 11")))
    }

    @Test func `an entry that was put in is named`() throws {
        var log = try Log()
        log.rows.insert(log.rows[5], at: 5)
        let findings = try log.findings()
        #expect(findings.first == Finding(6, "entry 5 stands where 6 belongs"))
        #expect(findings.contains(Finding(4, uncovered)))
    }

    @Test func `entries that changed places are named`() throws {
        var log = try Log()
        log.rows.swapAt(5, 6)
        let findings = try log.findings()
        #expect(findings.first == Finding(5, "entry 6 stands where 5 belongs"))
        #expect(findings.contains(Finding(6, "the entry says that it is 5")))
    }

    @Test(arguments: ["{ ", #"{"aa":null,"#, #"{"aa":1.5,"#, #"{"actor":1,"#])
    func `an entry in another spelling is named`(_ start: String) throws {
        var log = try Log()
        let leaf = Array(start.utf8) + log.rows[5].leaf.dropFirst()
        log.rows[5].leaf = leaf
        log.rows[5].hash = MerkleTree.leafHash(leaf.span)
        #expect(
            try log.findings() == [
                Finding(5, "the entry is not in canonical form"), Finding(4, uncovered),
            ])
    }

    @Test func `a checkpoint whose signature or text was changed is named`() throws {
        let note = Array(try #require(try Log().checkpoints[8]).utf8)
        for index in note.indices {
            var log = try Log()
            var changed = note
            changed[index] ^= 1
            log.checkpoints[8] = String(decoding: changed, as: UTF8.self)
            #expect(try log.findings() == [Finding(4, unsigned)], "\(index)")
        }
    }

    @Test func `a checkpoint of another key or origin is named`() throws {
        let checkpoint = Checkpoint(origin: "log", size: 8, root: try Log.root(8))
        for signer in [try Log.signer("log", seed: 2), try Log.signer("gol", seed: 1)] {
            var log = try Log()
            log.checkpoints[8] = try signer.sign(checkpoint.text)
            #expect(try log.findings() == [Finding(4, unsigned)])
        }
        var log = try Log()
        let other = Checkpoint(origin: "gol", size: 8, root: try Log.root(8))
        log.checkpoints[8] = try log.signer.sign(other.text)
        #expect(try log.findings() == [Finding(4, unsigned)])
    }

    @Test func `a good checkpoint in the place of another is named`() throws {
        var log = try Log()
        log.checkpoints[8] = log.checkpoints[4]
        #expect(try log.findings() == [Finding(4, "a checkpoint of size 4 stands here")])
        log.checkpoints[8] = log.checkpoints[12]
        #expect(try log.findings() == [Finding(4, "a checkpoint of size 12 stands here")])
    }

    @Test func `a checkpoint before the first entry is not about entry minus one`() throws {
        let log = try Log()
        var verifier = LogVerifier(keys: [log.signer.verifier])
        verifier.check(note: "nonsense")
        #expect(verifier.findings == [Finding(0, unsigned)])
    }

    @Test func `a fork signed with the right key is found by the checkpoint before it`() throws {
        // Whoever holds the key can sign a new history, but not so that the old checkpoint fits.
        var forged = try Log(forging: 2)
        #expect(try forged.findings() == [])
        forged.checkpoints[4] = try Log().checkpoints[4]
        #expect(try forged.findings() == [Finding(1, uncovered)])
    }

    @Test func `each checkpoint may be of another of the log's keys`() throws {
        var log = try Log()
        let second = try Log.signer("log/e2", seed: 7)
        let checkpoint = Checkpoint(origin: "log/e2", size: 12, root: try Log.root(12))
        log.checkpoints[12] = try second.sign(checkpoint.text)
        #expect(try log.findings() == [Finding(8, unsigned)])
        #expect(
            try log.verified(with: [log.signer.verifier, second.verifier]).findings == [])
    }

    @Test func `the vault records that must exist are those the entries left`() throws {
        let owner = try #require(Identifier("01J0000000000000000000000K"))
        let effect = try #require(Identifier("01J00000000000000000000EFF"))
        func stored(_ version: Int, _ byte: UInt8, _ type: EventType = .versionStored) -> Event {
            Event(type) {
                $0.secret = SecretReference(id: owner, name: "s")
                $0.version = version
                $0.effect = effect
                $0.record = type == .versionDestroyed ? nil : [UInt8](repeating: byte, count: 32)
            }
        }
        let events = [
            stored(0, 9, .stateCreated), stored(0, 1, .answerSealed), stored(1, 2),
            stored(0, 3, .answerSealed), stored(0, 7, .versionProved), stored(2, 4, .adminLoggedIn),
            stored(3, 5), stored(0, 6, .answerSealed), stored(3, 0, .versionDestroyed),
        ]
        var verifier = LogVerifier(keys: [])
        var seen: [[LogVerifier.RecordKey: UInt8]] = []
        for (sequence, event) in events.enumerated() {
            let row = try Log.row(sequence, event)
            _ = verifier.add(
                LogVerifier.Examined(leaf: row.leaf), hash: row.hash, projection: row.projection)
            seen.append(verifier.records.compactMapValues(\.first))
        }
        let signingKey = LogVerifier.RecordKey(purpose: "signing-key", owner: "", number: 0)
        let answer = LogVerifier.RecordKey(purpose: "answer", owner: effect.text, number: 0)
        func value(_ number: Int) -> LogVerifier.RecordKey {
            LogVerifier.RecordKey(purpose: "value", owner: owner.text, number: number)
        }
        #expect(seen[0] == [signingKey: 9])
        #expect(seen[1] == [signingKey: 9, answer: 1])
        // What was decoded and stored needs its answer no longer.
        #expect(seen[2] == [signingKey: 9, value(1): 2])
        #expect(seen[3] == [signingKey: 9, value(1): 2, answer: 3])
        #expect(seen[4] == seen[3])
        #expect(seen[5] == [signingKey: 9, value(1): 2, answer: 3, value(2): 4])
        #expect(seen[6] == [signingKey: 9, value(1): 2, value(2): 4, value(3): 5])
        #expect(seen[8] == [signingKey: 9, value(1): 2, value(2): 4, answer: 6])
    }

    @Test func `a hundred findings are kept and no more`() {
        var verifier = LogVerifier(keys: [])
        for number in 0..<150 { verifier.report(number, "x") }
        #expect(verifier.findings.map(\.sequence) == Array(0..<100))
    }
}

private typealias Finding = LogVerifier.Finding

private let uncovered = "the entries are not those that the checkpoint covers"
private let unsigned = "the checkpoint is not signed by this log's key"

/// A column as somebody with an editor leaves it.
enum Column: Sendable {
    case sequence(Int)
    case time(Int64)
    case type(String)
    case secret(String?)
    case rotation(String?)
    case run(String?)
    case outcome(String?)

    func changing(_ old: Entry.Projection) -> Entry.Projection {
        var sequence = old.sequence
        var time = old.time
        var type = old.type
        var secret = old.secretID
        var rotation = old.rotationID
        var run = old.runID
        var outcome = old.outcome
        switch self {
        case .sequence(let number): sequence = number
        case .time(let milliseconds): time = Timestamp(milliseconds: milliseconds)
        case .type(let text): type = text
        case .secret(let text): secret = text
        case .rotation(let text): rotation = text
        case .run(let text): run = text
        case .outcome(let text): outcome = text
        }
        return Entry.Projection(
            sequence: sequence, time: time, type: type, secretID: secret, rotationID: rotation,
            runID: run, outcome: outcome)
    }
}

/// Twelve entries, as a table holds them, with checkpoints at 1, 4, 8 and 12.
private struct Log {
    struct Row {
        var leaf: [UInt8]
        var hash: [UInt8]
        var projection: Entry.Projection
    }

    var rows: [Row] = []
    var checkpoints: [Int: String] = [:]
    let signer: NoteSigner

    /// - Parameter forged: an entry that tells another story, in a log that is signed anew.
    init(forging forged: Int? = nil) throws {
        signer = try Log.signer("log", seed: 1)
        var frontier = MerkleFrontier()
        for sequence in 0..<12 {
            let type = sequence == forged ? EventType.versionLost : .effectSettled
            let row = try Log.row(sequence, type)
            rows.append(row)
            frontier.append(row.hash)
            guard [1, 4, 8, 12].contains(frontier.size) else { continue }
            let checkpoint = Checkpoint(
                origin: "log", size: frontier.size, root: frontier.root)
            checkpoints[frontier.size] = try signer.sign(checkpoint.text)
        }
    }

    static func signer(_ name: String, seed: UInt8) throws -> NoteSigner {
        try NoteSigner(name: name, seed: [UInt8](repeating: seed, count: 32).span)
    }

    static func root(_ size: Int) throws -> [UInt8] {
        recomputedRoot(try Log().rows.map(\.hash)[..<size])
    }

    static func row(_ sequence: Int, _ type: EventType) throws -> Row {
        let secret = SecretReference(
            id: try #require(Identifier("01J0000000000000000000000K")), name: "s")
        let rotation = try #require(Identifier("01J00000000000000000000R0T"))
        return try row(
            sequence,
            Event(type) {
                $0.secret = secret
                $0.rotation = rotation
                $0.outcome = .done
            })
    }

    static func row(_ sequence: Int, _ event: Event) throws -> Row {
        let actor = Actor(
            uid: 0, loginUID: nil, user: nil, host: "h", pid: 1, invocation: nil,
            claimedSudoUser: nil)
        let run = try #require(Identifier("01J00000000000000000000RVN"))
        let entry = Entry(
            event, sequence: sequence, at: Timestamp(milliseconds: Int64(sequence) * 1_000_000),
            in: Entry.Context(actor: actor, run: run, tool: "keyturn 1"))
        return Row(leaf: entry.leaf, hash: entry.hash, projection: entry.projection)
    }

    func verified(with keys: [VerifierKey]? = nil) throws -> LogVerifier {
        var verifier = LogVerifier(keys: keys ?? [signer.verifier])
        for row in rows {
            _ = verifier.add(
                LogVerifier.Examined(leaf: row.leaf), hash: row.hash, projection: row.projection)
            if let note = checkpoints[verifier.size] { verifier.check(note: note) }
        }
        return verifier
    }

    func findings() throws -> [LogVerifier.Finding] { try verified().findings }
}
