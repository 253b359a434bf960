import PineconeEmulator
import Testing

/// What other rooms' tests see, without looking inside.
@Suite(.timeLimit(.minutes(10)))
struct OutsideTests {
    @Test func `seeding, behaviour, faults and inspection need no network`() async throws {
        let clock = SimulatedClock()
        let emulator = Emulator(world: World(seed: 42), clock: { clock.now })
        let project = emulator.addProject(name: "search")
        let owner = emulator.addOwner()
        let account = emulator.addServiceAccount(
            name: "deploys", grants: [.project(project, .projectEditor)])
        let key = emulator.addAPIKey(project: project, name: "web", roles: [.dataPlaneViewer])
        emulator.settings.oldSecretLifeMs = 5000
        emulator.settings.rateLimit = .init(every: 10, retryAfterSeconds: 1)
        emulator.inject(Fault(operation: .rotateSecret, effect: .after(.closeInBody), times: nil))
        emulator.inject(Fault(target: key.id, effect: .before(.status(429)), skip: 1, every: 2))
        #expect(emulator.faults.count == 2)

        let secret = try #require(emulator.rotateElsewhere(account: account.id))
        let holds = { emulator.accepts(clientID: account.clientID, clientSecret: $0) }
        #expect(holds(secret) && holds(account.clientSecret))
        clock.advance(ms: 4999)
        #expect(holds(account.clientSecret))
        emulator.advanceClock(ms: 1)
        #expect(holds(secret) && !holds(account.clientSecret))
        #expect(emulator.liveAccounts.map(\.id) == [account.id, owner.id])
        #expect(emulator.liveKeys == [key])
        #expect(emulator.grants(of: account.id) == [.project(project, .projectEditor)])
        #expect(emulator.tally.log.isEmpty)
    }

    @Test func `an organization's objects are seeded apart`() {
        let emulator = Emulator()
        let other = emulator.addOrganization(name: "other")
        let theirs = emulator.addOwner(name: "theirs", organization: other)
        #expect(theirs.organizationID == other)
        #expect(emulator.addOwner().organizationID == emulator.organizationID)
    }

    @Test func `two worlds of one seed are the same`() {
        let owners = (0..<2).map { _ in Emulator(world: World(seed: 3)).addOwner() }
        #expect(owners[0].clientSecret == owners[1].clientSecret)
        #expect(owners[0].id == owners[1].id)
    }
}
