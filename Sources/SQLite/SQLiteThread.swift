import Glibc
import Synchronization

/// A thread for one connection, as an executor for the actor that owns it.
///
/// SQLite blocks: it waits for locks and for the disk. Swift's own threads are as few as the cores
/// and must not, so the owner runs here.
package final class SQLiteThread: SerialExecutor {
    private let state = Mutex(State())
    private let wakeUp = Semaphore()

    private struct State {
        var jobs: [UnownedJob] = []
        var isStarted = false
        var isEnding = false
    }

    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // The job may be the owner's last: when it has run, this thread of ours may be gone.
        let wakeUp = wakeUp
        let mustStart = state.withLock { state in
            state.jobs.append(job)
            defer { state.isStarted = true }
            return !state.isStarted
        }
        if mustStart { start() } else { wakeUp.signal() }
    }

    /// Ends the thread once its jobs are done. The owner calls it when it goes.
    package func end() {
        state.withLock { $0.isEnding = true }
        wakeUp.signal()
    }

    private func start() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<SQLiteThread>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        // A process that cannot have a second thread cannot do its work.
        precondition(code == 0, "no thread for the database")
        pthread_detach(thread)
    }

    private func run() {
        while true {
            let (jobs, isEnding) = state.withLock { state in
                defer { state.jobs = [] }
                return (state.jobs, state.isEnding)
            }
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
            if jobs.isEmpty {
                if isEnding { return }
                wakeUp.wait()
            }
        }
    }
}

/// A counting semaphore of the operating system.
private final class Semaphore: @unchecked Sendable {
    // Sendable: sem_post and sem_wait may be called from any thread.
    private let raw = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(raw, 0, 0) }

    deinit {
        sem_destroy(raw)
        raw.deallocate()
    }

    func signal() { sem_post(raw) }

    func wait() {
        while sem_wait(raw) != 0 {}  // interrupted by a signal
    }
}
