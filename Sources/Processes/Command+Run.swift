import Linux
import Secrets
import Subprocess
import SystemPackage

extension Command {
    /// Runs it with nothing on its standard input, in a session of its own, and returns when it
    /// has ended and nothing of that session is left: also what it left behind in the background
    /// is ended, unless that made a session of its own, as daemons do.
    ///
    /// `onStart` is told at once which process it is, so that a later run can find it. Cancelling
    /// the task ends the command.
    package func run(
        onStart: (ProcessIdentity) async -> Void = { _ in }
    ) async -> Ended {
        await finish(NoInput.none, keepingInto: nil, onStart: onStart).ended
    }

    /// The same with a secret on its standard input, which is a sealed file in memory: it can be
    /// read as `/dev/stdin` too, and a program that does not read it does no harm.
    package func run(
        input: borrowing SecretBytes, onStart: (ProcessIdentity) async -> Void = { _ in }
    ) async -> Ended {
        let began = ContinuousClock.now
        let number: Int32
        do {
            number = try SealedMemory(input).release()
        } catch {
            return Ended(result: .notStarted(NotStarted(error)), since: began)
        }
        let memory = FileDescriptor(rawValue: number)
        return await finish(
            .fileDescriptor(memory, closeAfterSpawningProcess: true), keepingInto: nil,
            onStart: onStart
        ).ended
    }

    /// Runs a program for what it writes to its standard output, such as a key. It must end by
    /// itself with status 0 and write at most `limit` bytes.
    package func runForOutput(limit: Int) async throws(CommandError) -> SecretBytes {
        // One byte more than allowed tells a full buffer from too much.
        guard let buffer = try? SecretBytes(capacity: limit + 1) else { throw .outOfSecureMemory }
        var finished = await finish(NoInput.none, keepingInto: buffer, onStart: { _ in })
        guard finished.ended.isSuccess, let kept = finished.kept.take() else {
            throw .failed(finished.ended)
        }
        guard kept.count <= limit else { throw .tooLong(limit: limit) }
        return kept
    }

    private struct Finished: ~Copyable {
        let ended: Ended
        var kept: SecretBytes?
    }

    private struct Watched: Sendable {
        let watch: Watch
        let seen: Watch.Seen
    }

    private func finish<Input: InputProtocol>(
        _ input: Input, keepingInto buffer: consuming SecretBytes?,
        onStart: (ProcessIdentity) async -> Void
    ) async -> Finished {
        let began = ContinuousClock.now
        var hasStarted = false
        do {
            try requireStartable()
            var output = try Pipe()
            var error = try Pipe()
            var buffer = buffer.take()
            let result = try await Subprocess.run(
                configuration, input: input,
                output: Self.farEnd(of: &output), error: Self.farEnd(of: &error)
            ) { execution -> Watched in
                hasStarted = true
                let pid = execution.processIdentifier.value
                let watch = try Watch(
                    pid: pid, output: output.takeReadEnd(), error: error.takeReadEnd(),
                    timeout: timeout, grace: grace, keepingInto: buffer.take())
                async let seen = onOwnThread { watch.run() }
                // It is not collected yet, so it is there even when it has ended already.
                if let identity = try? ProcessIdentity.of(pid: pid) { await onStart(identity) }
                return Watched(watch: watch, seen: await seen)
            }
            let watched = result.closureResult
            let how: Ended.Result =
                switch result.terminationStatus {
                case _ where watched.seen.hasTimedOut: .timedOut
                case .exited(let code): .exited(code: code)
                case .signaled(let number): .signaled(number: number)
                }
            let ended = Ended(
                result: how, standardOutput: watched.seen.standardOutput,
                standardError: watched.seen.standardError, since: began)
            return Finished(ended: ended, kept: watched.watch.takeKept())
        } catch {
            let how = hasStarted ? .unsettled : Ended.Result.notStarted(NotStarted(error))
            return Finished(ended: Ended(result: how, since: began), kept: nil)
        }
    }

    private static func farEnd(of pipe: inout Pipe) -> FileDescriptorOutput {
        .fileDescriptor(
            FileDescriptor(rawValue: pipe.takeWriteEnd().release()),
            closeAfterSpawningProcess: true)
    }

    private var configuration: Configuration {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: grace)
        ]
        let rows = environment.map { Array("\($0.key)=\($0.value)".utf8) + [0] }
        let words = words
        return Configuration(
            executable: .path(FilePath(words[0])), arguments: Arguments(Array(words[1...])),
            environment: .custom(rows), workingDirectory: "/", platformOptions: options)
    }
}

extension Ended {
    /// With nothing written.
    init(result: Result, since began: ContinuousClock.Instant) {
        self.init(
            result: result, standardOutput: OutputMeter().finish(),
            standardError: OutputMeter().finish(), since: began)
    }

    init(
        result: Result, standardOutput: Output, standardError: Output,
        since began: ContinuousClock.Instant
    ) {
        let took = began.duration(to: .now).components
        self.init(
            result: result, standardOutput: standardOutput, standardError: standardError,
            milliseconds: Int(took.seconds * 1000 + took.attoseconds / 1_000_000_000_000_000))
    }
}

extension NotStarted {
    /// What the library says when it could not start a program. Its texts may quote arguments, so
    /// the errno alone is taken.
    init(_ error: any Error) {
        switch error {
        case let reason as NotStarted: self = reason
        case let error as SystemError: self.init(error)
        case let error as SubprocessError:
            let number = error.underlyingError?.rawValue
            if let number {
                self.init(SystemError(number: number, operation: "execve"))
            } else if error.code == .executableNotFound {
                self = .programNotFound
            } else {
                self = .invalid
            }
        default: self = .invalid
        }
    }
}
