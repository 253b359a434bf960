import Audit
import Rotations
import Storage
import Testing

@testable import Reports

struct ReportMakerTests {
    // MARK: Age against limit

    @Test func `a secret that is fresh at the end was late in March`() throws {
        var story = Story()
        story.adopt("ci", on: -100)
        story.rotate("ci", to: 2, on: -20)
        let ended = story.rotate("ci", to: 3, on: 40)

        let secret = try #require(try story.report(to: 80).report.secrets.first)

        #expect(secret.overdue.count == 1)
        #expect(secret.overdue.first?.from == Story.day(25))
        #expect(secret.overdue.first?.until == Story.day(40))
        #expect(secret.overdue.first?.evidence?.sequence == ended)
        #expect(secret.longestGap?.length == .days(60))
        #expect(secret.longestGap?.evidence?.sequence == ended)
        #expect(secret.ageAtEnd == .days(40))
        #expect(!secret.isOverdue(at: Story.day(80)))
        // 50 days are more than 45: it is late again, and nothing ended that.
        let again = try #require(try story.report(to: 90).report.secrets.first)
        #expect(again.overdue.map(\.until) == [Story.day(40), Story.day(90)])
        #expect(again.isOverdue(at: Story.day(90)))
    }

    @Test func `what was late before the period and is no longer is not told`() throws {
        var story = Story()
        story.adopt("ci", on: -100)
        story.rotate("ci", to: 2, on: -10)
        let secret = try #require(try story.report(from: 0, to: 30).report.secrets.first)
        #expect(secret.overdue.isEmpty)
        #expect(secret.longestGap?.length == .days(40))
        #expect(secret.longestGap?.evidence == nil)
        #expect(secret.rotations == 0)
    }

    @Test func `being late at both ends is told within the period`() throws {
        var story = Story()
        story.adopt("ci", on: -100)
        let secret = try #require(try story.report(from: 0, to: 30).report.secrets.first)
        #expect(secret.overdue.map(\.from) == [Story.day(0)])
        #expect(secret.isOverdue(at: Story.day(30)))
        #expect(secret.overdue.first?.evidence == nil)
        #expect(secret.age?.basis == .known)
    }

    @Test func `each limit counts for its time`() throws {
        var story = Story()
        story.adopt("ci", on: 0, maxAge: .days(60))
        story.rotate("ci", to: 2, on: 1)
        let tightened = story.demand("ci", on: 41, maxAge: .days(20))
        let loosened = story.demand("ci", on: 50, maxAge: .days(80))

        let made = try story.report(to: 60).report
        let secret = try #require(made.secrets.first)

        // From the moment of the tighter limit, not from the day that it would have been over.
        #expect(secret.overdue.map(\.from) == [Story.day(41)])
        #expect(secret.overdue.map(\.until) == [Story.day(50)])
        #expect(secret.overdue.map(\.limit) == [.days(20)])
        #expect(secret.overdue.first?.evidence?.sequence == loosened)
        #expect(made.exceptions.map(\.kind) == [.policyChanged, .policyChanged])
        #expect(made.exceptions.first?.evidence?.sequence == tightened)
        #expect(made.exceptions.first?.detail?.contains("at most 20d old") == true)
    }

    @Test func `an edit that changes no limit does not cut a span in two`() throws {
        var story = Story()
        story.adopt("ci", on: 0, maxAge: .days(10))
        story.demand("ci", on: 20, maxAge: .days(10))
        let secret = try #require(try story.report(to: 30).report.secrets.first)
        #expect(secret.overdue.map(\.from) == [Story.day(10)])
        #expect(secret.overdue.map(\.until) == [story.end(30)])
    }

    @Test func `without a policy nothing is demanded`() throws {
        var story = Story()
        story.adopt("ci", on: 0, maxAge: .days(10))
        let removed = story.tell(.policyRemoved, "ci", on: 20)
        let secret = try #require(try story.report(to: 60).report.secrets.first)
        #expect(secret.policy == nil)
        #expect(secret.overdue.map(\.until) == [Story.day(20)])
        #expect(secret.overdue.first?.evidence?.sequence == removed)
        #expect(secret.state(at: Story.day(60)).text == "no policy")
    }

    @Test func `the file may tell when it was rotated before, and is believed less than we saw`()
        throws
    {
        var story = Story()
        story.adopt("ci", on: 0, rotatedAt: Story.day(-30))
        #expect(try story.report(to: 10).report.secrets[0].age?.basis == .told)
        #expect(try story.report(to: 10).report.secrets[0].ageAtEnd == .days(40))
        story.rotate("ci", to: 2, on: 5)
        #expect(try story.report(to: 10).report.secrets[0].age?.basis == .rotated)
    }

    @Test func `what a rollback brings back is as old as it is`() throws {
        var story = Story()
        story.adopt("ci", on: 0)
        story.rotate("ci", to: 2, on: 10)
        story.rotate("ci", to: 3, on: 30)
        let id = story.begin("ci", on: 31, .manual, reason: "broken")
        story.go(.rotationRolledBack, "ci", id, on: 31) {
            $0.version = 2
            $0.reason = "broken"
        }
        story.go(.versionPromoted, "ci", id, on: 31) { $0.version = 2 }
        story.go(.rotationFinished, "ci", id, on: 32) { $0.version = 2 }

        let made = try story.report(to: 40)

        #expect(made.report.secrets[0].ageAtEnd == .days(30))
        #expect(made.report.exceptions.map(\.kind) == [.rolledBack])
        #expect(made.rotations.last?.isRollback == true)
    }

    @Test func `an imported value is as old as its import, unless only its value was missing`()
        throws
    {
        var story = Story()
        story.adopt("ci", on: 0)
        story.rotate("ci", to: 2, on: 10)
        story.tell(.versionRetired, "ci", on: 20) { $0.version = 2 }
        story.tell(.versionImported, "ci", on: 20) {
            $0.version = 3
            $0.reason = "console"
        }
        let made = try story.report(to: 30).report
        #expect(made.secrets[0].ageAtEnd == .days(10))
        #expect(made.secrets[0].age?.basis == .imported)
        #expect(made.exceptions.map(\.kind) == [.imported])
        #expect(made.debts.isEmpty)
        story.tell(.versionImported, "ci", on: 25) { $0.version = 3 }
        #expect(try story.report(to: 30).report.secrets[0].ageAtEnd == .days(10))
    }

    // MARK: Rotations

    @Test func `a rotation has who, when, why, its outcome and the entries that say so`() throws {
        var story = Story()
        story.adopt("ci", on: -1)
        let begun = story.next
        let id = story.begin("ci", on: 2, by: "eve", .manual, reason: "left")
        story.go(.rotationFailed, "ci", id, on: 2) { $0.cause = .unreachable }
        story.go(.versionPromoted, "ci", id, on: 3) { $0.version = 2 }
        let ended = story.go(.rotationFinished, "ci", id, on: 4) { $0.version = 2 }

        let rotation = try #require(try story.report().rotations.first)

        #expect(rotation.who.text == "eve on db1")
        #expect(rotation.reason == "left")
        #expect(rotation.outcome == .done)
        #expect(rotation.failures == 1)
        #expect(rotation.version == 2)
        #expect(rotation.started.sequence == begun)
        let leaf = story.leaves[begun].leaf
        let hash = MerkleTree.leafHash(leaf.span)
        #expect(rotation.started.hash == hash)
        #expect(rotation.last.sequence == ended)
        #expect(rotation.last.hash == story.leaves[ended].hash)
    }

    @Test func `it lists what ended in the period or was under way at its end`() throws {
        var story = Story()
        story.adopt("ci", on: -90)
        story.adopt("db", on: -90)
        story.adopt("mq", on: -90)
        story.rotate("ci", to: 2, on: -50)
        let before = story.begin("ci", on: -1)
        story.go(.versionPromoted, "ci", before, on: -1) { $0.version = 3 }
        story.go(.rotationFinished, "ci", before, on: 1) { $0.version = 3 }
        let parked = story.begin("db", on: 10)
        let last = story.go(.rotationParked, "db", parked, on: 11) { $0.cause = .lockOut }
        let superseded = story.begin("mq", on: 12)
        story.go(.rotationSuperseded, "mq", superseded, on: 13)
        let after = story.begin("mq", on: 95)
        story.go(.rotationFinished, "mq", after, on: 96)

        let made = try story.report()

        #expect(made.rotations.map(\.outcome) == [.done, .superseded, .parked])
        #expect(made.rotations.last?.last.sequence == last)
        #expect(made.report.measures.outcomes == ["done": 1, "superseded": 1, "parked": 1])
        #expect(made.report.measures.started == ["schedule": 2])
        let db = try #require(made.report.secrets.first { $0.name == "db" })
        #expect(db.open?.outcome == .parked)
        #expect(db.state(at: Story.day(90)).text == "overdue, parked: lock-out")
    }

    @Test func `measures are over the period alone`() throws {
        var story = Story()
        story.adopt("ci", on: -90)
        story.rotate("ci", to: 2, on: -30, due: -31)
        for index in 0..<20 {
            let day = Double(index)
            story.rotate("ci", to: 3 + index, on: day, due: day - 1 - day / 24)
        }
        story.tell(.rotationFailed, "ci", on: 30) { $0.cause = .unreachable }
        let measures = try story.report().report.measures
        #expect(measures.dueToDone.count == 20)
        let hour: Int64 = 3_600_000
        let hours = [50, 95, 100].compactMap(measures.dueToDone.percentile).map { $0 / hour }
        #expect(hours == [33, 42, 43])
        #expect(measures.timeToDeath.percentile(50) == 1_200)
        #expect(measures.bins.count == 13)
        #expect(measures.bins.map(\.scheduled).reduce(0, +) == 20)
        #expect(measures.bins.first?.scheduled == 7)
    }

    // MARK: Owed, held, seen

    @Test func `what was owed at the end is told with the entry that says so`() throws {
        var story = Story()
        story.adopt("ci", on: -90)
        let id = story.begin("ci", on: 10)
        func describe(_ event: inout Event) {
            event.version = 2
            event.destination = "file:/run/ci"
            event.isRequired = true
        }
        story.go(.deliveryOwed, "ci", id, on: 10, describe)
        story.go(.versionPromoted, "ci", id, on: 10) { $0.version = 2 }
        story.go(.versionRetiring, "ci", id, on: 10) {
            $0.version = 1
            $0.until = Story.day(20)
        }
        let failed = story.go(.deliverySettled, "ci", id, on: 11) {
            describe(&$0)
            $0.outcome = .refused
            $0.cause = .hookFailed
        }

        let debts = try story.report(to: 15).report.debts
        #expect(
            debts.map(\.kind) == [
                .retirement(until: Story.day(20)),
                .delivery(destination: "file:/run/ci", isRequired: true),
            ])
        #expect(debts.last?.evidence.sequence == failed)
        #expect(debts.last?.cause == "hook-failed")
        #expect(debts.map { $0.isDue(at: Story.day(15)) } == [false, true])
        #expect(try story.report(to: 15).report.secrets[0].debts == 1)

        story.go(.deliverySettled, "ci", id, on: 16) {
            describe(&$0)
            $0.outcome = .done
        }
        story.go(.versionRetired, "ci", id, on: 20) { $0.version = 1 }
        #expect(try story.report(to: 30).report.debts.isEmpty)
        #expect(try story.report(to: 15).report.debts.count == 2)
    }

    @Test func `a pause is an exception as long as it held in the period`() throws {
        var story = Story()
        story.adopt("ci", on: -90)
        func pause(_ day: Double, until end: Double) -> (inout Event) -> Void {
            {
                $0.until = Story.day(end)
                $0.reason = "on day \(day)"
            }
        }
        story.tell(.policyPaused, "ci", on: -50, pause(-50, until: -40))
        story.tell(.policyPaused, "ci", on: -30, pause(-30, until: 10))
        story.tell(.policyPaused, "ci", on: 20, pause(20, until: 60))
        let resumed = story.tell(.policyResumed, "ci", on: 30)

        let pauses = try story.report().report.exceptions
        #expect(pauses.map(\.reason) == ["on day -30.0", "on day 20.0"])
        #expect(pauses.map(\.until) == [Story.day(10), Story.day(60)])
        #expect(pauses.map { $0.ended?.sequence } == [nil, resumed])
    }

    @Test func `a freeze is taken from today's settings only as far as the trail bears them out`()
        throws
    {
        var story = Story()
        let freeze = try Freeze(
            from: Story.day(5), until: Story.day(9), owner: "ops", reason: "release", names: .all)
        let past = try Freeze(
            from: Story.day(-9), until: Story.day(-5), owner: "ops", reason: "old", names: .all)
        let digest = [UInt8](repeating: 7, count: 32)
        let set = story.tell(.freezesChanged, on: -20) { $0.digestAfter = digest }

        let borne = try story.report(freezes: [freeze, past], digest: digest).report.exceptions
        #expect(borne.map(\.reason) == ["release"])
        #expect(borne.first?.evidence?.sequence == set)
        let other = try story.report(freezes: [freeze], digest: [1]).report.exceptions
        #expect(other.first?.evidence == nil)
        #expect(other.first?.detail?.contains("changed since the period") == true)
    }

    @Test func `whoever looked at a value or overrode a rule is named`() throws {
        var story = Story()
        story.adopt("ci", on: -90)
        let id = story.begin("ci", on: 1)
        story.go(.rotationHeld, "ci", id, on: 1) { $0.cause = .clock }
        story.go(.rotationHeld, "ci", id, on: 2) { $0.cause = .clock }
        story.go(.gateOverridden, "ci", id, on: 3) { $0.cause = .gateDeadline }
        story.go(.rotationParked, "ci", id, on: 3) { $0.cause = .lockOut }
        story.go(.rotationResumed, "ci", id, on: 3) { $0.reason = "mended" }
        story.tell(.secretRevealed, "ci", on: 4, by: "eve") { $0.reason = "curious" }
        story.tell(.auditExported, on: 5) { $0.exported = .tiles }
        story.tell(.secretRevealed, "ci", on: 95)

        let exceptions = try story.report().report.exceptions
        #expect(
            exceptions.map(\.kind) == [
                .clockHeld, .gateOverridden, .takenUp, .revealed, .exported,
            ])
        #expect(exceptions.map(\.count) == [2, 1, 1, 1, 1])
        #expect(exceptions[3].who?.user == "eve")
        #expect(exceptions[3].reason == "curious")
        #expect(exceptions[4].detail == "tiles")
    }

    // MARK: Scope and trust

    @Test func `a label leaves out the others' secrets, and keeps what concerns no secret`() throws
    {
        var story = Story()
        story.adopt("ci", on: -90)
        story.adopt("db", on: -90)
        story.rotate("ci", to: 2, on: 10)
        story.rotate("db", to: 2, on: 10)
        story.tell(.secretRevealed, "db", on: 11)
        story.tell(.auditExported, on: 12)

        let made = try story.report(label: "env=prod", secrets: ["ci"])
        #expect(made.report.secrets.map(\.name) == ["ci"])
        #expect(made.rotations.map(\.secret) == ["ci"])
        #expect(made.report.exceptions.map(\.kind) == [.exported])
    }

    @Test func `a secret bears the name that it had at the end`() throws {
        var story = Story()
        story.adopt("ci", on: -90)
        story.tell(.policyRenamed, on: 10) {
            $0.secret = SecretReference(id: Story.secret("ci").id, name: "deployer")
        }
        story.tell(.policyRenamed, on: 95) {
            $0.secret = SecretReference(id: Story.secret("ci").id, name: "later")
        }
        #expect(try story.report().report.secrets.map(\.name) == ["deployer"])
    }

    @Test func `an entry that is not what its hash was made of ends it`() throws {
        var story = Story()
        let sequence = story.tell(.secretRevealed, "ci", on: 1)
        let leaf = story.leaves[sequence]
        var changed = leaf.leaf
        let index = try #require(changed.lastIndex(of: UInt8(ascii: "n")))
        changed[index] = UInt8(ascii: "m")
        var maker = ReportMaker(try story.report().report.scope, secrets: nil)
        #expect(throws: ReportError.notItsHash(sequence)) {
            try maker.add(StoredLeaf(leaf: changed, hash: leaf.hash))
        }
        #expect(throws: ReportError.notAnEntry) {
            try maker.add(StoredLeaf(leaf: Array("{}".utf8), hash: leaf.hash))
        }
    }
}

extension Story {
    /// The end of what is looked at when a report is made at the end of its period.
    func end(_ day: Double) -> Timestamp { Self.day(day) }
}
