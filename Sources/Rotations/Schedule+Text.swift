extension Schedule {
    /// The schedule in a few words.
    package var text: String {
        var text: String =
            switch cadence {
            case .every(let interval, from: nil): "every \(interval)"
            case .every(let interval, let anchor?): "every \(interval) from \(anchor.rfc3339)"
            case .cron(let cron, let zone): "cron \(cron.text) (\(zone))"
            case .at(let time): "at \(time.rfc3339)"
            }
        if let window {
            text += ", \(Weekday.text(window.days)) \(window.start)-\(window.end) \(window.zone)"
        }
        return text
    }
}
