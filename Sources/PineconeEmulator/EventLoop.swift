import Dispatch
import FlyingSocks

/// The thread and the socket pool that serve all emulators of a process.
///
/// Shared, since each pool costs a blocked thread and never gives its event descriptor back. On a
/// thread of its own, since tests that block Swift's few threads must not starve their server.
enum EventLoop {
    static let lane = Lane()

    /// The one pool, prepared and running; awaited by whoever listens first.
    static let pool = Task<SocketPool<ePoll>, any Error>(executorPreference: lane) {
        let pool: SocketPool<ePoll> = .ePoll(maxEvents: 64)
        try await pool.prepare()
        Task(executorPreference: lane) { try await pool.run() }
        return pool
    }

    /// Runs tasks one after the other on a queue of its own.
    ///
    /// FlyingSocks resumes a waiter before it forgets the descriptor waited for. With one lane for
    /// both, the waiter cannot close the descriptor in between; nor may its task be cancelled,
    /// for that resumes it from elsewhere. Sockets are shut down instead.
    final class Lane: TaskExecutor {
        private let queue = DispatchQueue(label: "pinecone-emulator")

        func enqueue(_ job: consuming ExecutorJob) {
            // Unsafe if a job ran twice or never, or without its executor: it runs once, below, and
            // the one lane lives as long as the process.
            let job = UnownedJob(job)
            let executor = unsafe asUnownedTaskExecutor()
            queue.async { unsafe job.runSynchronously(on: executor) }
        }
    }
}
