import Audit
import OpenSSL
import Rotations
import Testing

struct EntryTests {
    @Test func `an entry is the canonical text of its event and circumstances`() throws {
        let entry = Entry(
            Event(.rotationStarted) {
                $0.secret = try? secret("01J00000000000000000000SEC", "prod/räder \"x\"")
                $0.version = 7
                $0.trigger = .emergency
                $0.reason = "leaked\nin a log"
            }, sequence: 12, at: try time(), in: try context())
        let text =
            #"{"actor":{"host":"db1","pid":77,"uid":0},"reason":"leaked\nin a log","#
            + #""run":"01J00000000000000000000RVN","secret":{"id":"01J00000000000000000000SEC","#
            + #""name":"prod/räder \"x\""},"seq":12,"time":"2026-05-04T09:30:00.250Z","#
            + #""tool":"keyturn 1.0","trigger":"emergency","type":"rotation.started","v":1,"#
            + #""version":7}"#
        #expect(String(decoding: entry.leaf, as: UTF8.self) == text)
        #expect(entry.hash == SHA256.hash([0] + Array(text.utf8)))
    }

    @Test func `each field of an event stands under its name`() throws {
        let members = Entry(
            try fullEvent(.deliverySettled), sequence: 0, at: try time(), in: try fullContext()
        ).members
        let text = JSON.object(members).canonical
        #expect(text == fullText)
    }

    @Test func `an entry is read back as it was made`() throws {
        for type in EventType.allCases {
            for event in [Event(type), try fullEvent(type)] {
                let made = Entry(event, sequence: 3, at: try time(), in: try fullContext())
                let read = try #require(Entry(leaf: made.leaf), "\(type)")
                #expect(read == made)
                #expect(read.hash == made.hash)
            }
        }
    }

    @Test func `the projection holds what the leaf says`() throws {
        let bare = Entry(Event(.runHeartbeat), sequence: 5, at: try time(), in: try context())
        #expect(
            bare.projection
                == Entry.Projection(
                    sequence: 5, time: try time(), type: "run.heartbeat", secretID: nil,
                    rotationID: nil, runID: "01J00000000000000000000RVN", outcome: nil))
        let full = Entry(
            try fullEvent(.effectSettled), sequence: 6, at: try time(), in: try context())
        #expect(
            full.projection
                == Entry.Projection(
                    sequence: 6, time: try time(), type: "effect.settled",
                    secretID: "01J00000000000000000000SEC",
                    rotationID: "01J00000000000000000000R0T", runID: "01J00000000000000000000RVN",
                    outcome: "unsettled"))
    }

    @Test func `columns that only look alike are not the same`() throws {
        // U+212A is canonically equivalent to K, and no filter on the column would find it.
        func projection(_ id: String) throws -> Entry.Projection {
            Entry.Projection(
                sequence: 5, time: try time(), type: "run.heartbeat", secretID: id,
                rotationID: nil, runID: nil, outcome: nil)
        }
        let equal = try projection("K") == projection("K")
        let alike = try projection("K") == projection("\u{212a}")
        #expect(equal)
        #expect(!alike)
    }

    @Test func `a changed byte is refused or makes another hash`() throws {
        let entry = Entry(
            try fullEvent(.effectSettled), sequence: 6, at: try time(), in: try fullContext())
        var refused = 0
        for index in entry.leaf.indices {
            for bit in 0..<8 {
                var leaf = entry.leaf
                leaf[index] ^= 1 << bit
                guard let changed = Entry(leaf: leaf) else {
                    refused += 1
                    continue
                }
                #expect(changed.hash != entry.hash)
                #expect(changed.leaf == leaf)
            }
        }
        #expect(refused > entry.leaf.count)
        for count in [0, 1, entry.leaf.count - 1] {
            #expect(Entry(leaf: Array(entry.leaf.prefix(count))) == nil)
        }
        #expect(Entry(leaf: entry.leaf + [0x0a]) == nil)
    }

    @Test(arguments: [
        (#""type":"run.heartbeat""#, #""type":"run.unheard""#),
        (#""type":"run.heartbeat""#, #""type":5"#),
        (#""type":"run.heartbeat""#, #""typf":"run.heartbeat""#),
        (#""v":1"#, #""v":2"#), (#""v":1"#, #""v":"1""#), (#","v":1"#, ""),
        (#""seq":5"#, #""seq":-5"#), (#""seq":5"#, #""seq":"5""#), (#""seq":5,"#, ""),
        ("2026-05-04T09:30:00.250Z", "2026-05-04T09:30:00.25Z"),
        ("2026-05-04T09:30:00.250Z", "2026-05-04T11:30:00.250+02:00"),
        ("2026-05-04T09:30:00.250Z", "2026-13-04T09:30:00.250Z"),
        (#""v":1"#, #" "v":1"#), (#""seq":5"#, #""seq":5,"seq":5"#), (#""pid":77"#, #""pid":77.0"#),
    ])
    func `what no entry says is refused`(_ part: String, _ replacement: String) throws {
        let entry = Entry(Event(.runHeartbeat), sequence: 5, at: try time(), in: try context())
        let text = String(decoding: entry.leaf, as: UTF8.self)
        #expect(text.contains(part))
        #expect(Entry(leaf: Array(text.utf8)) != nil)
        #expect(Entry(leaf: Array(text.replacing(part, with: replacement).utf8)) == nil)
    }

    @Test func `16 KiB are read and no more`() throws {
        let entry = Entry(
            Event(.runHeartbeat) { $0.reason = "" }, sequence: 5, at: try time(), in: try context())
        func padded(_ count: Int) -> [UInt8] {
            let room = count - entry.leaf.count
            return Array(
                String(decoding: entry.leaf, as: UTF8.self).replacing(
                    #""reason":"""#, with: #""reason":"\#(String(repeating: "x", count: room))""#
                ).utf8)
        }
        #expect(Entry(leaf: padded(16_384))?.leaf.count == 16_384)
        #expect(Entry(leaf: padded(16_385)) == nil)
    }

    @Test(
        arguments: [
            ([], ""), ([0], "00"), ([0x0f, 0xf0], "0ff0"), ([255, 1], "ff01"),
        ] as [([UInt8], String)])
    func `hexadecimal digits are written and read`(_ value: [UInt8], _ text: String) {
        #expect(hexadecimal(value) == text)
        #expect(bytes(hexadecimal: text) == value)
    }

    @Test(arguments: ["0", "0g", "+f", "-0", " 0", "0x", "０１", "f\u{301}0", "000"])
    func `what is no pair of hexadecimal digits is refused`(_ text: String) {
        #expect(bytes(hexadecimal: text) == nil)
    }
}

private let fullText =
    #"{"actor":{"claimed":{"sudo_user":"eve"},"host":"db1","invocation":"abc","login_uid":1000,"#
    + #""pid":77,"uid":0,"user":"ann"},"admin":"rotator","after_sha256":"04","#
    + #""before_sha256":"03","cause":"hook-failed","connection":"main","destination":"app","#
    + #""effect":"01J00000000000000000000EFF","fingerprint":"0102","hook":{"exit":1,"ms":20,"#
    + #""output_bytes":30,"signal":9,"stderr_sha256":"bb","stdout_sha256":"aa"},"#
    + #""outcome":"unsettled","policy":"p","reason":"why","record_sha256":"ff","required":true,"#
    + #""rotation":"01J00000000000000000000R0T","run":"01J00000000000000000000RVN","schema":2,"#
    + #""secret":{"id":"01J00000000000000000000SEC","name":"s"},"seq":0,"status":503,"#
    + #""step":"deliver","target":{"id":"sa-1","kind":"service-account"},"ticket":"T-1","#
    + #""time":"2026-05-04T09:30:00.250Z","time_to_death_ms":1500,"tool":"keyturn 1.0","#
    + #""trigger":"schedule","type":"delivery.settled","until":"2026-05-04T09:30:00.250Z","v":1,"#
    + #""verdict":"accepted","version":7}"#

private func time() throws -> Timestamp {
    try #require(Timestamp(rfc3339: "2026-05-04T09:30:00.250Z"))
}

private func secret(_ id: String, _ name: String) throws -> SecretReference {
    SecretReference(id: try #require(Identifier(id)), name: name)
}

private func context() throws -> Entry.Context {
    Entry.Context(
        actor: Actor(
            uid: 0, loginUID: nil, user: nil, host: "db1", pid: 77, invocation: nil,
            claimedSudoUser: nil),
        run: try #require(Identifier("01J00000000000000000000RVN")), tool: "keyturn 1.0")
}

private func fullContext() throws -> Entry.Context {
    Entry.Context(
        actor: Actor(
            uid: 0, loginUID: 1000, user: "ann", host: "db1", pid: 77, invocation: "abc",
            claimedSudoUser: "eve"),
        run: try #require(Identifier("01J00000000000000000000RVN")), tool: "keyturn 1.0")
}

private func fullEvent(_ type: EventType) throws -> Event {
    var event = Event(type)
    event.secret = try secret("01J00000000000000000000SEC", "s")
    event.version = 7
    event.target = TargetReference(kind: .serviceAccount, providerID: "sa-1")
    event.rotation = Identifier("01J00000000000000000000R0T")
    event.step = .deliver
    event.effect = Identifier("01J00000000000000000000EFF")
    event.outcome = .unsettled
    event.cause = .hookFailed
    event.status = 503
    event.verdict = .accepted
    event.trigger = .schedule
    event.reason = "why"
    event.ticket = "T-1"
    event.connection = "main"
    event.admin = "rotator"
    event.policy = "p"
    event.destination = "app"
    event.isRequired = true
    event.hook = HookReport(
        exit: 1, signal: 9, milliseconds: 20, outputByteCount: 30, standardOutputHash: "aa",
        standardErrorHash: "bb")
    event.fingerprint = [1, 2]
    event.record = [255]
    event.digestBefore = [3]
    event.digestAfter = [4]
    event.until = try time()
    event.timeToDeathMilliseconds = 1500
    event.schemaVersion = 2
    return event
}
