import FaultyDisk
import Rotations
import Storage

/// One seed, one story: secrets that are rotated while everything goes wrong, until nothing does any
/// longer and all must be well.
struct Story {
    private let machine: Machine
    private let secrets: [Template.Secret]
    private var armours: [String] = []
    /// How many late calls somebody has looked after.
    private var lateSeen = 0

    private var world: World { machine.world }
    private var dice: Dice { world.dice }
    private var check: Check { Check(machine: machine, secrets: secrets, armours: armours) }

    private init(_ seed: UInt64, _ templates: [Template]) throws {
        let dice = Dice(seed: seed)
        let template = dice.pick(templates)
        machine = try template.machine(dice)
        secrets = template.secrets
        world.with { truth in
            truth.propagation = 0..<dice.pick([1, 20_000, 50_000])
            truth.isFlapping = dice.happens(15)
            truth.tell("seed \(seed): \(secrets.map(\.name).joined(separator: ", "))")
        }
    }

    /// What came of a story.
    struct Ending: Sendable {
        let seed: UInt64
        let findings: [String]
        let log: [String]
        /// The moments in which processes died.
        let deaths: Set<Moment>

        /// Without the log, of which thousands would be much.
        var brief: Ending { Ending(seed: seed, findings: findings, log: [], deaths: deaths) }
    }

    /// Tells the story of a seed.
    static func tell(_ seed: UInt64, _ templates: [Template]) async throws -> Ending {
        var story = try Story(seed, templates)
        await story.tell()
        let truth = story.world.now
        return Ending(
            seed: seed, findings: truth.findings, log: truth.log, deaths: truth.deaths)
    }

    private var isOver: Bool { world.with { !$0.findings.isEmpty } }

    private mutating func tell() async {
        for number in 0..<dice.pick([(4, 2), (4, 4), (2, 8), (1, 24)]) where !isOver {
            // Something is due to begin with.
            if number == 0 { world.pass(31 * 86_400_000) } else { await happen() }
            await process()
            if dice.happens(25) { await check.atRest() }
        }
        guard !isOver else { return }
        await finish()
    }

    // MARK: What happens around the program

    /// Lets time pass. Soon after a call was carried out late somebody looks undisturbed: what comes
    /// in the last hours of a watch, between two runs, nobody sees (P17).
    private mutating func sleep(_ milliseconds: Int64) async {
        let end = world.now.now + milliseconds
        while true {
            let truth = world.now
            let next = truth.late.map(\.at).min() ?? .max
            guard next <= end || truth.lateCount > lateSeen else { break }
            if truth.lateCount == lateSeen { world.pass(max(next - truth.now, 0)) }
            world.pass(60_000)
            lateSeen = world.now.lateCount
            await run(["run", "--jobs", "1"], Invocation.Fate())
        }
        world.pass(max(end - world.now.now, 0))
    }

    private mutating func happen() async {
        let dice = dice
        let destinations = secrets.flatMap(\.destinations)
        let accounts = secrets.filter { $0.kind == .serviceAccount }
        await sleep(
            dice.pick([
                (4, Int64(dice.roll(0..<90)) * 1_000), (3, Int64(dice.roll(1..<90)) * 60_000),
                (3, Int64(dice.roll(1..<30)) * 3_600_000), (2, 31 * 86_400_000),
            ]))
        world.with { truth in
            if dice.happens(10) {
                let place = dice.pick(destinations)
                truth.tell("\(place) breaks, or is mended")
                if truth.broken.remove(place) == nil { truth.broken.insert(place) }
            }
            if dice.happens(4), let account = accounts.first,
                let index = truth.index(account.id)
            {
                truth.tell("somebody else rotates \(account.name)")
                _ = truth.replaceValue(of: index, isOurs: false, dice)
            }
            if dice.happens(4) {
                truth.skew = dice.pick([0, 0, -7_200_000, 600_000, -90_000])
                truth.tell("the clock is \(truth.skew / 1_000) s ahead")
            }
        }
    }

    // MARK: Processes

    private mutating func process() async {
        let fate = fate()
        let name = dice.pick(secrets).name
        let reason = ["--reason", "because", "--confirm", name]
        let byHand = reason + ["--jobs", "1"]
        if let armour = armours.last, dice.happens(50) {
            let ended = await run(["recover"], fate, input: armour)
            if ended.status == 0, !ended.isDead { armours.removeLast() }
            return
        }
        switch dice.roll(0..<100) {
        case 0..<8: await run(["rotate", name] + byHand, fate)
        case 8..<13: await run(["rotate", name, "--compromised"] + byHand, fate)
        case 13..<17: await run(["deliver", name], fate)
        case 17..<20: await run(["rotation", "rollback", name] + reason, fate)
        case 20..<23: await run(["rotation", "resume", name] + reason, fate)
        case 28..<31:
            await run(["policy", "apply", dice.pick(["edited.yaml", "keyturn.yaml"])], fate)
        case 23..<28: await run(["secret", "acknowledge", name, "--reason", "moved"], fate)
        default: await run(["run", "--jobs", "1"], fate)
        }
    }

    @discardableResult
    private mutating func run(
        _ arguments: [String], _ fate: Invocation.Fate, input: String = ""
    ) async -> Machine.Ended {
        let ended = await machine.run(arguments, fate, input: input)
        armours += Self.armours(in: ended.conversation)
        // Nothing of this ever comes of what can happen here.
        let isWrong = [6, 77, 78].contains(ended.status)
        let isUsage = ended.status == 64 && arguments.first != "rotation"
        if isWrong || isUsage, !ended.isDead {
            world.accuse("status \(ended.status): \(ended.conversation)")
        }
        return ended
    }

    private static func armours(in text: String) -> [String] {
        text.split(separator: "-----BEGIN").dropFirst().map { "-----BEGIN\($0)" }
    }

    private func fate() -> Invocation.Fate {
        var fate = Invocation.Fate()
        fate.weather = dice.pick([(4, 0), (4, 15), (2, 50)])
        switch dice.roll(0..<100) {
        case 0..<20: fate.death = .at(dice.roll(0..<40))
        case 20..<32: fate.death = .after(dice.roll(0..<2), dice.pick(Moment.allCases))
        case 32..<57:
            fate.death = .disk(
                Disk.Death(operation: dice.roll(0..<220), isAfter: dice.happens(50)))
        default: break
        }
        // What is left of an interrupted delivery is not there often.
        let isLeftOver = world.with { !$0.temporaries.isEmpty || !$0.strays.isEmpty }
        if isLeftOver, dice.happens(30) { fate.death = .after(0, .clearAway) }
        // Nor is a name to look for.
        let isNamed = world.with { $0.late.contains { $0.order.strategy == .overlap } }
        if isNamed, dice.happens(20) { fate.death = .after(0, dice.pick([.find, .found])) }
        if dice.happens(50) { fate.powerCut = dice.next() }
        if dice.happens(15) {
            fate.diskFault = Disk.Fault(
                operation: dice.pick([
                    FAULTYDISK_WRITE, FAULTYDISK_FULL, FAULTYDISK_SYNC, FAULTYDISK_DELETE_BEFORE,
                    FAULTYDISK_DELETE_AFTER,
                ]), skip: dice.roll(0..<100), times: dice.pick([1, 1, 1_000]))
            fate.isSpoolGone = dice.happens(30)
        }
        if dice.happens(8) { fate.checksBeforeSignal = dice.roll(0..<40) }
        return fate
    }

    // MARK: The end

    /// All faults cease. Time goes on until there is nothing left to do; what waits for a person is
    /// rotated by hand, as its text says.
    private mutating func finish() async {
        world.with { truth in
            truth.tell("all faults cease")
            truth.broken = []
            truth.skew = 0
            truth.isFlapping = false
        }
        // The trail may have seen a clock that was ahead, and the last propagation its slowness.
        await sleep(3 * 3_600_000)
        let calm = Invocation.Fate()
        while let armour = armours.popLast() { await run(["recover"], calm, input: armour) }
        while let late = world.with({ $0.late.map(\.at).max() }) {
            await sleep(max(late - world.now.now, 0))
        }
        await settle()
        if !isOver { await check.atEnd() }
    }

    /// Runs until another run changes nothing (invariant 8).
    private mutating func settle() async {
        var entries = 0
        for number in 0..<24 where !isOver {
            let ended = await run(["run", "--jobs", "1"], Invocation.Fate())
            guard let rest = rest(number) else { return }
            let isQuiet = rest.byHand.isEmpty && !rest.isWaiting
            if isQuiet, ended.status == 0, rest.entries == entries { return }
            entries = rest.entries
            for line in rest.byHand { await run(line, Invocation.Fate()) }
            if !isQuiet { await sleep(13 * 3_600_000) }
        }
        if !isOver {
            world.tell("there is no end of it")
            await check.atEnd()
            world.accuse("8: each run changes something, or fails")
        }
    }

    /// What is still to come.
    private struct Rest {
        /// What a person does about it now.
        var byHand: [[String]] = []
        /// Whether something goes on by itself.
        var isWaiting: Bool
        let entries: Int
    }

    private func rest(_ number: Int) -> Rest? {
        do {
            let truth = world.now
            let rows = try Rows(machine.state.database)
            let debts = try rows.deliveries().filter(\.isDebt).map(\.secret)
            let open = try rows.rotations().filter(\.isUnderWay)
            var rest = Rest(isWaiting: !truth.strays.isEmpty, entries: try rows.entryCount())
            for secret in secrets {
                let name = secret.name
                let reason = ["--reason", "because", "--confirm", name]
                let open = open.first { $0.secret == name }
                if open?.cause == "not-acknowledged" {
                    rest.byHand.append(["secret", "acknowledge", name, "--reason", "moved"])
                } else if open?.state == "parked", number % 2 == 0 {
                    rest.byHand.append(["rotation", "resume", name] + reason)
                } else if open?.state == "parked" || secret.isForeign(truth) {
                    rest.byHand.append(["rotate", name] + reason + ["--jobs", "1"])
                } else if open != nil || debts.contains(name) {
                    rest.isWaiting = true
                }
            }
            return rest
        } catch {
            world.accuse("6: the state cannot be read: \(error)")
            return nil
        }
    }
}
