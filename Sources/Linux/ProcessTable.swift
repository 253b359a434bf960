import Glibc

/// The processes of this machine, as /proc shows them to us.
package enum ProcessTable {
    /// One process (proc_pid_stat(5)).
    package struct Entry: Hashable, Sendable {
        /// Its number.
        package let pid: Int32
        /// The name of its program, its first 15 bytes.
        package let name: String
        /// Whether it has ended and waits to be collected.
        package let isZombie: Bool
        /// The number of its parent.
        package let parent: Int32
        /// Its process group.
        package let group: Int32
        /// Its session.
        package let session: Int32
        /// Clock ticks between the boot and its start.
        package let startTime: UInt64

        /// Reads a line of /proc/PID/stat. The name, in brackets, may hold anything, brackets
        /// too: the last closing one ends it.
        init?(line: String) {
            guard let end = line.lastIndex(of: ")"), let open = line.firstIndex(of: "("),
                let pid = Int32(line[..<open].filter { $0 != " " })
            else { return nil }
            let fields = line[line.index(after: end)...].split(separator: " ")
            // After the name come fields 3 (state) to 22 (start time) and more.
            guard fields.count >= 20, let parent = Int32(fields[1]), let group = Int32(fields[2]),
                let session = Int32(fields[3]), let startTime = UInt64(fields[19])
            else { return nil }
            self.pid = pid
            name = String(line[line.index(after: open)..<end])
            isZombie = fields[0] == "Z" || fields[0] == "X"
            self.parent = parent
            self.group = group
            self.session = session
            self.startTime = startTime
        }
    }

    /// The process with this number, or nil when there is none.
    package static func entry(of pid: Int32) throws(SystemError) -> Entry? {
        do {
            let file = try Descriptor.open("/proc/\(pid)/stat", for: .reading)
            guard let line = try file.readAll(limit: 4096) else { return nil }
            return Entry(line: String(decoding: line, as: UTF8.self))
        } catch {
            switch error.cause {
            // ESRCH: it ended between the open and the read.
            case .notFound, .noSuchProcess: return nil
            default: throw error
            }
        }
    }

    /// All processes that can be seen.
    package static func entries() throws(SystemError) -> [Entry] {
        let names = try Descriptor.open("/proc", for: .directory).names()
        var entries: [Entry] = []
        for name in names {
            // A process that cannot be read is another user's, and none of ours.
            if let pid = Int32(name), let entry = try? entry(of: pid) { entries.append(entry) }
        }
        return entries
    }
}
