import Audit
import Rotations
import Testing

@testable import Reports

struct EmergencyCaseTests {
    /// An emergency over two secrets: one in place, one by a second key.
    private func story() throws -> Story {
        var story = Story()
        story.adopt("ci", on: -90)
        story.adopt("search", on: -90)
        let incident = try #require(Identifier("01J000000000000000000001NC"))
        let second = 1.0 / 86_400
        story.tell(.incidentOpened, on: 10, by: "eve") {
            $0.incident = incident
            $0.selector = "--label env=prod"
            $0.reason = "leaked"
            $0.ticket = "SEC-1"
        }
        let ci = story.begin(
            "ci", on: 10 + second, .emergency, reason: "leaked", incident: incident)
        story.go(.versionStored, "ci", ci, on: 10 + 2 * second) { $0.version = 2 }
        story.go(.versionProved, "ci", ci, on: 10 + 3 * second) {
            $0.version = 2
            $0.verdict = .accepted
        }
        story.go(.versionPromoted, "ci", ci, on: 10 + 3 * second) { $0.version = 2 }
        story.go(.versionRetired, "ci", ci, on: 10 + 5 * second) {
            $0.version = 1
            $0.verdict = .refused
            $0.timeToDeathMilliseconds = 3_000
        }
        story.go(.rotationFinished, "ci", ci, on: 10 + 5 * second)
        let search = story.begin(
            "search", on: 10 + second, .emergency, reason: "leaked", incident: incident)
        story.go(.versionStored, "search", search, on: 10 + 2 * second) { $0.version = 2 }
        story.go(.versionProved, "search", search, on: 10 + 4 * second) {
            $0.version = 2
            $0.verdict = .accepted
        }
        story.go(.deliveryOwed, "search", search, on: 10 + 4 * second) {
            $0.version = 2
            $0.destination = "file:/x"
            $0.isRequired = true
        }
        story.go(.versionPromoted, "search", search, on: 10 + 6 * second) { $0.version = 2 }
        story.go(.effectSettled, "search", search, on: 10 + 7 * second) {
            $0.step = .retire
            $0.version = 1
            $0.outcome = .done
        }
        return story
    }

    @Test func `its times count from declaring it`() throws {
        var story = try story()
        let id = try #require(try story.report().report.emergencies.first?.secrets.last?.rotation)
        let search = try #require(Identifier(id))
        let second = 1.0 / 86_400
        story.go(.deliverySettled, "search", search, on: 10 + 20 * second) {
            $0.version = 2
            $0.destination = "file:/x"
            $0.isRequired = true
            $0.outcome = .done
        }
        let died = story.go(.versionRetired, "search", search, on: 10 + 30 * second) {
            $0.version = 1
            $0.verdict = .refused
        }

        let emergency = try #require(try story.report().report.emergencies.first)

        #expect(emergency.who.user == "eve")
        #expect(emergency.ticket == "SEC-1")
        #expect(emergency.secrets.map(\.secret) == ["ci", "search"])
        #expect(emergency.timeToDelivery == 20_000)
        #expect(emergency.timeToDeath == 30_000)
        let credential = try #require(emergency.secrets.last?.credentials.first)
        #expect(credential.version == 1)
        #expect(credential.evidence?.sequence == died)
        #expect(
            credential.revoked.map { $0.milliseconds - emergency.opened.time.milliseconds } == 7_000
        )
        // In place the call that made the new value took the old one away.
        let inPlace = try #require(emergency.secrets.first?.credentials.first)
        #expect(
            inPlace.revoked.map { $0.milliseconds - emergency.opened.time.milliseconds } == 2_000)
    }

    @Test func `as long as one credential was not seen refused there is no time to death`() throws {
        let emergency = try #require(try story().report().report.emergencies.first)
        #expect(emergency.timeToDelivery == nil)
        #expect(emergency.timeToDeath == nil)
        let text = Story.written(try story().report(), as: .text)
        #expect(text.contains("Until the last new value was delivered: not yet."))
    }

    @Test func `one that was over before the period is not told`() throws {
        var story = try story()
        story.tell(.incidentClosed, on: 11) {
            $0.incident = Identifier("01J000000000000000000001NC")
        }
        #expect(try story.report(from: 12, to: 20).report.emergencies.isEmpty)
        #expect(try story.report(from: 0, to: 20).report.emergencies.count == 1)
        #expect(try story.report(label: "a=b", secrets: ["db"]).report.emergencies.isEmpty)
    }
}
