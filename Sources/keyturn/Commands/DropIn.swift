import Rotations

/// What the hardened unit must be allowed for the destinations of the policies.
struct DropIn {
    let policies: [Policy]

    /// Where it belongs.
    static let path = "/etc/systemd/system/keyturn.service.d/destinations.conf"

    /// Its lines; none when the unit needs nothing besides its own.
    var lines: [String] {
        let files = policies.flatMap(\.terms.destinations).compactMap { destination -> FileTerms? in
            if case .file(let file) = destination.receiver { file } else { nil }
        }
        let directories = Set(
            files.map { file in
                let parent = file.path.prefix(
                    upTo: file.path.lastIndex(of: "/") ?? file.path.endIndex)
                // An empty value would take away what the unit allows itself.
                return parent.isEmpty ? "/" : String(parent)
            })
        let groups = Set(files.compactMap(\.group))
        let needsOwner = files.contains { $0.owner != nil }
        let needsGroup = files.contains { $0.group != nil }
        guard !directories.isEmpty else { return [] }
        var lines = ["[Service]"]
        for directory in directories.sorted() {
            lines.append("ReadWritePaths=\(Self.quoted(directory))")
        }
        if !groups.isEmpty {
            lines.append("SupplementaryGroups=\(groups.sorted().joined(separator: " "))")
        }
        if needsGroup, !needsOwner { lines.append("PrivateUsers=no") }
        if needsOwner {
            // In a user namespace of the unit's own there is nobody to give a file to.
            lines.append("PrivateUsers=no")
            lines.append("AmbientCapabilities=CAP_CHOWN CAP_FOWNER")
            lines.append("CapabilityBoundingSet=CAP_CHOWN CAP_FOWNER")
        }
        return lines
    }

    /// A path as systemd reads it (systemd.syntax(7)): blanks, quotes and specifiers escaped.
    private static func quoted(_ path: String) -> String {
        let escaped = path.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("%", with: "%%")
        return escaped == path && !path.contains(" ") ? path : "\"\(escaped)\""
    }
}
