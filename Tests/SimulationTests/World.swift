import Rotations
import Synchronization

/// The world outside of a process, which outlives it: one at a time looks or acts.
final class World: Sendable {
    private let truth: Mutex<Truth>
    let dice: Dice

    init(_ truth: Truth, _ dice: Dice) {
        self.truth = Mutex(truth)
        self.dice = dice
    }

    /// Looks at the truth, or changes it.
    func with<T: Sendable & ~Copyable>(_ body: (inout Truth) -> T) -> T {
        truth.withLock { body(&$0) }
    }

    /// What is so now.
    var now: Truth { truth.withLock { $0 } }

    func tell(_ text: String) { truth.withLock { $0.tell(text) } }

    func accuse(_ text: String) { truth.withLock { $0.accuse(text) } }

    /// Lets time pass.
    func pass(_ milliseconds: Int64) { truth.withLock { $0.pass(milliseconds, dice) } }
}
