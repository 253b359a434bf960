import FoundationEssentials
import Synchronization

/// The head of a log: origin, number of entries, root hash (https://c2sp.org/tlog-checkpoint).
package struct Checkpoint: Hashable, Sendable {
    /// The log's name, unique in the world; also the name of the key that signs.
    package let origin: String
    /// The number of entries.
    package let size: Int
    /// The root, 32 bytes.
    package let root: [UInt8]

    package init(origin: String, size: Int, root: [UInt8]) {
        precondition(root.count == MerkleTree.hashByteCount)
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// The text that is signed.
    package var text: String { "\(origin)\n\(size)\n\(Data(root).base64EncodedString())\n" }

    /// Reads the text of a checkpoint. Nil when it is malformed. Extension lines are let through,
    /// as the specification demands, and mean nothing here.
    package init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, lines.last == "", !lines[0].isEmpty,
            let size = number(decimal: lines[1]), let root = bytes(base64: lines[2]),
            root.count == MerkleTree.hashByteCount,
            lines[3..<(lines.count - 1)].allSatisfy({ !$0.isEmpty })
        else { return nil }
        self.init(origin: String(lines[0]), size: size, root: root)
    }

    /// Reads a signed checkpoint and believes it only if `key` signed it and is the log's own.
    package init?(note: String, signedBy key: VerifierKey) {
        let known = Self.lastBelieved.withLock { $0?.note == note && $0?.key == key ? $0 : nil }
        if let known {
            self = known.checkpoint
            return
        }
        guard let signed = SignedNote(note), signed.isSigned(by: key),
            let checkpoint = Checkpoint(text: signed.text), checkpoint.origin == key.name
        else { return nil }
        self = checkpoint
        Self.lastBelieved.withLock { $0 = (note, key, checkpoint) }
    }

    /// A long run reads its newest checkpoint for each commit and for each secret.
    private static let lastBelieved = Mutex<
        (note: String, key: VerifierKey, checkpoint: Checkpoint)?
    >(nil)
}
