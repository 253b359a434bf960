import Files
import Rotations

/// The rotations of a report, written down as they end: in memory while they are few, else in a file
/// without a name, so that memory stays flat however many they are.
final class ReportLines {
    private let path: String
    private var recent: [UInt8] = []
    private var file: SpillFile?
    private(set) var count = 0

    private static let maximumInMemory = 1 << 20
    private static let part = 256 << 10

    /// - Parameter path: where the file would have a name for an instant.
    init(spillingAt path: String) { self.path = path }

    func append(_ line: String) throws(Failure) {
        recent += line.utf8
        count += 1
        guard recent.count >= Self.maximumInMemory else { return }
        let part = recent
        recent = []
        try filing { () throws(FileError) in
            if file == nil { file = try SpillFile.create(path) }
            try file?.append(part.span)
        }
    }

    /// Hands them on from the first, as often as it is asked.
    func forEachPart(_ body: (Span<UInt8>) throws(Failure) -> Void) throws(Failure) {
        var offset = 0
        while true {
            let part = try filing { () throws(FileError) in
                try file?.read(from: offset, upTo: Self.part) ?? []
            }
            if part.isEmpty { break }
            offset += part.count
            try body(part.span)
        }
        let rest = recent
        try body(rest.span)
    }
}
