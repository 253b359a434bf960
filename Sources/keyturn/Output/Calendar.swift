import Rotations

/// An iCalendar file (RFC 5545): events of a quarter of an hour, in UTC.
struct Calendar {
    struct Event {
        /// With the time, it makes the event's identity: the next file brings it up to date.
        let name: String
        let at: Timestamp
        let summary: String
        let details: String
    }

    let made: Timestamp
    let tool: String
    let events: [Event]

    /// The file: lines of at most 75 bytes that end in CR and LF.
    var text: String { lines.map { $0 + "\r\n" }.joined() }

    private var lines: [String] {
        var lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Keyturn//keyturn \(tool)//EN"]
        for event in events {
            lines += [
                "BEGIN:VEVENT", "UID:\(event.name)-\(Self.text(event.at))@keyturn",
                "DTSTAMP:\(Self.text(made))", "DTSTART:\(Self.text(event.at))", "DURATION:PT15M",
                "SUMMARY:\(Self.escaped(event.summary))",
                "DESCRIPTION:\(Self.escaped(event.details))", "TRANSP:TRANSPARENT", "END:VEVENT",
            ]
        }
        return (lines + ["END:VCALENDAR"]).flatMap(Self.folded)
    }

    /// 3.3.5, form 2: `20261231T235900Z`.
    private static func text(_ time: Timestamp) -> String {
        time.secondText.filter { $0 != "-" && $0 != ":" }.replacing(" ", with: "T")
    }

    /// 3.3.11.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\", ";", ",": escaped += "\\\(character)"
            case _ where character.isNewline: escaped += "\\n"
            default: escaped.append(character)
            }
        }
        return escaped
    }

    /// 3.1: a line goes on in the next one behind a blank.
    private static func folded(_ line: String) -> [String] {
        var lines = [""]
        var count = 0
        for character in line {
            let size = character.utf8.count
            if count + size > 75 {
                lines.append(" ")
                count = 1
            }
            lines[lines.count - 1].append(character)
            count += size
        }
        return lines
    }
}
