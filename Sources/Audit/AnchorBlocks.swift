/// Reads an anchor file: signed notes, each with an empty line after it.
///
/// Bytes are added as they come, and blocks come out as they are whole. Whether anybody believes
/// them is decided elsewhere.
package struct AnchorBlocks: Sendable {
    /// A block, and where it begins in the file.
    package struct Block: Hashable, Sendable {
        package let start: Int
        /// The note, without the empty line.
        package let bytes: [UInt8]

        /// What it says of itself in its first two lines, unproved: the origin and the number of
        /// entries. Nil for what is no checkpoint.
        package var claim: (origin: String, size: Int)? {
            let lines = bytes.split(
                separator: AnchorBlocks.newline, maxSplits: 2, omittingEmptySubsequences: false)
            guard lines.count == 3, let size = Int(String(decoding: lines[1], as: UTF8.self)),
                size > 0
            else { return nil }
            return (String(decoding: lines[0], as: UTF8.self), size)
        }
    }

    /// How the file ends.
    package enum End: Hashable, Sendable {
        /// With a whole block, or it is empty.
        case whole
        /// With a whole note whose empty line is missing.
        case unclosed
        /// With a part of a block: whoever added it was stopped.
        case torn(inLine: Bool)

        /// What makes the next block begin on its own line, after all that is there.
        var closing: String {
            switch self {
            case .whole: ""
            case .unclosed: "\n"
            case .torn(let inLine): (inLine ? "\n" : "") + AnchorBlocks.tornLine + "\n\n"
            }
        }
    }

    /// Stands after a torn block, so that it is told once.
    private static let tornLine = "(torn)"
    fileprivate static let newline = UInt8(ascii: "\n")
    /// Ours have some 400 bytes.
    private static let maximumByteCount = 64 << 10

    /// Where the block begins that is being read.
    private var start = 0
    /// Its bytes so far.
    private var block: [UInt8] = []
    /// Where the line begins in it that is being read.
    private var lineStart = 0
    /// Whether its text is over and its signatures have begun.
    private var hasDivider = false

    package init() {}

    /// Adds the next bytes and returns the blocks that are whole by them.
    package mutating func add(_ bytes: [UInt8]) -> [Block] {
        var blocks: [Block] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: Self.newline) {
            block += rest[...end]
            rest = rest[(end + 1)...]
            if let bytes = endLine() {
                blocks.append(Block(start: start, bytes: bytes))
                begin()
            }
            endOverlong(&blocks)
        }
        block += rest
        endOverlong(&blocks)
        return blocks
    }

    /// How the file ends, and the block whose empty line is missing.
    package func end() -> (End, unclosed: Block?) {
        guard !block.isEmpty else { return (.whole, nil) }
        let isAtLineStart = lineStart == block.count
        guard isAtLineStart, hasDivider,
            SignedNote(String(decoding: block, as: UTF8.self)) != nil
        else { return (.torn(inLine: !isAtLineStart), nil) }
        return (.unclosed, Block(start: start, bytes: block))
    }

    /// What is added to a file that ends so.
    package static func bytes(adding note: String, after end: End) -> [UInt8] {
        Array((end.closing + note + "\n").utf8)
    }

    /// What is longer than any checkpoint is a block that is none.
    private mutating func endOverlong(_ blocks: inout [Block]) {
        guard block.count > Self.maximumByteCount else { return }
        blocks.append(Block(start: start, bytes: []))
        begin()
    }

    private mutating func begin() {
        start += block.count
        block = []
        lineStart = 0
        hasDivider = false
    }

    /// The bytes of the block that the line ends, if it ends one.
    private mutating func endLine() -> [UInt8]? {
        let line = block[lineStart..<(block.count - 1)]
        if line.elementsEqual(Self.tornLine.utf8) {
            begin()
        } else if !line.isEmpty {
            lineStart = block.count
        } else if block.count == 1 {
            begin()
        } else if hasDivider {
            return block.dropLast()
        } else {
            hasDivider = true
            lineStart = block.count
        }
        return nil
    }
}

/// A checkpoint outside the database that one of the log's keys signed.
package struct AnchoredCheckpoint: Hashable, Sendable {
    package let checkpoint: Checkpoint
    /// As it stands there.
    package let note: String

    /// Nil when none of the keys signed it. The first checkpoint of an epoch is also signed by the
    /// key of the epoch before, so that who knows that one alone learns of it.
    package init?(_ note: String, signedByOneOf keys: [VerifierKey]) {
        guard let signed = SignedNote(note), keys.contains(where: { signed.isSigned(by: $0) }),
            let checkpoint = Checkpoint(text: signed.text)
        else { return nil }
        self.init(checkpoint, note: note)
    }

    /// One that was just signed.
    package init?(_ note: String, by key: VerifierKey) {
        guard let checkpoint = Checkpoint(note: note, signedBy: key) else { return nil }
        self.init(checkpoint, note: note)
    }

    private init(_ checkpoint: Checkpoint, note: String) {
        self.checkpoint = checkpoint
        self.note = note
    }
}
