import FoundationEssentials

/// Why a proof proves nothing.
package enum ProofError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No key that was given signed the checkpoint, or the log is another.
    case unsigned
    /// The entry says that it stands elsewhere, or is none.
    case otherEntry
    /// Hashes, entry and root do not belong together.
    case unproved
    /// The proof begins at another size than the checkpoint that was kept.
    case otherSize

    package var description: String {
        switch self {
        case .unsigned: "the proof's checkpoint is not signed by this key"
        case .otherEntry: "the entry is not the one that the proof is about"
        case .unproved: "the hashes do not lead to the root that the checkpoint signs"
        case .otherSize: "the proof begins at another size than the checkpoint that was kept"
        }
    }
}

/// A C2SP tlog-proof (https://c2sp.org/tlog-proof): an entry is in the tree of a checkpoint.
package struct InclusionProof: Hashable, Sendable {
    /// The entry's index.
    package let index: Int
    /// From the leaf's sibling up.
    package let hashes: [[UInt8]]
    /// The signed note.
    package let checkpoint: String

    private static let heading = "c2sp.org/tlog-proof@v1"

    package init(index: Int, hashes: [[UInt8]], checkpoint: String) {
        self.index = index
        self.hashes = hashes
        self.checkpoint = checkpoint
    }

    /// The file.
    package var text: String {
        ProofText(head: "\(Self.heading)\nindex \(index)", hashes, checkpoint).text
    }

    /// Reads a file. Nil when it is malformed. Extra data is passed over, as nothing vouches for it.
    package init?(_ text: String) {
        guard var proof = ProofText(text), proof.take("") == Self.heading else { return nil }
        if let extra = proof.take("extra ") {
            guard bytes(base64: extra) != nil else { return nil }
        }
        guard let index = proof.take("index ").flatMap({ number(decimal: $0) }),
            let hashes = proof.hashes
        else { return nil }
        self.init(index: index, hashes: hashes, checkpoint: proof.checkpoint)
    }

    /// The checkpoint by which the entry is proved. Signature, hashes, entry and index must all
    /// belong together: each alone says nothing of what was asked.
    package func verified(
        _ leaf: [UInt8], signedBy keys: [VerifierKey]
    ) throws(ProofError) -> Checkpoint {
        guard let head = Checkpoint(note: checkpoint, signedByOneOf: keys) else {
            throw .unsigned
        }
        guard Entry(leaf: leaf)?.projection.sequence == index else { throw .otherEntry }
        guard
            MerkleProof.isIncluded(
                leaf: MerkleTree.leafHash(leaf.span), index: index, size: head.size,
                proof: hashes, root: head.root)
        else { throw .unproved }
        return head
    }
}

/// A consistency proof, in the form of a C2SP tlog-witness request (https://c2sp.org/tlog-witness):
/// the tree of a checkpoint begins with an older one.
package struct ConsistencyProof: Hashable, Sendable {
    /// The number of entries of the older tree.
    package let oldSize: Int
    package let hashes: [[UInt8]]
    /// The newer checkpoint, a signed note.
    package let checkpoint: String

    package init(oldSize: Int, hashes: [[UInt8]], checkpoint: String) {
        self.oldSize = oldSize
        self.hashes = hashes
        self.checkpoint = checkpoint
    }

    /// The file, or the request's body.
    package var text: String { ProofText(head: "old \(oldSize)", hashes, checkpoint).text }

    /// Reads a file. Nil when it is malformed.
    package init?(_ text: String) {
        guard var proof = ProofText(text),
            let size = proof.take("old ").flatMap({ number(decimal: $0) }),
            let hashes = proof.hashes
        else { return nil }
        self.init(oldSize: size, hashes: hashes, checkpoint: proof.checkpoint)
    }

    /// The newer checkpoint, when the tree under it begins with that of `old`.
    package func verified(
        since old: Checkpoint, signedBy keys: [VerifierKey]
    ) throws(ProofError) -> Checkpoint {
        guard let head = Checkpoint(note: checkpoint, signedByOneOf: keys) else {
            throw .unsigned
        }
        guard old.size == oldSize else { throw .otherSize }
        guard
            MerkleProof.isConsistent(
                oldSize: oldSize, oldRoot: old.root, size: head.size, root: head.root,
                proof: hashes)
        else { throw .unproved }
        return head
    }
}

extension Checkpoint {
    /// Reads a signed checkpoint and believes it if one of these keys signed it as its own log's.
    package init?(note: String, signedByOneOf keys: [VerifierKey]) {
        // Not `lazy.compactMap.first`, which would look at each signature twice.
        for key in keys {
            guard let checkpoint = Checkpoint(note: note, signedBy: key) else { continue }
            self = checkpoint
            return
        }
        return nil
    }
}

/// What both forms share: lines, hashes in base64, an empty line, a signed checkpoint.
private struct ProofText {
    private var lines: ArraySlice<String>
    let checkpoint: String

    /// The note's limit, and room for the lines before it.
    private static let maximumByteCount = SignedNote.maximumByteCount + 100_000

    init(head: String, _ hashes: [[UInt8]], _ checkpoint: String) {
        lines = [head] + hashes.map { Data($0).base64EncodedString() }
        self.checkpoint = checkpoint
    }

    var text: String { lines.map { $0 + "\n" }.joined() + "\n" + checkpoint }

    init?(_ text: String) {
        let raw = Array(text.utf8)
        guard raw.count <= Self.maximumByteCount,
            // The first empty line, for no line before it may be empty.
            let end = raw.indices.dropLast().first(where: {
                raw[$0] == 0x0a && raw[$0 + 1] == 0x0a
            })
        else { return nil }
        lines =
            raw[..<end].split(separator: 0x0a, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }[...]
        checkpoint = String(decoding: raw[(end + 2)...], as: UTF8.self)
    }

    /// The rest of the next line, when it begins so.
    mutating func take(_ start: String) -> String? {
        guard let line = lines.first, line.utf8.starts(with: start.utf8) else { return nil }
        lines = lines.dropFirst()
        return String(line.dropFirst(start.count))
    }

    /// The lines that are left, as hashes of 32 bytes and at most 63 of them; nil for anything else.
    var hashes: [[UInt8]]? {
        guard lines.count <= MerkleProof.maximumHashCount else { return nil }
        let hashes = lines.compactMap { bytes(base64: $0) }
        return hashes.count == lines.count
            && hashes.allSatisfy { $0.count == MerkleTree.hashByteCount } ? hashes : nil
    }
}
