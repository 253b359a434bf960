/// A day of the week, numbered as ISO 8601 does: Monday is 1, Sunday is 7.
package enum Weekday: Int, CaseIterable, Comparable, Hashable, Sendable {
    case monday = 1
    case tuesday, wednesday, thursday, friday, saturday, sunday

    /// Three letters, as a policy writes them: `Mon`.
    package var shortName: String {
        switch self {
        case .monday: "Mon"
        case .tuesday: "Tue"
        case .wednesday: "Wed"
        case .thursday: "Thu"
        case .friday: "Fri"
        case .saturday: "Sat"
        case .sunday: "Sun"
        }
    }

    /// The day with this three-letter name, in any case, or nil.
    package init?(shortName: some StringProtocol) {
        let wanted = shortName.lowercased()
        guard let day = Self.allCases.first(where: { $0.shortName.lowercased() == wanted })
        else { return nil }
        self = day
    }

    /// The day after this one; Monday follows Sunday.
    package var next: Weekday {
        Weekday(rawValue: rawValue % 7 + 1) ?? .monday
    }

    /// Earlier in the week, which begins on Monday.
    package static func < (left: Weekday, right: Weekday) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The days that a policy names: `daily`, or names and ranges separated by commas.
    ///
    /// Ranges may run over the end of the week: `Sat-Mon` is Saturday, Sunday and Monday.
    package static func days(_ text: String) throws(WindowError) -> Set<Weekday> {
        if text.lowercased() == "daily" { return Set(allCases) }
        var days: Set<Weekday> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count <= 2, let first = ends.first, let last = ends.last,
                var day = Weekday(shortName: first), let lastDay = Weekday(shortName: last)
            else { throw .unknownDays(text) }
            days.insert(day)
            while day != lastDay {
                day = day.next
                days.insert(day)
            }
        }
        return days
    }

    /// The shortest list that `days(_:)` reads back, from Monday on: `daily`, `Mon-Fri`, `Mon,Wed`.
    package static func text(_ days: Set<Weekday>) -> String {
        if days.count == allCases.count { return "daily" }
        var runs: [(first: Weekday, last: Weekday)] = []
        for day in days.sorted() {
            if let run = runs.last, run.last.next == day {
                runs[runs.count - 1].last = day
            } else {
                runs.append((day, day))
            }
        }
        return runs.map { run in
            switch run.last.rawValue - run.first.rawValue {
            case 0: run.first.shortName
            case 1: "\(run.first.shortName),\(run.last.shortName)"
            default: "\(run.first.shortName)-\(run.last.shortName)"
            }
        }.joined(separator: ",")
    }
}
