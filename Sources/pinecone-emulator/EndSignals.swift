import Dispatch
import Glibc

/// SIGTERM and SIGINT, caught from the moment this is made.
struct EndSignals {
    private let arrivals: AsyncStream<Void>

    init() {
        arrivals = AsyncStream { continuation in
            let sources = [SIGTERM, SIGINT].map { number in
                signal(number, SIG_IGN)  // or the signal would end the process by itself
                let source = DispatchSource.makeSignalSource(signal: number)
                source.setEventHandler { continuation.finish() }
                source.activate()
                return Source(source)
            }
            continuation.onTermination = { _ in sources.forEach { $0.cancel() } }
        }
    }

    /// Returns when the first of them arrives.
    func first() async {
        for await _ in arrivals {}
    }

    /// Dispatch calls its sources safe to use from anywhere, but does not declare them Sendable.
    private struct Source: @unchecked Sendable {
        private let source: any DispatchSourceSignal

        init(_ source: any DispatchSourceSignal) {
            self.source = source
        }

        func cancel() {
            source.cancel()
        }
    }
}
