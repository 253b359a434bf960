import CCurl
import Glibc
import Secrets
import Synchronization

/// Transfers over shared connections, run by one thread that no task ever waits on.
///
/// The thread begins with the first transfer and ends after `close()`, once the transfers in
/// flight have ended. Whoever makes a `CurlMulti` must close it.
package final class CurlMulti: Sendable {
    private enum Phase { case asleep, running, closed, unusable }

    /// Wakes the thread.
    private struct Alarm: @unchecked Sendable {
        // Sendable although it holds libcurl's handle: nothing but `curl_multi_wakeup` is called on
        // it, which is made for other threads, and under the lock that the thread takes to end it.
        let multi: UnsafeMutableRawPointer

        func ring() { _ = cc_multi_wakeup(multi) }
    }

    private struct State {
        var phase = Phase.asleep
        var handedOver: [CurlTransfer] = []
        /// There while the thread may be woken.
        var alarm: Alarm?
    }

    private let settings: CurlSettings
    private let state = Mutex(State())

    /// Nothing is opened and no thread runs before the first request.
    package init(_ settings: CurlSettings) {
        self.settings = settings
    }

    /// Runs one transfer to its end. It never fails to return: the time limit bounds it.
    ///
    /// When the task is cancelled the transfer goes on. An effect on the other side is not torn in
    /// two because somebody here has lost interest.
    package func perform(_ request: consuming CurlRequest) async -> CurlAnswer {
        let transfer = CurlTransfer(request)
        await withCheckedContinuation { continuation in
            transfer.waiting = continuation
            handOver(transfer)
        }
        return transfer.takeAnswer()
    }

    /// Takes no more transfers. Those that were handed over still run to their ends.
    package func close() {
        state.withLock { state in
            switch state.phase {
            case .asleep, .running: state.phase = .closed
            case .closed, .unusable: break
            }
            state.alarm?.ring()
        }
    }

    private func handOver(_ transfer: CurlTransfer) {
        let refused: CurlFailure? = state.withLock { state in
            switch state.phase {
            case .closed: return .multiClosed
            case .unusable: return .libraryMissing
            case .asleep:
                guard startThread() else { return .resourcesExhausted }
                state.phase = .running
            case .running: break
            }
            state.handedOver.append(transfer)
            state.alarm?.ring()
            return nil
        }
        if let refused { transfer.end(refused) }
    }

    private func startThread() -> Bool {
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { return false }
        defer { pthread_attr_destroy(&attributes) }
        guard pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED)) == 0
        else { return false }
        // The thread holds the object until it ends.
        let context = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let result = pthread_create(
            &thread, &attributes,
            { context in
                if let context {
                    Unmanaged<CurlMulti>.fromOpaque(context).takeRetainedValue().run()
                }
                return nil
            }, context.toOpaque())
        if result != 0 { context.release() }
        return result == 0
    }

    /// The thread.
    private func run() {
        blockSignals()
        guard CurlLibrary.isOpen else { return end(.unusable, .libraryMissing) }
        guard let loop = CurlLoop(settings) else { return end(.asleep, .resourcesExhausted) }
        let alarm = Alarm(multi: loop.multi)
        state.withLock { $0.alarm = alarm }
        var isDone = false
        while !isDone {
            let arrived: [CurlTransfer]
            (arrived, isDone) = state.withLock { state in
                let arrived = takeHandedOver(&state)
                return (arrived, state.phase == .closed && arrived.isEmpty && loop.isIdle)
            }
            loop.take(arrived)
            if !isDone, !loop.turn() { break }
        }
        end(.asleep, .resourcesExhausted)
        loop.free()
    }

    /// What the thread does last but one: from here on nobody wakes what is about to be freed, and
    /// the next request, if there may be one, starts another thread.
    private func end(_ phase: Phase, _ failure: CurlFailure) {
        let stranded = state.withLock { state in
            state.alarm = nil
            if state.phase == .running { state.phase = phase }
            return takeHandedOver(&state)
        }
        for transfer in stranded { transfer.end(failure) }
    }

    private func takeHandedOver(_ state: inout State) -> [CurlTransfer] {
        defer { state.handedOver = [] }
        return state.handedOver
    }

    /// Signals are for the threads of the program. A SIGPIPE, which libcurl no longer keeps away
    /// since it may not touch signals (NOSIGNAL), stays here and harms nobody.
    private func blockSignals() {
        var all = sigset_t()
        sigfillset(&all)
        for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] { sigdelset(&all, fault) }
        pthread_sigmask(SIG_BLOCK, &all, nil)
    }
}
