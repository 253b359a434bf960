import Audit
import FoundationEssentials
import Rotations
import Testing

@testable import Reports

struct ReportFormTests {
    /// A report with something of everything, and with names that want to be obeyed.
    static func made() throws -> (report: Report, rotations: [Report.Rotation]) {
        var story = Story()
        story.adopt("ci", on: -60)
        story.adopt("db", on: -20, maxAge: nil)
        story.rotate("ci", to: 2, on: 2, due: 1)
        let id = story.begin(
            "db", on: 5, by: "=HYPERLINK(\"http://x\")", .manual,
            reason: "<script>alert('x')</script>\n& more, \"quoted\" \u{202e}")
        story.go(.rotationFailed, "db", id, on: 6) { $0.cause = .unreachable }
        story.tell(.secretRevealed, "ci", on: 7) { $0.reason = "<img src=https://evil/>" }
        return try story.report(to: 60)
    }

    // MARK: Text

    @Test func `text has a heading for each part, and nothing that breaks a line`() throws {
        let text = Story.written(try Self.made(), as: .text)
        for heading in [
            "Rotation report\n===============\n", "\nIn short\n--------\n",
            "\nWhat this rests on\n------------------\n", "\nAge against limit\n",
            "\nOlder than allowed\n", "\nOwed at the end\n---------------\nNothing",
            "\nExceptions\n",
            "\nMeasures\n", "\nEntries named above\n", "\nRotations\n---------\n",
        ] {
            let isThere = text.contains(heading)
            #expect(isThere || heading.contains("Nothing"), "\(heading)")
        }
        #expect(!text.contains("\u{202e}"))
        #expect(text.contains(#"alert('x')</script>\n& more, "quoted" \u{202e}"#))
        #expect(!text.contains(" \n"))
    }

    @Test func `text fits a terminal, but for hashes and what is verbatim`() throws {
        let text = Story.written(try Self.made(), as: .text)
        let tables = text.split(separator: "\nEntries named above\n")[0]
        for line in tables.split(separator: "\n") where !line.hasPrefix("    —") {
            #expect(line.count <= 80, "\(line)")
        }
    }

    @Test func `a time that began before the trail is told as at least so long`() throws {
        var story = Story()
        story.adopt("ci", on: 0)
        story.adopt("db", on: 0, rotatedAt: Story.day(-10))
        story.tell(.policyPaused, "db", on: 1) { $0.until = .latest }
        let text = Story.written(try story.report(to: 20), as: .text)
        #expect(text.contains("longest gap: 20d or more\n"))
        #expect(text.contains("longest gap: 30d\n"))
        #expect(text.contains("until:   without end") || text.contains("without end"))
        #expect(!text.contains("9999"))
    }

    @Test func `what stood in a rotation's way is not told once it was overcome`() throws {
        var story = Story()
        story.adopt("ci", on: 0)
        let id = story.begin("ci", on: 1)
        story.go(.rotationFailed, "ci", id, on: 2) { $0.cause = .unreachable }
        story.go(.versionPromoted, "ci", id, on: 3) { $0.version = 2 }
        let text = Story.written(try story.report(to: 20), as: .text)
        #expect(text.contains("under way, version 2, 1 failed try\n"))
    }

    @Test func `nobody waits for the refusal of a value that was never held`() throws {
        var story = Story()
        story.adopt("ci", on: 0)
        let incident = Story.secret("incident").id
        story.tell(.incidentOpened, on: 1) {
            $0.incident = incident
            $0.selector = "all"
            $0.reason = "leak"
        }
        let id = story.begin("ci", on: 1, .emergency, incident: incident)
        story.go(.versionStored, "ci", id, on: 1) { $0.version = 2 }
        story.go(.versionProved, "ci", id, on: 1) {
            $0.version = 2
            $0.verdict = .accepted
        }
        story.go(.versionPromoted, "ci", id, on: 1) { $0.version = 2 }
        story.go(.versionRetired, "ci", id, on: 1) {
            $0.version = 1
            $0.verdict = .notHeld
        }
        let made = try story.report(to: 20)
        #expect(made.report.emergencies.first?.timeToDeath == 0)
        let text = Story.written(made, as: .text)
        #expect(text.contains("cannot be asked"))
        #expect(!text.contains("not yet !"))
    }

    @Test func `text tells a rotation in five lines`() throws {
        let made = try Self.made()
        let first = made.rotations[0]
        #expect(
            ReportFormat.text.form.line(first, 0) == """

                2026-01-03 00:00:00Z  ci  done, version 2
                    schedule
                    by ann on db1; rotation \(first.id)
                    begun   2026-01-03 00:00:00Z  #4  \(hexadecimal(first.started.hash))
                    in use  2026-01-03 00:00:00Z
                    ended   2026-01-03 00:00:00Z  #8  \(hexadecimal(first.last.hash))

                """)
    }

    @Test func `text has the checkpoint and the key as they stand`() throws {
        let made = try Self.made()
        let text = Story.written(made, as: .text)
        for line in made.report.integrity.checkpoint.split(separator: "\n") {
            #expect(text.contains("\n    \(line)\n"))
        }
        #expect(text.contains("\n    db1+KEY\n"))
    }

    @Test func `an empty period says so`() throws {
        let text = Story.written(try Story().report(), as: .text)
        #expect(text.contains("Exceptions\n----------\nNone.\n"))
        #expect(text.contains("Owed at the end\n---------------\nNothing.\n"))
    }

    // MARK: CSV

    @Test(arguments: [
        ("", ""), ("plain", "plain"), ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"),
        ("@x", "'@x"), ("\tx", "'\tx"), ("\rx", "\"'\rx\""), ("a,b", "\"a,b\""),
        ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a\nb\""), ("=a\"b", "\"'=a\"\"b\""), ("a=b", "a=b"),
    ])
    func `a cell is no formula, and one cell`(_ text: String, _ cell: String) {
        #expect(CSVReport.cell(text) == cell)
    }

    @Test func `csv is one table of the rotations`() throws {
        let made = try Self.made()
        let csv = Story.written(made, as: .csv)
        #expect(csv.hasPrefix("secret,secret_id,rotation,trigger,outcome,"))
        #expect(csv.hasSuffix("\r\n"))
        #expect(
            csv.contains("\r\nci,\(made.rotations[0].secretID),\(made.rotations[0].id),schedule,"))
        #expect(csv.contains(#","'=HYPERLINK(""http://x"")","#))
        #expect(csv.contains(hexadecimal(made.rotations[1].last.hash)))
    }

    // MARK: JSON

    @Test func `json is one canonical object, with the rotations in their place`() throws {
        let made = try Self.made()
        let text = Story.written(made, as: .json)
        #expect(text.last == "\n")
        let json = try JSON(canonical: Array(text.utf8.dropLast()))
        let members = try #require(json.members)
        #expect(members["kind"] == .string("report"))
        guard case .array(let rotations)? = members["rotations"] else {
            Issue.record("no rotations")
            return
        }
        #expect(rotations.count == 2)
        #expect(rotations.first?.members?["started"]?.members?["seq"] == .integer(4))
        #expect(rotations.last?.members?["outcome"] == .string("open"))
        #expect(
            members["integrity"]?.members?["checkpoint"]
                == .string(made.report.integrity.checkpoint))
    }

    @Test func `json without a rotation is json too`() throws {
        let text = Story.written(try Story().report(), as: .json)
        #expect(throws: Never.self) { try JSON(canonical: Array(text.utf8.dropLast())) }
    }

    // MARK: HTML

    @Test func `nothing that a person wrote is obeyed by a browser`() throws {
        let html = Story.written(try Self.made(), as: .html)
        #expect(!html.contains("<script"))
        #expect(!html.contains("<img"))
        #expect(!html.contains("\u{202e}"))
        #expect(
            html.contains(
                "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\n&amp; more, &quot;quoted&quot;"))
        #expect(html.contains("=HYPERLINK(&quot;http://x&quot;)"))
    }

    @Test func `the page needs nothing from elsewhere`() throws {
        let html = Story.written(try Self.made(), as: .html)
        #expect(html.contains("default-src 'none'"))
        for reach in ["src=\"", "url(", "@import", "<link", "javascript:", "http-equiv=\"refresh"] {
            #expect(!html.contains(reach), "\(reach)")
        }
        // Links lead to places of the page.
        for link in html.split(separator: "href=\"").dropFirst() {
            let target = link.prefix { $0 != "\"" }
            #expect(target.hasPrefix("#e"))
            #expect(html.contains("id=\"\(target.dropFirst())\""), "\(target)")
        }
    }

    @Test func `every element is closed, in order`() throws {
        let html = Story.written(try Self.made(), as: .html)
        let void: Set<Substring> = ["meta", "br", "rect", "line"]
        var open: [Substring] = []
        for part in html.split(separator: "<").dropFirst() where !part.hasPrefix("!") {
            let name = part.prefix { $0 != " " && $0 != ">" && $0 != "/" }
            if part.hasPrefix("/") {
                let closed = part.dropFirst().prefix { $0 != ">" }
                #expect(open.popLast() == closed)
            } else if !void.contains(name) {
                open.append(name)
            }
        }
        #expect(open.isEmpty)
    }

    // MARK: Charts

    @Test func `a bar is as long as the secret is old, and the limit stands at two thirds`() throws
    {
        var story = Story()
        story.adopt("ci", on: 0, maxAge: .days(40))
        story.rotate("ci", to: 2, on: 30)
        story.adopt("db", on: 0, maxAge: .days(100))
        let figure = Document.Chart.ages(try story.report(to: 50).report.secrets).figure
        // 20 of 40 days is half of 240; its longest gap was 30 days. 50 of 100 days likewise.
        #expect(figure.contains("<rect class=\"fine\" x=\"0\" y=\"15.0\" width=\"120.0\""))
        #expect(figure.contains("x1=\"180.0\" x2=\"180.0\""))
        #expect(figure.contains(">ci: 20d of 40d<"))
        #expect(figure.contains(">db: 50d of 100d<"))
        #expect(Document.Chart.ages([]).figure == "")
        let late = Document.Chart.ages(try story.report(to: 90).report.secrets).figure
        #expect(late.contains("<rect class=\"alarm\" x=\"0\" y=\"15.0\" width=\"360.0\""))
    }

    @Test func `a column is as high as there were rotations, and failed tries hang below`() throws {
        var story = Story()
        story.adopt("ci", on: -1)
        story.rotate("ci", to: 2, on: 0.5)
        story.rotate("ci", to: 3, on: 0.6, .manual, reason: "x")
        let id = story.begin("ci", on: 1.5)
        story.go(.rotationFailed, "ci", id, on: 1.5) { $0.cause = .unreachable }
        let bins = try story.report(to: 10).report.measures.bins
        #expect(bins.count == 40)
        let figure = Document.Chart.rotations(bins).figure
        // Two upwards and one downwards share 90: 30 each, and the axis is at 14 + 60.
        #expect(
            figure.contains("class=\"plan\" x=\"18.9\" y=\"44.0\" width=\"7.2\" height=\"30.0\""))
        #expect(
            figure.contains("class=\"by-hand\" x=\"18.9\" y=\"14.0\" width=\"7.2\" height=\"30.0\"")
        )
        #expect(figure.contains("class=\"failed\" x=\"54.9\" y=\"74.0\""))
        #expect(Document.Chart.rotations(try Story().report().report.measures.bins).figure == "")
    }

    // MARK: Words

    @Test(
        arguments: [
            (0, "0s"), (59, "59s"), (60, "1m"), (320, "5m 20s"), (86_400, "1d"), (97_200, "1d 3h"),
            (90_000_000, "1041d 16h"),
        ] as [(Int64, String)])
    func `a time is told in two units`(_ seconds: Int64, _ text: String) {
        #expect(Interval(seconds: seconds).plainText == text)
    }
}
