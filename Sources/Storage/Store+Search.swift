import Audit
import Rotations
import SQLite

/// A version that once had the value that was looked for.
package struct FoundVersion: Hashable, Sendable {
    package let secret: SecretReference
    package let number: Int
    /// The first entry that says so.
    package let sequence: Int
    package let time: Timestamp
    /// What has become of it; nil when the state no longer has a row of it.
    package let state: Version.State?
}

extension Store {
    /// The versions that ever had the value with this keyed fingerprint, by what the trail says:
    /// also those whose value is destroyed. The oldest entry first.
    ///
    /// - Parameter progress: called with the entries searched and their number.
    package func versions(
        withFingerprint fingerprint: [UInt8],
        progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) throws(StorageError) -> [FoundVersion] {
        let digits = hexadecimal(fingerprint)
        let count = try entryCount()
        var found: [FoundVersion] = []
        for start in stride(from: 0, to: count, by: Self.window) {
            let end = min(start + Self.window, count)
            let entries = try read { database in
                try database.all(
                    """
                    SELECT leaf, hash FROM audit_entry
                    WHERE seq >= ? AND seq < ? AND instr(leaf, ?) > 0 ORDER BY seq
                    """,
                    [
                        .integer(Int64(start)), .integer(Int64(end)),
                        .text("\"fingerprint\":\"\(digits)\""),
                    ], Self.storedEntry)
            }
            for stored in entries {
                guard let version = try version(of: stored.entry),
                    !found.contains(where: {
                        $0.secret.id == version.secret.id && $0.number == version.number
                    })
                else { continue }
                found.append(version)
            }
            progress(end, count)
        }
        return found
    }

    /// The version that an entry is about.
    private func version(of entry: Entry) throws(StorageError) -> FoundVersion? {
        guard let secret = entry.members["secret"]?.members,
            let id = secret["id"]?.text.flatMap(Identifier.init), let name = secret["name"]?.text,
            let number = entry.members["version"]?.integer.map({ Int($0) })
        else { return nil }
        return FoundVersion(
            secret: SecretReference(id: id, name: name), number: number,
            sequence: entry.projection.sequence, time: entry.projection.time,
            state: try versions(ofSecret: id).first { $0.number == number }?.state)
    }

    /// Writes that a person is about to learn whether a value was ever one of ours, and which; never
    /// the value.
    package func recordSearch(found: FoundVersion?) async throws(StorageError) {
        try await commit { transaction in
            transaction.append(
                Event(.secretSearched) {
                    $0.secret = found?.secret
                    $0.version = found?.number
                })
        }
    }
}
