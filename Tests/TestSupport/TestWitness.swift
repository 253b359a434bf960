import Audit
import FoundationEssentials
import OpenSSL
import Synchronization

/// A witness as the specification has it: it cosigns what only adds to what it saw last.
package final class TestWitness: Sendable {
    package let key: WitnessKey
    private let signer: Ed25519.PrivateKey
    private let id: [UInt8]
    private let last = Mutex<Checkpoint?>(nil)
    private static let name = "witness.example/w1"

    package init() throws {
        let seed = try Random.bytes(Ed25519.seedByteCount)
        signer = try Ed25519.PrivateKey(seed: seed.span)
        let data = [0x04] + signer.publicKey
        id = Array(SHA256.hash(Array("\(Self.name)\n".utf8) + data).prefix(4))
        let text = "\(Self.name)+\(hexadecimal(id))+\(Data(data).base64EncodedString())"
        guard let key = WitnessKey(text) else { throw OpenSSLError.invalidLength }
        self.key = key
    }

    /// The line that it answers to the body of `add-checkpoint`; nil when it refuses.
    package func cosign(_ body: String) throws -> String? {
        let parts = body.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = parts[0].split(separator: "\n")
        guard let old = Int(lines[0].dropFirst("old ".count)),
            let text = SignedNote(String(parts[1]))?.text, let new = Checkpoint(text: text)
        else { return nil }
        let isExtended = last.withLock { last in
            let proof = lines.dropFirst().compactMap { Data(base64Encoded: String($0)) }.map(
                Array.init)
            guard (last?.size ?? 0) == old,
                MerkleProof.isConsistent(
                    oldSize: old, oldRoot: last?.root ?? MerkleTree.emptyRoot, size: new.size,
                    root: new.root, proof: proof)
            else { return false }
            last = new
            return true
        }
        guard isExtended else { return nil }
        let time: UInt64 = 1_800_000_000
        let signature = try signer.sign(Array("cosignature/v1\ntime \(time)\n\(text)".utf8))
        let stamp = (0..<8).map { UInt8(truncatingIfNeeded: time >> (56 - 8 * $0)) }
        return "\u{2014} \(Self.name) \(Data(id + stamp + signature).base64EncodedString())"
    }
}
