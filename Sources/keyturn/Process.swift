import Audit
import FoundationEssentials
import Glibc
import Linux
import Rotations
import Secrets

/// The process: hardened, its signals remembered, its streams handed over.
@main
enum Process {
    static func main() async {
        // https://no-color.org
        let isPlain = ProcessInfo.processInfo.environment["NO_COLOR"]?.isEmpty == false
        let console = Console.process(isColoured: !isPlain)
        do throws(SystemError) {
            try Hardening.apply()
            try StopSignals.remember()
        } catch {
            console.fail(Failure(error))
            exit(ExitStatus.failure.rawValue)
        }
        let arguments = Array(CommandLine.arguments.dropFirst())
        // Everything is written by then. The threads of libcurl and SQLite still run, and what exit
        // would tear down is theirs.
        _exit(await Keyturn.main(arguments, in: .process(console)))
    }
}

extension Surroundings {
    /// What surrounds this process.
    static func process(_ console: Console) -> Surroundings {
        // Whoever started us may have changed the directory without saying so.
        var environment = ProcessInfo.processInfo.environment
        environment["PWD"] = FileManager.default.currentDirectoryPath
        return Surroundings(
            console: console,
            clock: WallClock(
                now: {
                    Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
                }, wait: waitUnlessStopped),
            environment: environment, readSecret: readSecret,
            readText: readText,
            ask: ask,
            stopSignal: { StopSignals.first })
    }

    /// Waits in short parts, so that a signal is heard within a quarter of a second.
    @Sendable private static func waitUnlessStopped(_ interval: Interval) async {
        let end = ContinuousClock.now + .seconds(interval.seconds)
        while ContinuousClock.now < end, StopSignals.first == nil {
            // Nobody cancels: the time limit of what waits ends it.
            try? await Task.sleep(
                until: min(end, ContinuousClock.now + .milliseconds(250)), clock: .continuous)
        }
    }

    private static let secretLimit = 8192

    @Sendable private static func readSecret(_ prompt: String) throws(Failure) -> SecretBytes {
        do throws(InputError) {
            if Terminal.isTerminal(.standardInput) {
                return try Terminal.readLine(
                    prompt: prompt, limit: secretLimit,
                    isStopping: { StopSignals.first != nil })
            }
            return try StandardInput.readLine(limit: secretLimit)
        } catch .interrupted {
            endAtPrompt()
        } catch {
            throw Failure(
                "no secret was given on standard input",
                hint: "pipe it in: `… < FILE`, or run on a terminal to be asked", .usage)
        }
    }

    @Sendable private static func readText(_ limit: Int) throws(Failure) -> String {
        let input: SecretBytes
        do throws(InputError) {
            input = try StandardInput.readAll(
                limit: limit, isStopping: { StopSignals.first != nil })
        } catch .interrupted {
            endAtPrompt()
        } catch {
            throw Failure("nothing usable came on standard input", .usage)
        }
        let bytes = input.bytes
        return String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }

    @Sendable private static func ask(_ question: String) -> String? {
        guard Terminal.isTerminal(.standardInput), Terminal.isTerminal(.standardError) else {
            return nil
        }
        StandardStreams.writeError(Array(question.visible.utf8).span)
        guard
            Poll.waitForLine(
                on: Terminal.Stream.standardInput.number, unless: { StopSignals.first != nil })
        else { endAtPrompt() }
        let line = readLine(strippingNewline: true)
        // The end of the input (Ctrl-D) leaves the cursor behind the question.
        if line == nil { StandardStreams.writeError(Array("\n".utf8).span) }
        return line
    }

    /// Ends the program by the signal that came while somebody was asked: nothing was begun.
    private static func endAtPrompt() -> Never {
        StandardStreams.writeError(Array("\nkeyturn: nothing was done\n".utf8).span)
        _exit(128 + (StopSignals.first ?? 0))
    }
}
