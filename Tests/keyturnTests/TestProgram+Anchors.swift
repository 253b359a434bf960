import Audit
import Files
import Glibc
import SQLite
import TestSupport
import Testing

@testable import keyturn

extension TestProgram {
    /// The sizes of the trail that an anchor file shows.
    func anchoredSizes(_ name: String = "state-anchor/checkpoints") -> [Int] {
        var blocks = AnchorBlocks()
        return blocks.add(Array((directory.text(name) ?? "").utf8)).compactMap { $0.claim?.size }
    }

    /// Cuts the last checkpoint off, as if whoever committed it had been killed before it was added.
    func removeLastAnchored() throws {
        let path = directory.file("state-anchor/checkpoints")
        var blocks = AnchorBlocks()
        let all = blocks.add(Array((directory.text("state-anchor/checkpoints") ?? "").utf8))
        let last = try #require(all.last)
        try #require(truncate(path, off_t(last.start)) == 0)
    }

    /// How many entries the trail has.
    func entryCount() throws -> Int {
        try database().first("SELECT count(*) FROM audit_entry") { $0.int(0) } ?? 0
    }

    /// A copy of the database as it is now.
    func backUp() throws {
        try PlainFile.createEmpty(directory.file("backup"))
        try database().backup(to: directory.file("backup"))
    }

    /// Puts the copy in the place of the database.
    func restore() throws {
        let path = directory.file("state/keyturn.db")
        _ = try PlainFile.remove(path)
        try PlainFile.createEmpty(path)
        try Database(path: directory.file("backup"), access: .readOnly, busyTimeout: 1000)
            .backup(to: path)
    }

    /// A host's journal.
    final class HostJournal {
        private let socket: Int32

        /// Listens at a path.
        init(at path: String) throws {
            socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { place in
                place.copyBytes(from: Array(path.utf8) + [0])
            }
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            guard bound == 0 else { throw TestFailure.system(errno) }
        }

        deinit { close(socket) }

        /// The next message; nil when there is none.
        func next() -> [UInt8]? {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = recv(socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            return count > 0 ? Array(bytes.prefix(count)) : nil
        }
    }
}
