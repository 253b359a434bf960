/// The places inside a state directory.
package struct StateDirectory: Hashable, Sendable {
    /// Absolute, without a slash at its end.
    package let path: String

    /// The state at this absolute path.
    package init(path: String) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
    }

    /// The database.
    package var database: String { path + "/keyturn.db" }
    /// Lock files: one for each secret, one for the schema.
    package var locks: String { path + "/lock" }
    /// Sealed answers that the database could not take (P14).
    package var spool: String { path + "/spool" }
    /// Held in reserve on the disk, and given up to write an outcome.
    package var ballast: String { path + "/ballast" }
    /// The day on which a run last looked at everything.
    package var looked: String { path + "/looked" }
    /// Held shared by every process, exclusively by a migration.
    package var schemaLock: String { locks + "/schema" }

    /// Checkpoints outside the state: whoever puts an old copy of the state here leaves them.
    package var anchorDirectory: String { path + "-anchor" }
    /// The file that every append is checked against.
    package var anchor: String { anchorDirectory + "/checkpoints" }

    /// The lock of one secret (P2).
    package func lock(secret id: String) -> String { locks + "/" + id }

    /// Whether a path lies inside the state or among its anchors.
    package func contains(_ other: String) -> Bool {
        [path, anchorDirectory].contains { other == $0 || other.hasPrefix($0 + "/") }
    }
}
