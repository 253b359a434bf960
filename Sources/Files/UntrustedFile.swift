import Linux

/// A file that a person names and that nobody is asked to believe: whoever reads it checks what it
/// says. It may be a pipe, and a link to it is followed.
package enum UntrustedFile {
    /// Reads all of it, at most `limit` bytes. Throws `tooLarge`.
    package static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        let file = try open(path)
        var bytes: [UInt8] = []
        while true {
            let part = try at(path) { () throws(SystemError) in try file.read(upTo: 1 << 16) }
            if part.isEmpty { return bytes }
            bytes += part
            guard bytes.count <= limit else { throw FileError(path, .tooLarge(limit: limit)) }
        }
    }

    /// Hands out each line, without its end and cut after `limit` bytes, until `body` returns false.
    package static func forEachLine(
        of path: String, limit: Int, _ body: ([UInt8]) -> Bool
    ) throws(FileError) {
        let file = try open(path)
        var line: [UInt8] = []
        while true {
            let part = try at(path) { () throws(SystemError) in try file.read(upTo: 1 << 16) }
            if part.isEmpty { break }
            var rest = part[...]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                line += rest[..<end].prefix(limit - line.count)
                guard body(line) else { return }
                line.removeAll(keepingCapacity: true)
                rest = rest[(end + 1)...]
            }
            line += rest.prefix(limit - line.count)
        }
        if !line.isEmpty { _ = body(line) }
    }

    private static func open(_ path: String) throws(FileError) -> Descriptor {
        try at(path) { () throws(SystemError) in
            try Descriptor.open(path, for: .reading, lastLink: .followed)
        }
    }
}
