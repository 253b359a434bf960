import FoundationEssentials
import PineconeEmulator
import Rotations
import SQLite
import TestSupport
import Testing

@testable import keyturn

/// What goes wrong in a cell of a table, and how it is mended.
struct StepFaultHarm {
    /// Whether it comes before the minting call of its run.
    let isBeforeMinting: Bool
    let bring: () throws -> Void
    /// Whether anything has met it.
    let isMet: () -> Bool
    let lift: () async throws -> Void
}

extension CallSite {
    /// Whether the call comes before the minting of its run.
    fileprivate var isBeforeMinting: Bool {
        guard scene.past == .due else { return false }
        switch operation {
        case .token, .listIndexes: return skip == 0
        case .fetchAPIKey: return skip < 2
        case .listRoleBindings: return skip == 0
        case .fetchServiceAccount, .listServiceAccounts, .listAPIKeys: return true
        default: return false
        }
    }
}

/// A program that is about to run, and can be brought back to that moment.
final class StepFaultStage {
    let program: TestProgram
    let scene: Scene
    /// The policy's name.
    let name: String
    let hook: TestProgram.Hook?
    private let old: Old
    private var mintingsBefore = 0
    private var saved: (service: Service, ms: Int64)
    private let run: Run
    private let verify: AuditVerify

    /// The credential whose value the rotation replaces.
    private enum Old {
        case account(ServiceAccount)
        case key(APIKey)
    }

    /// Sets the stage.
    /// - Parameter hasHook: whether a command receives the value too, besides the file.
    init(_ scene: Scene, hasHook: Bool = false) async throws {
        run = try #require(try Keyturn.parseAsRoot(["run"]) as? Run)
        verify = try #require(try Keyturn.parseAsRoot(["audit", "verify"]) as? AuditVerify)
        let program = try await TestProgram()
        self.program = program
        self.scene = scene
        name = scene.world == .key ? "search" : "ci"
        hook = hasHook ? try program.hook("exit 0", terms: ", timeout: 1s") : nil
        try hook?.mend()
        let more = hook?.yaml ?? ""
        switch scene.world {
        case .account: _ = try await program.dueAccount(held: true, more: more)
        case .adopted: _ = try await program.dueAccount(more: more)
        case .admin: try await Self.setUpAdmin(program)
        case .key: _ = try await program.dueKey(held: true, more: more)
        case .sibling: _ = try await program.dueSibling(held: true, more: more)
        }
        old = try Self.current(in: program, scene.world)
        saved = Self.remembered(program)
        try await happen()
        mintingsBefore = Self.mintings(in: program, scene.world)
        saved = Self.remembered(program)
        try Self.copy(program.directory.path, to: program.directory.file(Self.savedName))
    }

    private static func remembered(_ program: TestProgram) -> (service: Service, ms: Int64) {
        (program.emulator.withService { service, _ in service }, program.clock.now)
    }

    /// Two admins, the second of which has a policy.
    private static func setUpAdmin(_ program: TestProgram) async throws {
        let second = program.emulator.addOwner(name: "ops-b")
        let admins = ["ops-a", "ops-b"]
        try await program.require(program.keyturn("init"))
        try await program.apply(program.policy("ci", account: second), admins: admins)
        try await program.logIn("ops-a", program.admin)
        try await program.logIn("ops-b", second)
    }

    private static func current(
        in program: TestProgram, _ world: Scene.World
    ) throws -> Old {
        switch world {
        case .key:
            return .key(
                try #require(program.emulator.liveKeys.first { $0.projectID == program.project }))
        case .account, .adopted, .admin, .sibling:
            let account = program.emulator.liveAccounts.first { $0.id != program.admin.id }
            return .account(try #require(account))
        }
    }

    /// What happened before the run that meets the fault.
    private func happen() async throws {
        let minting: PineconeEmulator.Operation =
            switch scene.world {
            case .key: .createAPIKey
            case .sibling: .createServiceAccount
            case .account, .adopted, .admin: .rotateSecret
            }
        switch scene.past {
        case .due: break
        case .lostBefore:
            program.emulator.inject(Fault(operation: minting, effect: .before(.status(503))))
        case .lostAfter:
            program.emulator.inject(Fault(operation: minting, effect: .after(.status(500))))
        case .stored:
            program.follow(StopPlan(at: 3, .afterCommit))
            _ = await program.perform(run)
            program.journal.withLock { $0 = { $0 } }
            switch old {
            case .account(let account):
                program.emulator.grantElsewhere(
                    .project(program.project, .dataPlaneViewer), account: account.id)
            case .key(let key):
                program.emulator.setRolesElsewhere(key.roles + [.dataPlaneViewer], apiKey: key.id)
            }
        case .overlapOver, .deletedElsewhere:
            try await program.require(program.perform(run))
            program.advance(.hours(25))
            if scene.past == .deletedElsewhere { deleteElsewhere() }
        case .watched, .cameLate:
            program.emulator.inject(Fault(operation: minting, effect: .before(.status(503))))
            #expect(await program.perform(run).status == 1)
            try await program.require(program.perform(run))
            if minting != .rotateSecret {
                program.advance(.hours(25))
                try await program.require(program.perform(run))
            }
            guard scene.past == .cameLate else { break }
            let attempt = try program.database().first(
                "SELECT name FROM effect WHERE watch_until_ms IS NOT NULL"
            ) { $0.optionalText(0) }
            let attemptName = (attempt ?? nil) ?? ""
            switch (scene.world, old) {
            case (.key, _):
                _ = program.emulator.addAPIKey(project: program.project, name: attemptName)
            case (.sibling, _): _ = program.emulator.addServiceAccount(name: attemptName)
            case (_, .account(let account)):
                _ = program.emulator.rotateElsewhere(account: account.id)
            case (_, .key): break
            }
        }
    }

    private func deleteElsewhere() {
        switch old {
        case .account(let account): program.emulator.deleteElsewhere(account: account.id)
        case .key(let key): program.emulator.deleteElsewhere(apiKey: key.id)
        }
    }

    // MARK: Back to the beginning

    private static let savedName = "saved"

    /// Brings everything back to the moment before the call.
    func restore() throws {
        let directory = program.directory
        for name in directory.names where name != Self.savedName {
            try FileManager.default.removeItem(atPath: directory.file(name))
        }
        try Self.copy(directory.file(Self.savedName), to: directory.path)
        program.emulator.withService { service, _ in service = saved.service }
        program.clock.advance(ms: saved.ms - program.clock.now)
    }

    private static func copy(_ source: String, to target: String) throws {
        let names = TemporaryDirectory.names(in: source).filter { $0 != savedName }
        try FileManager.default.createDirectory(
            atPath: target, withIntermediateDirectories: true)
        for name in names {
            try FileManager.default.copyItem(
                atPath: "\(source)/\(name)", toPath: "\(target)/\(name)")
        }
    }

    // MARK: Faults of the provider

    private static let manyTimes = 1_000_000

    /// The fault, for one call or until it is lifted.
    func harm(_ fault: CallFault, at site: CallSite, isLasting: Bool) -> StepFaultHarm {
        StepFaultHarm(
            isBeforeMinting: site.isBeforeMinting,
            bring: { self.bring(fault, at: site, isLasting: isLasting) },
            isMet: { self.hasStruck(fault, at: site) },
            lift: {
                self.program.emulator.removeFaults()
                self.program.emulator.settings = Settings()
                self.program.requestLimit.withLock { $0 = .seconds(30) }
            })
    }

    private func bring(_ fault: CallFault, at site: CallSite, isLasting: Bool) {
        guard let effect = fault.effect else {
            bringLate(fault, isLasting: isLasting)
            return
        }
        if [.hungBefore, .hungAfter].contains(fault) {
            program.requestLimit.withLock { $0 = .seconds(1) }
        }
        program.emulator.inject(
            Fault(
                operation: site.operation, target: target(of: site), effect: effect,
                times: isLasting ? Self.manyTimes : 1, skip: site.skip))
    }

    /// Within the minute that is waited, or beyond.
    private func bringLate(_ fault: CallFault, isLasting: Bool) {
        let life: Int64 = isLasting ? 600_000 : 45_000
        if fault == .newValueLate {
            program.emulator.settings.newSecretDelayMs = life
            program.emulator.settings.newKeyDelayMs = life
        } else {
            program.emulator.settings.oldSecretLifeMs = life
            program.emulator.settings.deletedKeyLifeMs = life
            program.emulator.settings.deletedVisibleMs = life
        }
        if scene.past == .deletedElsewhere { deleteElsewhere() }
    }

    private func target(of site: CallSite) -> String? {
        switch (site.subject, old) {
        case (.anybody, _): nil
        case (.admin, _): program.admin.clientID
        case (.old, .account(let account)): account.clientID
        case (.old, .key(let key)): key.id
        case (.new, _): program.deliveredAccount(name)?.clientID
        }
    }

    /// Whether the fault has met a call.
    private func hasStruck(_ fault: CallFault, at site: CallSite) -> Bool {
        guard let effect = fault.effect else { return true }
        let left = program.emulator.faults.first {
            $0.operation == site.operation && $0.effect == effect
                && $0.target == target(of: site)
        }
        guard let left, let times = left.times else { return true }
        return left.skip == 0 && times > 1 && times < Self.manyTimes
    }

    // MARK: The cell

    /// Lets a run meet the harm, mends it, and goes on until all is done. Nil when nothing met it.
    func meet(_ harm: StepFaultHarm) async throws -> Observed? {
        try restore()
        try harm.bring()
        var runForObjects = run
        runForObjects.options.place.json = true
        let first = await program.perform(runForObjects)
        let isMet = harm.isMet()
        try await harm.lift()
        guard isMet else { return nil }
        let report = try first.objects().first { $0.name == name }
        let problems = problems(
            after: first, isSilent: report == nil, isBeforeMinting: harm.isBeforeMinting)
        let next = try await next()
        try await finish()
        return Observed(
            exit: first.status, cause: report?.cause.flatMap(Cause.init(rawValue:)),
            isSilent: report == nil, isRotated: try program.summary(first).rotated != 0,
            next: next, mintings: mintings - usualMintings, isInPlace: scene.isInPlace,
            problems: problems)
    }

    /// What is wrong right after the run that met the fault.
    private func problems(
        after run: TestProgram.Outcome, isSilent: Bool, isBeforeMinting: Bool
    ) -> [String] {
        var problems: [String] = []
        if run.status == 0, !isSilent, !isDeliveredAccepted {
            problems.append("a dead value is delivered, and the exit status says 0")
        }
        if !scene.isInPlace, !isDeliveredAccepted {
            problems.append("what is delivered is not accepted, and the old one could be")
        }
        if !scene.isInPlace, [.due, .lostBefore, .lostAfter, .stored].contains(scene.past),
            !isOldAlive
        {
            problems.append("the old one died before its date")
        }
        if run.status != 0, isBeforeMinting, mintings > 0 {
            problems.append("it was minted although prepare failed")
        }
        return problems
    }

    /// What the next runs do, and a person when they do nothing.
    private func next() async throws -> Observed.Next {
        let second = await program.perform(run)
        guard second.status == 0 else {
            let third = await program.perform(run)
            guard third.status == 0 else { return .stuck }
            return third.output == ""
                ? .failedOnce(second.status) : .failedThenFinished(second.status)
        }
        guard second.output == "" else { return .finished }
        if try isOver { return .quiet }
        for _ in 1...2 {
            program.advance(.hours(12))
            guard await program.perform(run).output != "" else { break }
            if try isOver { return .waited }
        }
        let resumed = await program.keyturn(
            "rotation", "resume", name, "--reason", "test", "--confirm", name)
        // After three mintings only another rotation may make more (P15).
        let isDone =
            if resumed.status == 0 { true } else { await program.rotate(name).status == 0 }
        return isDone ? .asked : .stuck
    }

    /// The minting calls that it takes without a fault.
    private var usualMintings: Int {
        switch scene.past {
        case .due, .lostBefore: 1
        case .lostAfter: 2
        case .stored, .overlapOver, .deletedElsewhere, .watched: 0
        case .cameLate: scene.isInPlace ? 1 : 0
        }
    }

    // MARK: What the world shows

    /// Minting calls that were carried out since.
    var mintings: Int { Self.mintings(in: program, scene.world) - mintingsBefore }

    private static func mintings(in program: TestProgram, _ world: Scene.World) -> Int {
        switch world {
        case .key: program.emulator.committed(.createAPIKey)
        case .sibling: program.emulator.committed(.createServiceAccount)
        case .account, .adopted, .admin: program.emulator.committed(.rotateSecret)
        }
    }

    /// Whether what consumers have is accepted.
    var isDeliveredAccepted: Bool { deliveredID != nil }

    private var deliveredID: String? {
        switch (scene.world, old) {
        case (.key, _):
            program.emulator.liveKeys.first {
                $0.value == program.directory.text("out/\(name)")
                    && program.emulator.accepts(apiKey: $0.value)
            }?.id
        case (.sibling, _): program.deliveredAccount(name)?.id
        case (_, .account(let account)):
            program.isDeliveredAccepted(name, account) ? account.id : nil
        case (_, .key): nil
        }
    }

    /// Whether the replaced value is still accepted.
    var isOldAlive: Bool {
        switch old {
        case .account(let account): program.isAccepted(account)
        case .key(let key): program.emulator.accepts(apiKey: key.value)
        }
    }

    private var oldID: String {
        switch old {
        case .account(let account): account.id
        case .key(let key): key.id
        }
    }

    private var live: Set<String> {
        switch scene.world {
        case .key:
            Set(program.emulator.liveKeys.filter { $0.projectID == program.project }.map(\.id))
        case .account, .adopted, .admin, .sibling: program.liveAccountIDs
        }
    }

    private func count(_ sql: String, _ parameters: [Value] = []) throws -> Int {
        try program.database().first(sql, parameters) { $0.int(0) } ?? 0
    }

    /// Whether only the old credential's date is left of a rotation that went straight.
    private var isOnTheStraightPath: Bool {
        get throws {
            guard scene.world == .key || scene.world == .sibling, let new = deliveredID,
                new != oldID, live == [oldID, new]
            else { return false }
            return try count(
                """
                SELECT count(*) FROM rotation
                WHERE state = 'open' AND step = 'retire' AND cause IS NULL
                """) == 1
                && count(
                    "SELECT count(*) FROM effect WHERE state IN ('intended', 'answered', 'unsettled')"
                ) == 0
        }
    }

    /// Whether all is done, or nearly: what follows a straight path is straight.
    private var isOver: Bool {
        get throws {
            try isOnTheStraightPath
                || count("SELECT count(*) FROM rotation WHERE state IN ('open', 'parked')") == 0
        }
    }

    /// Runs until all is done.
    private func finish() async throws {
        // At first only beyond the back-off, so that no watch ends.
        for hours in [1, 25, 25, 25, 25] as [Int64] {
            if try isOver { return }
            program.advance(.hours(hours))
            _ = await program.perform(run)
        }
    }

    /// What is wrong with the world once all is done; each a clause.
    /// - Parameter verifies: whether the trail is verified too.
    func problems(verifies: Bool) async throws -> [String] {
        var problems: [String] = []
        func require(_ holds: Bool, _ problem: String) {
            if !holds { problems.append(problem) }
        }
        require(isDeliveredAccepted, "what is delivered is not accepted")
        if try isOnTheStraightPath {
            require(isOldAlive, "the old one died before its date")
        } else {
            require(!isOldAlive, "the old one lives")
            require(live == Set([deliveredID].compactMap { $0 }), "other credentials live")
        }
        for id in live {
            require(
                try count("SELECT count(*) FROM version WHERE provider_id = ?", [.text(id)]) > 0,
                "a live credential has no row")
        }
        require(
            try count(
                "SELECT count(*) FROM effect WHERE state IN ('intended', 'answered', 'unsettled')")
                == 0, "an effect is not settled")
        // What was settled as not carried out may be found to have been, late (P17).
        require(
            try count(
                """
                SELECT count(*) FROM effect e WHERE 1 <> (
                  SELECT count(*) FROM audit_entry a WHERE a.type = 'effect.settled'
                    AND a.outcome <> 'unsettled' AND json_extract(a.leaf, '$.effect') = e.id
                    AND coalesce(json_extract(a.leaf, '$.cause'), '') <> 'late-commit')
                """) == 0, "an effect has not one outcome in the trail")
        if hook != nil {
            let delivered = program.deliveredSecret(name) ?? program.directory.text("out/\(name)")
            require(program.received.last == delivered, "the command has another value")
        }
        require(program.leftovers == [] && program.spooled == [], "something is left over")
        if verifies {
            require(await program.perform(verify).status == 0, "the trail is broken")
        }
        return problems
    }

    /// Whether a further run says and writes nothing.
    func isQuiet() async -> Bool {
        let path = program.directory.file("state/keyturn.db")
        let before = FileManager.default.contents(atPath: path)
        let run = await program.perform(run)
        return run.status == 0 && run.output == ""
            && FileManager.default.contents(atPath: path) == before
    }
}
