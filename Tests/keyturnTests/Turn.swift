import Synchronization

/// One of a few places for programs at work. All tests run at once in one process, which has one
/// secure heap: it is sized for one program with many secrets, not for hundreds of programs.
final class Turn: Sendable {
    private struct Places {
        var free = 12
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private static let places = Mutex(Places())

    private init() {}

    /// Waits for a place; it is given back when the value ends.
    static func take() async -> Turn {
        await withCheckedContinuation { continuation in
            let isFree = places.withLock { places in
                guard places.free > 0 else {
                    places.waiting.append(continuation)
                    return false
                }
                places.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
        return Turn()
    }

    deinit {
        let next = Self.places.withLock { places -> CheckedContinuation<Void, Never>? in
            guard places.waiting.isEmpty else { return places.waiting.removeFirst() }
            places.free += 1
            return nil
        }
        next?.resume()
    }
}
