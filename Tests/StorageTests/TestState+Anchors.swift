import Audit
import Files
import SQLite
import TestSupport

@testable import Storage

extension TestState {
    /// What the anchor file holds.
    var anchor: String { directory.text("state-anchor/checkpoints") ?? "" }

    /// The notes in it.
    var anchored: [String] {
        var blocks = AnchorBlocks()
        return blocks.add(Array(anchor.utf8)).map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    /// The sizes of the trail that it shows.
    var anchoredSizes: [Int] {
        anchored.compactMap { SignedNote($0).flatMap { Checkpoint(text: $0.text) }?.size }
    }

    /// Writes the anchor file anew.
    func setAnchor(_ text: String) throws {
        _ = try PlainFile.remove(place.anchor)
        try PlainFile.create(place.anchor, contents: Array(text.utf8).span, mode: 0o640)
    }

    /// A copy of the database as it is now.
    func backUp(as name: String = "backup") throws {
        try PlainFile.createEmpty(directory.file(name))
        try Database(path: place.database, access: .readOnly, busyTimeout: 1000)
            .backup(to: directory.file(name))
    }

    /// Puts a copy in the place of the database.
    func restore(_ name: String = "backup") throws {
        _ = try PlainFile.remove(place.database)
        try PlainFile.createEmpty(place.database)
        try Database(path: directory.file(name), access: .readOnly, busyTimeout: 1000)
            .backup(to: place.database)
    }

    /// Appends so many entries, each in a commit of its own.
    func append(_ count: Int) async throws {
        let store = try await store()
        for _ in 0..<count { try await store.heartbeat() }
    }

    /// Why nothing can be appended; nil when something can, and then it was.
    func conflict() async throws -> AnchorConflict.Cause? {
        let store = try await store()
        do throws(StorageError) {
            try await store.heartbeat()
            return nil
        } catch {
            guard case .anchor(let conflict) = error else { throw error }
            return conflict.cause
        }
    }
}
