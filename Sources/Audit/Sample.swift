import OpenSSL

/// Draws entries for an auditor: as if by chance, and always the same for the same seed, so that
/// whoever knows seed and population draws them again.
///
/// An entry's lot is `SHA-256(SEED ‖ ":" ‖ seq)`, seq in decimal digits; the smallest are drawn.
package struct Sample: Sendable {
    private let count: Int
    private let seed: [UInt8]
    /// The smallest so far, in order.
    private var smallest: [(lot: [UInt8], sequence: Int)] = []

    package init(count: Int, seed: String) {
        self.count = count
        self.seed = Array((seed + ":").utf8)
    }

    /// Lets an entry take part.
    package mutating func offer(_ sequence: Int) {
        let lot = SHA256.hash(seed + Array(String(sequence).utf8))
        if smallest.count == count {
            guard let last = smallest.last, lot.lexicographicallyPrecedes(last.lot) else { return }
            smallest.removeLast()
        }
        let place = smallest.firstIndex { lot.lexicographicallyPrecedes($0.lot) }
        smallest.insert((lot, sequence), at: place ?? smallest.endIndex)
    }

    /// What is drawn, in the order of the trail.
    package var sequences: [Int] { smallest.map(\.sequence).sorted() }
}
