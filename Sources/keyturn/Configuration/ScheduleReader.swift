import Rotations
import Storage
import YAML

/// Reads when a policy's secret is rotated.
struct ScheduleReader {
    /// The policy's keys over the defaults'.
    let policy: Fields

    /// The schedule that the policy, or the defaults, declare.
    func read() throws(Problem) -> Schedule {
        let window = try window()
        let cadence = try cadence(zone: window?.zone ?? "UTC")
        let spread = try policy.interval("spread") ?? .zero
        let maxAge = try policy.interval("max-age")
        let first = try policy.word("first", as: Schedule.FirstRotation.self) ?? .due
        if case .every(let interval, _) = cadence, let maxAge, maxAge < interval {
            let key = policy.node("max-age") ?? policy.node("every")
            throw Problem(
                key?.mark ?? policy.mark,
                "`max-age` is \(maxAge), and the interval is \(interval): it would always be overdue",
                hint: "make `max-age` longer than the interval")
        }
        if case .every(let interval, _) = cadence, let window, !window.canKeep(interval) {
            let key = policy.node("every") ?? policy.node("window")
            throw Problem(
                key?.mark ?? policy.mark,
                "an interval of \(interval) can never be kept: the window is shorter, and closed "
                    + "for \(window.shortestPause) before it opens again",
                hint: "make the interval longer, or the window")
        }
        do throws(ScheduleError) {
            return try Schedule(
                cadence: cadence, window: window, spread: spread, maxAge: maxAge, first: first)
        } catch {
            switch error {
            case .noInterval: throw Problem(policy.mark, "the interval is zero")
            case .noMaxAge: throw Problem(policy.mark, "`max-age` is zero")
            case .notAZone(let name): throw Problem(policy.mark, "`\(name)` is no time zone")
            }
        }
    }

    private func cadence(zone: String) throws(Problem) -> Cadence {
        let given = ["every", "cron", "at"].filter { policy.hasOwn($0) }
        guard given.count <= 1 else {
            throw Problem(
                policy.mark,
                "a policy has one of `every`, `cron` and `at`, and this has "
                    + given.map { "`\($0)`" }.joined(separator: " and "))
        }
        if policy.hasOwn("from"), let other = given.first, other != "every" {
            throw Problem(
                try policy.required("from").mark,
                "`from` anchors an interval, and this policy has `\(other)`",
                hint: "leave `from` out, or write every: 30d")
        }
        // A policy's own word replaces the default of another kind.
        let isEvery = given == ["every"]
        if let at = try policy.timestamp("at") { return .at(at) }
        if !isEvery, let text = try policy.text("cron") {
            do throws(CronError) {
                return .cron(try Cron(text), zone: zone)
            } catch {
                throw Problem(try policy.required("cron").mark, "`cron`: \(error)")
            }
        }
        guard let every = try policy.interval("every") else {
            throw Problem(
                policy.mark, "a policy needs one of the keys `every`, `cron` and `at`",
                hint: "write every: 30d here or under `defaults:`")
        }
        guard every >= .minutes(1) else {
            throw Problem(
                try policy.required("every").mark, "an interval of \(every) is under a minute")
        }
        return .every(every, from: try policy.timestamp("from"))
    }

    private func window() throws(Problem) -> Window? {
        guard let node = policy.node("window") else { return nil }
        let fields = try Fields(node, "`window`", keys: ["days", "from", "to", "zone"])
        let zone = try fields.text("zone") ?? "UTC"
        try checkZone(zone, fields)
        let start = try time("from", fields)
        let end = try time("to", fields)
        let days = try fields.text("days") ?? "daily"
        do throws(WindowError) {
            return try Window(days: try Weekday.days(days), start: start, end: end, zone: zone)
        } catch {
            let startMark = fields.node("from")?.mark ?? fields.mark
            switch error {
            case .unknownDays(let text):
                throw Problem(
                    fields.node("days")?.mark ?? fields.mark,
                    "`days` is expected to be days of the week, and this is `\(text)`",
                    hint: "write Mon-Fri, or Mon,Wed, or daily")
            case .notATime(let text): throw Problem(startMark, "`\(text)` is no time of day")
            case .notAZone(let text): throw Problem(fields.mark, "`\(text)` is no time zone")
            case .noDays: throw Problem(fields.mark, "a window needs a day")
            case .startsAtTheEndOfTheDay:
                throw Problem(startMark, "a window cannot begin at 24:00", hint: "write 00:00")
            }
        }
    }

    private func time(_ key: String, _ fields: Fields) throws(Problem) -> LocalTime {
        let text = try fields.requiredText(key)
        // There is one way to be wrong.
        guard let time = try? LocalTime(parsing: text) else {
            throw Problem(
                try fields.required(key).mark,
                "`\(key)` is expected to be a time of day, and this is `\(text)`",
                hint: #"write \#(key): "02:00""#)
        }
        return time
    }

    private func checkZone(_ name: String, _ fields: Fields) throws(Problem) {
        do throws(Scheduling.UnknownZone) {
            _ = try Scheduling.zone(name)
        } catch {
            let mark = fields.node("zone")?.mark ?? fields.mark
            guard Scheduling.hasZones else {
                throw Problem(
                    mark, "this system has no time zones at all", hint: "apt-get install tzdata")
            }
            let nearest = Nearest.match(name, among: Scheduling.zoneNames)
            throw Problem(
                mark, "the system has no time zone `\(name)`",
                hint: nearest.map { "did you mean `\($0)`?" }
                    ?? "write a name such as Europe/Berlin")
        }
    }
}

/// Reads a freeze of the configuration.
enum FreezeReader {
    /// The freeze that a node declares.
    static func read(_ node: Node) throws(Problem) -> Freeze {
        let fields = try Fields(
            node, "a freeze", keys: ["from", "until", "owner", "reason", "names"])
        guard let from = try fields.timestamp("from"), let until = try fields.timestamp("until")
        else { throw Problem(fields.mark, "a freeze needs the keys `from` and `until`") }
        var names: [String] = []
        for item in try fields.list("names") {
            names.append(try Fields.text(item, "a name of the freeze"))
        }
        do throws(FreezeError) {
            return try Freeze(
                from: from, until: until, owner: try freezeText("owner", fields),
                reason: try freezeText("reason", fields),
                names: names.isEmpty ? .all : .only(names))
        } catch {
            switch error {
            case .endsBeforeItBegins:
                throw Problem(fields.mark, "the freeze ends before it begins")
            case .noOwner: throw Problem(fields.mark, "a freeze needs the key `owner`")
            case .noReason: throw Problem(fields.mark, "a freeze needs the key `reason`")
            case .noNames: throw Problem(fields.mark, "a freeze needs names, or none for all")
            }
        }
    }

    private static func freezeText(_ key: String, _ fields: Fields) throws(FreezeError) -> String {
        // What is absent or no text is refused by the freeze itself.
        (try? fields.text(key)).flatMap { $0 } ?? ""
    }
}
