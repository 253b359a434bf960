import Glibc
import Linux
import Processes
import Secrets
import Synchronization
import TestSupport
import Testing

/// What is left when a command has ended: nothing.
struct SessionTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func shell(_ script: String, timeout: Duration = .milliseconds(300)) -> Command {
        Command(
            program: "/bin/sh", arguments: ["-c", script, "hook", directory.path],
            timeout: timeout, grace: .milliseconds(100))
    }

    /// Whether a process that wrote its number into a file still runs.
    private func isRunning(_ file: String) throws -> Bool {
        let text = try #require(directory.text(file), "\(file) was not written")
        let pid = try #require(Int32(text.filter(\.isNumber)))
        return try ProcessTable.entry(of: pid).map { !$0.isZombie } ?? false
    }

    @Test func `a child that ignores SIGTERM, and its grandchild, leave no survivor`() async throws
    {
        let command = shell(
            """
            trap '' TERM
            sh -c 'trap "" TERM; echo $$ > $1/grandchild; while :; do sleep 1; done' x $1 &
            echo $$ > $1/child
            while :; do sleep 1; done
            """)
        #expect(await command.run().result == .timedOut)
        #expect(try !isRunning("child"))
        #expect(try !isRunning("grandchild"))
    }

    @Test func `a child that ends at SIGTERM has timed out all the same`() async throws {
        let command = shell("trap 'exit 0' TERM; while :; do sleep 0.01; done")
        #expect(await command.run().result == .timedOut)
    }

    @Test func `a grandchild with a session of its own does not outlive the time limit`()
        async throws
    {
        let command = shell(
            """
            setsid sh -c 'trap "" TERM; echo $$ > $1/grandchild; while :; do sleep 1; done' x $1 &
            wait
            """)
        #expect(await command.run().result == .timedOut)
        #expect(try !isRunning("grandchild"))
    }

    @Test func `what is left in the background ends with the command`() async throws {
        let command = shell(
            """
            sh -c 'trap "" TERM; echo $$ > $1/left; while :; do sleep 1; done' x $1 &
            while ! test -s $1/left; do sleep 0.01; done
            exit 0
            """, timeout: .seconds(60))
        #expect(await command.run().isSuccess)
        #expect(try !isRunning("left"))
    }

    @Test func `a daemon that keeps the pipes does not keep us`() async throws {
        let command = shell(
            """
            setsid sh -c 'echo $$ > $1/daemon; exec sleep 100' x $1 &
            while ! test -s $1/daemon; do sleep 0.01; done
            exit 0
            """, timeout: .seconds(60))
        #expect(await command.run().isSuccess)
        #expect(try isRunning("daemon"))
        let pid = try #require(Int32(directory.text("daemon")?.filter(\.isNumber) ?? ""))
        #expect(try await Stray.kill(ProcessIdentity.of(pid: pid)))
    }

    @Test func `cancelling the task ends the command`() async throws {
        let command = shell("echo $$ > $1/child; exec sleep 100", timeout: .seconds(60))
        let (started, signal) = AsyncStream<Void>.makeStream()
        let task = Task { await command.run { _ in signal.finish() } }
        for await _ in started {}
        task.cancel()
        #expect(await task.value.result == .signaled(number: SIGTERM))
    }

    /// A command that runs until it is ended, and who it is.
    private func endless(_ script: String) async throws -> (Task<Ended, Never>, ProcessIdentity) {
        let command = shell(script, timeout: .seconds(60))
        let (started, signal) = AsyncStream<ProcessIdentity>.makeStream()
        let task = Task { await command.run { signal.yield($0) } }
        var iterator = started.makeAsyncIterator()
        return (task, try #require(await iterator.next()))
    }

    @Test func `a stray is ended with its whole session`() async throws {
        let (task, identity) = try await endless(
            """
            trap '' TERM
            sh -c 'trap "" TERM; echo $$ > $1/grandchild; while :; do sleep 1; done' x $1 &
            while :; do sleep 1; done
            """)
        while directory.text("grandchild")?.isEmpty ?? true { await Task.yield() }
        #expect(try await Stray.end(identity, grace: .milliseconds(100)))
        #expect(!identity.isAlive)
        #expect(try !isRunning("grandchild"))
        #expect(await task.value.result == .signaled(number: SIGKILL))
        #expect(try await !Stray.end(identity))
    }

    @Test func `a number that is somebody else's now is left alone`() async throws {
        let (task, identity) = try await endless("exec sleep 100")
        let other = ProcessIdentity(
            pid: identity.pid, startTime: identity.startTime + 1, bootID: identity.bootID)
        #expect(try await !Stray.end(other))
        #expect(identity.isAlive)
        #expect(try await Stray.kill(identity))
        #expect(try await Stray.kill(identity))
        #expect(await task.value.result == .signaled(number: SIGKILL))
    }

    @Test func `hardening holds for this program and for its children`() async throws {
        try Hardening.apply()
        #expect(Hardening.isApplied)
        let command = shell("umask > $1/umask; ulimit -c > $1/core", timeout: .seconds(60))
        #expect(await command.run().isSuccess)
        #expect(directory.text("umask") == "0077\n")
        #expect(directory.text("core") == "0\n")
    }

    @Test func `an orphan that was killed is collected too`() async throws {
        try Hardening.apply()
        let command = shell(
            """
            sh -c 'trap "" TERM; echo $$ > $1/orphan; while :; do sleep 1; done' x $1 &
            while ! test -s $1/orphan; do sleep 0.01; done
            exit 0
            """, timeout: .seconds(60))
        #expect(await command.run().isSuccess)
        let pid = try #require(Int32(directory.text("orphan")?.filter(\.isNumber) ?? ""))
        #expect(try ProcessTable.entry(of: pid) == nil)
    }
}
