import Linux
import Secrets
import Synchronization

/// Watches one running command from a thread of its own: drains what it writes, ends it when its
/// time is over, and leaves nothing of its session behind.
final class Watch: Sendable {
    private let session: Session
    private let child: ProcessHandle
    private let output: Descriptor
    private let error: Descriptor
    private let timeout: Duration
    private let grace: Duration
    /// What it wrote to its standard output, where that is wanted: filled to its capacity.
    private let kept: Mutex<SecretBytes?>

    /// What was seen.
    struct Seen: Sendable {
        let hasTimedOut: Bool
        let standardOutput: Ended.Output
        let standardError: Ended.Output
    }

    /// The child `pid` is not collected before `run` has returned.
    init(
        pid: Int32, output: consuming Descriptor, error: consuming Descriptor, timeout: Duration,
        grace: Duration, keepingInto buffer: consuming SecretBytes?
    ) throws(SystemError) {
        session = Session(leader: pid)
        child = try ProcessHandle(child: pid)
        try output.setNonblocking()
        try error.setNonblocking()
        self.output = output
        self.error = error
        self.timeout = timeout
        self.grace = grace
        kept = Mutex(buffer)
    }

    /// Gives away what was kept.
    func takeKept() -> SecretBytes? { kept.withLock { $0.take() } }

    private enum Phase {
        case running(until: ContinuousClock.Instant)
        case asked(until: ContinuousClock.Instant)
        case killed
    }

    /// Returns when the child has ended and its session is empty. Blocks its thread.
    func run() -> Seen {
        let clock = ContinuousClock()
        var phase = Phase.running(until: clock.now + timeout)
        var hasTimedOut = false
        var strays: [ProcessIdentity] = []
        var outputStream = Stream(output.number)
        var errorStream = Stream(error.number)
        watching: while true {
            let next: Duration =
                switch phase {
                case .running(let end), .asked(let end): clock.now.duration(to: end)
                case .killed: .seconds(60)
                }
            let streams = [outputStream.polled, errorStream.polled]
            guard
                let ready = try? Poll.wait(
                    for: [child.descriptor.number] + streams, timeout: max(.zero, next))
            else {
                // Without poll there is no watching, and nothing unwatched goes on.
                session.kill(and: session.descendants())
                break watching
            }
            if ready[1] {
                outputStream.drain(output, atMost: Stream.turn) { bytes in keep(bytes) }
            }
            if ready[2] { errorStream.drain(error, atMost: Stream.turn) { _ in } }
            if ready[0] { break watching }
            switch phase {
            case .running(let end) where clock.now >= end:
                hasTimedOut = true
                strays = session.descendants()
                session.ask()
                phase = .asked(until: clock.now + grace)
            case .asked(let end) where clock.now >= end:
                strays += session.descendants()
                session.kill(and: strays)
                phase = .killed
            case .running, .asked, .killed: break
            }
        }
        session.kill(and: strays)
        // What is still in the pipes. Who left the session with them may write on; not to us.
        outputStream.drain(output, atMost: Stream.rest) { bytes in keep(bytes) }
        errorStream.drain(error, atMost: Stream.rest) { _ in }
        return Seen(
            hasTimedOut: hasTimedOut, standardOutput: outputStream.finish(),
            standardError: errorStream.finish())
    }

    private func keep(_ bytes: Span<UInt8>) {
        kept.withLock { _ = $0?.append(bytes) }
    }
}

/// The near end of a pipe that a child writes into.
private struct Stream: ~Copyable {
    /// Bytes between two looks at the clock.
    static let turn = 1 << 20
    /// A pipe holds no more than this (pipe(7), pipe-max-size).
    static let rest = 1 << 21

    private let number: Int32
    private var meter = OutputMeter()
    private var isOpen = true

    init(_ number: Int32) { self.number = number }

    /// A number for poll: negative when there is nothing more to wait for.
    var polled: Int32 { isOpen ? number : -1 }

    mutating func drain(
        _ pipe: borrowing Descriptor, atMost limit: Int, _ each: (Span<UInt8>) -> Void
    ) {
        guard isOpen else { return }
        // On the secure heap, since it may be the secret come back.
        guard var chunk = try? SecretBytes(capacity: 16_384) else {
            // What cannot be read here is read nowhere; the child waits for its time limit.
            isOpen = false
            return
        }
        var drained = 0
        while drained < limit {
            chunk.removeAll()
            switch try? pipe.read(into: &chunk) {
            case .bytes(let count):
                meter.add(chunk.bytes)
                each(chunk.bytes)
                drained += count
            case .nothingYet: return
            case .end, nil:
                // A pipe that cannot be read says no more than one that has ended.
                isOpen = false
                return
            }
        }
    }

    consuming func finish() -> Ended.Output { meter.finish() }
}
