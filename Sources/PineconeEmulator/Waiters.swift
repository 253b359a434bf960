/// Those who wait until the counts say something.
struct Waiters: Sendable {
    private var waiting: [Int: Waiter] = [:]
    private var nextNumber = 0

    private struct Waiter: Sendable {
        let condition: @Sendable (Tally) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    /// A number under which one may wait.
    mutating func takeNumber() -> Int {
        nextNumber += 1
        return nextNumber
    }

    /// Waits until `condition` holds.
    mutating func insert(
        _ number: Int, _ condition: @escaping @Sendable (Tally) -> Bool,
        _ continuation: CheckedContinuation<Void, Never>
    ) {
        waiting[number] = Waiter(condition: condition, continuation: continuation)
    }

    /// Takes a waiter out, to be resumed.
    mutating func take(_ number: Int) -> CheckedContinuation<Void, Never>? {
        waiting.removeValue(forKey: number)?.continuation
    }

    /// Takes those out whose condition holds, to be resumed.
    mutating func takeSatisfied(by tally: Tally) -> [CheckedContinuation<Void, Never>] {
        let satisfied = waiting.filter { $0.value.condition(tally) }
        for number in satisfied.keys { waiting[number] = nil }
        return satisfied.values.map(\.continuation)
    }
}

extension Emulator {
    /// Returns as soon as `condition` holds, or when the task is cancelled. Asked after every
    /// request and every change. So a test can wait for a commit whose answer hangs.
    package func until(_ condition: @escaping @Sendable (Tally) -> Bool) async {
        let number = withWaiters { waiters, _ in waiters.takeNumber() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let holds = withWaiters { waiters, tally in
                    let holds = Task.isCancelled || condition(tally)
                    if !holds { waiters.insert(number, condition, continuation) }
                    return holds
                }
                if holds { continuation.resume() }
            }
        } onCancel: {
            withWaiters { waiters, _ in waiters.take(number) }?.resume()
        }
    }

    /// Returns as soon as `operation` has been carried out `count` times in all.
    package func untilCommitted(_ operation: Operation, count: Int = 1) async {
        await until { $0.committed[operation, default: 0] >= count }
    }

    /// Returns as soon as `count` requests for `operation` have arrived in all.
    package func untilReceived(_ operation: Operation, count: Int = 1) async {
        await until { $0.received[operation, default: 0] >= count }
    }
}
