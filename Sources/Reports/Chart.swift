import Rotations

extension Document.Chart {
    /// The drawing with its caption, for a page. What it shows stands in a table as well.
    var figure: String {
        switch self {
        case .ages(let secrets): AgeChart(secrets)?.figure ?? ""
        case .rotations(let bins): RotationChart(bins).figure
        }
    }
}

/// How old secrets are against their limits, the nearest to it first.
struct AgeChart {
    /// More than these say nothing more.
    static let maximumCount = 24

    private let secrets: [Secret]
    private let left: Int

    private struct Secret {
        let name: String
        let age: Interval
        let gap: Interval
        let limit: Interval

        /// Age in parts of the limit.
        var share: Double { Double(age.seconds) / Double(limit.seconds) }
        var worst: Double { max(share, Double(gap.seconds) / Double(limit.seconds)) }
    }

    /// Nil when no secret has a limit.
    init?(_ all: [Report.Secret]) {
        let limited = all.compactMap { secret -> Secret? in
            guard let limit = secret.policy?.maxAge, let age = secret.ageAtEnd else { return nil }
            return Secret(
                name: secret.name, age: age, gap: secret.longestGap?.length ?? .zero, limit: limit)
        }.sorted { ($1.worst, $0.name) < ($0.worst, $1.name) }
        guard !limited.isEmpty else { return nil }
        secrets = Array(limited.prefix(Self.maximumCount))
        left = limited.count - secrets.count
    }

    private static let width = 360.0
    private static let rowHeight = 30.0
    /// The limit stands at two thirds; what is beyond one and a half of it ends at the edge.
    private static let limitAt = 240.0

    private static func place(_ share: Double) -> Double { min(share * limitAt, width) }

    var figure: String {
        let height = Double(secrets.count) * Self.rowHeight + 16
        var svg = "<svg viewBox=\"0 0 360 \(decimal(height))\" role=\"img\" "
        svg += "aria-label=\"Age of secrets against their limits\">\n"
        for (index, secret) in secrets.enumerated() {
            let y = Double(index) * Self.rowHeight
            let style = secret.share > 1 ? "alarm" : "fine"
            let gap = decimal(Self.place(Double(secret.gap.seconds) / Double(secret.limit.seconds)))
            let text = HTMLReport.escaped(
                "\(shortened(secret.name)): \(secret.age.plainText) of \(secret.limit.plainText)")
            svg += """
                <text x="0" y="\(decimal(y + 11))">\(text)</text>
                <rect class="track" x="0" y="\(decimal(y + 15))" width="360" height="9"/>
                <rect class="\(style)" x="0" y="\(decimal(y + 15))" \
                width="\(decimal(Self.place(secret.share)))" height="9"/>
                <line class="gap" x1="\(gap)" x2="\(gap)" y1="\(decimal(y + 13))" y2="\(decimal(y + 26))"/>
                <line class="limit" x1="240" x2="240" y1="\(decimal(y + 13))" y2="\(decimal(y + 26))"/>

                """
        }
        svg += """
            <text class="soft" x="240" y="\(decimal(height - 2))" text-anchor="middle">limit</text>
            </svg>

            """
        let rest = left == 0 ? "" : " \(counted(left, "more secret")) are farther from it."
        return
            "<figure>\n\(svg)<figcaption>Age at the end against the limit, and dashed the longest "
            + "gap in the period; the nearest to the limit first.\(rest)</figcaption>\n</figure>\n"
    }

    private func shortened(_ name: String) -> String {
        name.count > 34 ? name.prefix(33) + "…" : name
    }
}

/// Rotations over time: upwards what became current, downwards tries that failed.
struct RotationChart {
    private let bins: [Report.Bin]

    init(_ bins: [Report.Bin]) { self.bins = bins }

    private static let width = 360.0
    private static let height = 90.0
    private static let top = 14.0

    var figure: String {
        let up = bins.map { $0.scheduled + $0.manual + $0.emergency }.max() ?? 0
        let down = bins.map(\.failed).max() ?? 0
        guard up + down > 0, let first = bins.first, let last = bins.last else { return "" }
        let unit = Self.height / Double(up + down)
        let axis = Self.top + Double(up) * unit
        let step = Self.width / Double(bins.count)
        var svg = "<svg viewBox=\"0 0 360 122\" role=\"img\" "
        svg += "aria-label=\"Rotations over the period\">\n"
        func bar(_ style: String, _ index: Int, from y: Double, _ count: Int) -> String {
            guard count > 0 else { return "" }
            let x = decimal(Double(index) * step + step * 0.1)
            return "<rect class=\"\(style)\" x=\"\(x)\" y=\"\(decimal(y))\" "
                + "width=\"\(decimal(step * 0.8))\" height=\"\(decimal(Double(count) * unit))\"/>\n"
        }
        for (index, bin) in bins.enumerated() {
            var y = axis
            for (style, count) in [
                ("plan", bin.scheduled), ("by-hand", bin.manual), ("alarm", bin.emergency),
            ] {
                y -= Double(count) * unit
                svg += bar(style, index, from: y, count)
            }
            svg += bar("failed", index, from: axis, bin.failed)
        }
        svg += """
            <line class="axis" x1="0" x2="360" y1="\(decimal(axis))" y2="\(decimal(axis))"/>
            <text class="soft" x="0" y="10">at most \(up) done, \(down) failed in one part</text>
            <text class="soft" x="0" y="118">\(first.from.minuteText.prefix(10))</text>
            <text class="soft" x="360" y="118" text-anchor="end">\(last.from.minuteText.prefix(10))</text>
            </svg>

            """
        let width = first.from.age(at: first.to).plainText
        return """
            <figure>
            \(svg)<figcaption>New versions in use, in parts of \(width): \
            <span class="plan">■ by schedule</span>, <span class="by-hand">■ by hand</span>, \
            <span class="alarm">■ in an emergency</span>; downwards \
            <span class="failed">□ tries that failed</span>.</figcaption>
            </figure>

            """
    }
}

/// A number with one digit after the point.
private func decimal(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(abs(tenths) % 10)"
}
