import Audit
import OpenSSL
import VectorFiles

/// MTH of RFC 6962, section 2.1, by its definition, over leaf hashes.
func recomputedRoot(_ hashes: ArraySlice<[UInt8]>) -> [UInt8] {
    switch hashes.count {
    case 0: return SHA256.hash([])
    case 1: return hashes[hashes.startIndex]
    default:
        let (left, right) = split(hashes)
        return SHA256.hash([1] + recomputedRoot(left) + recomputedRoot(right))
    }
}

/// The leaves left and right of the largest power of two that is smaller than their number.
func split(
    _ hashes: ArraySlice<[UInt8]>
) -> (left: ArraySlice<[UInt8]>, right: ArraySlice<[UInt8]>) {
    var count = 1
    while count * 2 < hashes.count { count *= 2 }
    return (hashes.prefix(count), hashes.dropFirst(count))
}

/// The hashes of leaves that hold their own number.
func numberedHashes(_ count: Int) -> [[UInt8]] {
    (0..<count).map { SHA256.hash([0] + Array("leaf \($0)".utf8)) }
}

/// Where entries of public logs are.
let rekor = "rekor-v2/real_log_entries.json"

/// An entry of a public log, with what an independent script found.
struct RekorEntry: Decodable {
    let source: String
    let leaf: Base64
    let index: Int
    let treeSize: Int
    let root: Base64
    let proof: [Base64]
    let checkpoint: String
    let inclusionValid: Bool
    let vkey: String?
    let logSignatureValid: Bool?
    let checkpointMatchesProof: Bool?

    private enum CodingKeys: String, CodingKey {
        case source, index, checkpoint, vkey
        case leaf = "leaf_b64"
        case treeSize = "tree_size"
        case root = "root_b64"
        case proof = "proof_b64"
        case inclusionValid = "inclusion_valid"
        case logSignatureValid = "log_signature_valid"
        case checkpointMatchesProof = "checkpoint_matches_proof"
    }
}
