import Audit
import OpenSSL
import Testing

struct SampleTests {
    private func drawn(_ count: Int, _ seed: String, _ population: some Sequence<Int>) -> [Int] {
        var sample = Sample(count: count, seed: seed)
        for sequence in population { sample.offer(sequence) }
        return sample.sequences
    }

    @Test func `it is what anybody draws who sorts by SHA-256 of seed, colon and seq`() {
        let population = Array(0..<500)
        let byLot = population.sorted { left, right in
            func lot(_ sequence: Int) -> [UInt8] { SHA256.hash(Array("7c1f:\(sequence)".utf8)) }
            return lot(left).lexicographicallyPrecedes(lot(right))
        }
        #expect(drawn(25, "7c1f", population) == byLot.prefix(25).sorted())
        #expect(drawn(25, "7c1f", population.reversed()) == byLot.prefix(25).sorted())
        #expect(drawn(25, "another", population) != byLot.prefix(25).sorted())
    }

    /// `printf 7c1f:N | sha256sum` for each N from 0 to 9, sorted.
    @Test func `a sample that was drawn with sha256sum comes out`() {
        #expect(drawn(3, "7c1f", 0..<10) == [1, 6, 9])
    }

    @Test func `a small population is drawn whole`() {
        #expect(drawn(25, "x", [3, 1, 2]) == [1, 2, 3])
        #expect(drawn(25, "x", []) == [])
    }
}
