import Audit
import Rotations
import Storage

/// Reads the trail for a report: up to a size that was fixed, in chunks, so that memory stays flat and
/// no lock is held for long.
package struct ReportReader {
    private let store: Store
    private let size: Int
    private var position = 0
    private var maker: ReportMaker

    private static let chunk = 20_000
    /// Entries about a secret in an emergency that are read at a time, and how often.
    private static let part = 200
    private static let parts = 50

    /// - Parameters:
    ///   - size: the number of entries under the checkpoint.
    ///   - secrets: those that it is about; nil for all.
    package init(_ store: Store, size: Int, _ scope: Report.Scope, secrets: Set<Identifier>?) {
        self.store = store
        self.size = size
        maker = ReportMaker(scope, secrets: secrets.map { Set($0.map(\.text)) })
    }

    /// Reads on. Returns the rotations that ended in what it read, or nil at the end.
    package mutating func next() async throws(ReportError) -> [Report.Rotation]? {
        guard position < size else { return nil }
        let range = position..<min(position + Self.chunk, size)
        position = range.upperBound
        var ended: [Report.Rotation] = []
        for stored in try await leaves({ (store) throws(StorageError) in
            try store.leaves(range, of: ReportMaker.types)
        }) {
            if let rotation = try maker.add(stored) { ended.append(rotation) }
        }
        return ended
    }

    /// The report, once all is read, and the rotations that had not ended.
    package mutating func finish(
        _ integrity: Report.Integrity
    ) async throws(ReportError) -> (report: Report, open: [Report.Rotation]) {
        for incident in maker.incidents.indices {
            for index in maker.incidents[incident].cases.indices {
                var emergency = maker.incidents[incident].cases[index]
                try await read(&emergency)
                maker.incidents[incident].cases[index] = emergency
            }
        }
        do throws(StorageError) {
            let (freezes, digest) = try await store.freezesAndDigest()
            return maker.finish(integrity, freezes: freezes, digest: digest)
        } catch {
            throw .storage(error)
        }
    }

    /// The times of an emergency are in entries of kinds that are read for nothing else.
    private func read(_ emergency: inout EmergencyCase) async throws(ReportError) {
        guard let secret = emergency.secret else { return }
        var start = emergency.start
        for _ in 0..<Self.parts where start < size && !emergency.isComplete {
            let range = start..<size
            let part = try await leaves { (store) throws(StorageError) in
                try store.leaves(range, about: secret, limit: Self.part)
            }
            for stored in part {
                start = try emergency.add(stored, before: maker.scope.end) + 1
            }
            if part.count < Self.part { start = size }
        }
    }

    private func leaves(
        _ read: @Sendable (isolated Store) throws(StorageError) -> [StoredLeaf]
    ) async throws(ReportError) -> [StoredLeaf] {
        do throws(StorageError) {
            return try await read(store)
        } catch {
            throw .storage(error)
        }
    }
}
