import CLinux

/// Runs work that blocks on a thread of its own, so that the few threads of the concurrency
/// runtime stay free, and returns what it returns (pthread_create(3)).
package func onOwnThread<Result: Sendable>(
    _ body: @escaping @Sendable () -> Result
) async -> Result {
    await withCheckedContinuation { continuation in
        let work = Work { continuation.resume(returning: body()) }
        let context = Unmanaged.passRetained(work)
        let started = cl_start_thread(
            { context in
                guard let context else { return }
                Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
            }, context.toOpaque())
        if started != 0 {
            // No thread is to be had: late is better than never.
            context.takeRetainedValue().body()
        }
    }
}

private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
