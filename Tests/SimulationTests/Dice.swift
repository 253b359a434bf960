import Synchronization

/// Everything that a story leaves to chance comes from here: one seed, one order of questions, one
/// story.
final class Dice: Sendable {
    private let state: Mutex<UInt64>

    init(seed: UInt64) { state = Mutex(seed) }

    /// The next number of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
    /// generators, 2014).
    func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
            return mixed ^ mixed >> 31
        }
    }

    /// A number of the range, each as likely as the others.
    func roll(_ range: Range<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }

    /// Whether something happens that happens so often in a hundred times.
    func happens(_ percent: Int) -> Bool { roll(0..<100) < percent }

    /// One of these.
    func pick<T>(_ all: [T]) -> T { all[roll(0..<all.count)] }

    /// One of these, each as likely as its weight.
    func pick<T>(_ weighted: [(weight: Int, value: T)]) -> T {
        var left = roll(0..<weighted.reduce(0) { $0 + $1.weight })
        for (weight, value) in weighted {
            if left < weight { return value }
            left -= weight
        }
        preconditionFailure("the weights have a sum")
    }
}
