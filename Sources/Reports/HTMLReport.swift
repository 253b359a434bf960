import Audit
import Rotations

/// One page that needs nothing else: no script, no font, no picture from elsewhere.
struct HTMLReport: ReportForm {
    private static let heads = ["SECRET", "BEGUN", "WHY AND WHO", "OUTCOME", "ENTRIES"]

    func head(_ report: Report) -> String {
        let document = report.document
        let facts = document.facts.map {
            "<dt>\(Self.escaped($0.name))</dt><dd>\(Self.escaped($0.value))</dd>"
        }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" \
            content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="referrer" content="no-referrer">
            <title>\(Self.escaped(document.title))</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            <h1>\(Self.escaped(document.title))</h1>
            <dl>\(facts.joined())</dl>

            """ + document.sections.map(Self.written).joined()
                + """
                <section id="rotations">
                <h2>Rotations</h2>
                <p>Each that ended in the period, by the time of its end; then what was under way.</p>
                <table><thead><tr>\(Self.heads.map { "<th>\($0.capitalizedHead)</th>" }.joined())</tr></thead>
                <tbody>

                """
    }

    func line(_ rotation: Report.Rotation, _ index: Int) -> String {
        let end = [.done, .superseded].contains(rotation.outcome) ? "Ended" : "Last"
        let cells = [
            Self.escaped(rotation.secret), rotation.started.time.secondText,
            Self.escaped(rotation.why) + "<br><small>\(Self.escaped(rotation.who.text))</small>",
            "\(Self.escaped(rotation.outcomeText))<br><small>\(rotation.id)</small>",
            Self.entry("Begun", rotation.started) + "<br>" + Self.entry(end, rotation.last),
        ]
        var row = "<tr>"
        for (head, cell) in zip(Self.heads, cells) { row += Self.cell(head, cell) }
        return row + "</tr>\n"
    }

    func tail(_ report: Report) -> String { "</tbody></table>\n</section>\n</body>\n</html>\n" }

    private static func entry(_ word: String, _ evidence: Evidence) -> String {
        "\(word) #\(evidence.sequence) <time>\(evidence.time.secondText)</time> "
            + "<code>\(hexadecimal(evidence.hash))</code>"
    }

    // MARK: Sections

    private static func written(_ section: Document.Section) -> String {
        var html = "<section id=\"\(section.id)\">\n<h2>\(escaped(section.title))</h2>\n"
        for paragraph in section.paragraphs { html += "<p>\(escaped(paragraph))</p>\n" }
        for verbatim in section.verbatim { html += "<pre>\(escaped(verbatim))</pre>\n" }
        if let chart = section.chart { html += chart.figure }
        if let table = section.table, !table.rows.isEmpty { html += written(table, in: section) }
        return html + "</section>\n"
    }

    private static func written(_ table: Document.Table, in section: Document.Section) -> String {
        var html = "<table><thead><tr>"
        for head in table.heads { html += "<th>\(head.capitalizedHead)</th>" }
        html += "</tr></thead>\n<tbody>\n"
        let isIndex = section.id == "entries"
        for row in table.rows {
            html += "<tr>"
            for (head, content) in zip(table.heads, row) {
                html += cell(head, written(content, isIndex: isIndex))
            }
            html += "</tr>\n"
        }
        return html + "</tbody></table>\n"
    }

    private static func written(_ cell: Document.Cell, isIndex: Bool) -> String {
        switch cell {
        case .text(let text): escaped(text)
        case .alarm(let text): "<strong>\(escaped(text))</strong>"
        case .entry(let sequence):
            isIndex
                ? "<span id=\"e\(sequence)\">#\(sequence)</span>"
                : "<a href=\"#e\(sequence)\">#\(sequence)</a>"
        case .hash(let hash): "<code>\(hexadecimal(hash))</code>"
        }
    }

    /// A cell that bears its column's name, for screens that have no room for columns.
    private static func cell(_ head: String, _ html: String) -> String {
        let isNothing = html == "-" ? " class=\"nothing\"" : ""
        return "<td\(isNothing) data-head=\"\(head.capitalizedHead)\"><div>\(html)</div></td>"
    }

    /// The text with nothing in it that a browser would obey.
    static func escaped(_ text: String) -> String {
        let text = text.visible
        guard text.utf8.contains(where: { "&<>\"'".utf8.contains($0) }) else { return text }
        return text.unicodeScalars.reduce(into: "") { html, scalar in
            switch scalar {
            case "&": html += "&amp;"
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "\"": html += "&quot;"
            case "'": html += "&#39;"
            default: html.unicodeScalars.append(scalar)
            }
        }
    }

    private static let style = """
        :root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --paper: #fff;
          --line: #d1d9e0; --band: #f6f8fa; --alarm: #b3261e; --fine: #1f6f50; --by-hand: #8a5a00;
          --plan: #2f5fa8; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #9aa4af;
          --paper: #14171b; --line: #3a424b; --band: #1e2329; --alarm: #ff8a80; --fine: #6fd0a6;
          --by-hand: #e3b341; --plan: #84b0f5; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 1.5rem; max-width: 76rem; color: var(--ink);
          background: var(--paper); font: 15px/1.5 system-ui, sans-serif; }
        h1 { margin: 0 0 .5rem; font-size: 1.7rem; line-height: 1.2; }
        h2 { margin: 2.2rem 0 .5rem; font-size: 1.2rem; line-height: 1.3;
          border-bottom: 1px solid var(--line); padding-bottom: .2rem; overflow-wrap: anywhere; }
        p { margin: .5rem 0; max-width: 46rem; overflow-wrap: anywhere; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; }
        dt, small, th, figcaption { color: var(--soft); }
        dd { margin: 0; overflow-wrap: anywhere; }
        pre, code { font: .85em/1.45 ui-monospace, monospace; overflow-wrap: anywhere;
          white-space: pre-wrap; }
        pre { background: var(--band); border: 1px solid var(--line); padding: .6rem .8rem;
          margin: .6rem 0; }
        a { color: inherit; }
        strong { color: var(--alarm); }
        table { width: 100%; border-collapse: collapse; margin: .8rem 0; font-size: .93em; }
        th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0;
          border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
        th { font-weight: 600; }
        section { overflow-x: auto; }
        #short table { max-width: 34rem; }
        #rotations td:nth-child(5) { min-width: 16em; }
        #exceptions td:last-child { min-width: 12em; }
        figure { margin: 1rem 0; max-width: 34rem; }
        svg { display: block; width: 100%; height: auto; }
        svg text { font: 11px system-ui, sans-serif; fill: var(--ink); }
        svg .soft { fill: var(--soft); }
        svg .track { fill: var(--band); stroke: var(--line); }
        svg .limit, svg .axis { stroke: var(--ink); }
        svg .gap { stroke: var(--soft); stroke-dasharray: 2 2; }
        .fine { fill: var(--fine); color: var(--fine); }
        .alarm { fill: var(--alarm); color: var(--alarm); }
        .plan { fill: var(--plan); color: var(--plan); }
        .by-hand { fill: var(--by-hand); color: var(--by-hand); }
        .failed { fill: none; stroke: var(--alarm); color: var(--alarm); }
        @media (max-width: 48rem) {
          body { padding: 1rem; }
          thead { position: absolute; width: 1px; height: 1px; overflow: hidden;
            clip-path: inset(50%); }
          table, tbody, tr { display: block; }
          tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
          td { display: grid; grid-template-columns: 7.5rem 1fr; gap: .6rem; padding: .1rem 0;
            border: 0; }
          td.nothing { display: none; }
          #short tr { display: grid; grid-template-columns: 1fr max-content; gap: 1rem; }
          #short td { display: block; }
          #short td::before { content: none; }
          td > div { overflow-wrap: anywhere; min-width: 0; }
          td::before { content: attr(data-head); color: var(--soft); }
        }
        @media print {
          :root { color-scheme: light; --ink: #000; --soft: #444; --paper: #fff; --line: #bbb;
            --band: #f4f4f4; --alarm: #a31515; --fine: #1f6f50; --by-hand: #8a5a00;
            --plan: #2f5fa8; }
          @page { margin: 14mm; }
          body { max-width: none; padding: 0; font-size: 9pt; }
          h2 { break-after: avoid; }
          tr, figure, pre { break-inside: avoid; }
          a { text-decoration: none; }
          svg * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        }
        """
}

extension String {
    /// A table's head as a page writes it: `LAST CAUSE` is `Last cause`.
    fileprivate var capitalizedHead: String { prefix(1) + dropFirst().lowercased() }
}
