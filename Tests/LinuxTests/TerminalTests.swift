import CLinux
import Glibc
import Secrets
import Synchronization
import Testing

@testable import Linux

/// One at a time: the echo is the terminal's, and signals are the process's.
@Suite(.serialized)
struct TerminalTests {
    /// A terminal with both of its sides in our hands.
    struct PseudoTerminal: ~Copyable {
        let near: Descriptor
        let far: Descriptor

        init() throws {
            near = Descriptor(adopting: open("/dev/ptmx", O_RDWR | O_NOCTTY))
            // ioctl_tty(2): TIOCSPTLCK, TIOCGPTPEER.
            var locked: Int32 = 0
            try #require(ioctl(near.number, 0x4004_5431, &locked) == 0)
            let other = ioctl(near.number, 0x5441, O_RDWR | O_NOCTTY)
            try #require(other >= 0)
            far = Descriptor(adopting: other)
        }
    }

    @Test func `a line is read without an echo, which is back afterwards`() async throws {
        let terminal = try PseudoTerminal()
        #expect(cl_echoes(terminal.far.number) == 1)
        let far = dup(terminal.far.number)
        let reading = Task {
            await onOwnThread { () -> Bool in
                let side = Descriptor(adopting: far)
                guard let line = try? Terminal.readLine(from: side, limit: 64) else { return false }
                return line.count == 6 && line.bytes[0] == UInt8(ascii: "c")
            }
        }
        while cl_echoes(terminal.far.number) == 1 { await Task.yield() }
        try terminal.near.write(Array("canary\n".utf8).span)
        #expect(await reading.value)
        #expect(cl_echoes(terminal.far.number) == 1)
        try terminal.near.setNonblocking()
        var shown = try SecretBytes(capacity: 64)
        _ = try terminal.near.read(into: &shown)
        // The end of the line alone is shown.
        #expect(!(0..<shown.count).contains { shown.bytes[$0] == UInt8(ascii: "c") })
    }

    @Test func `the echo is back when a line is too long`() throws {
        let terminal = try PseudoTerminal()
        #expect(cl_echo_off(terminal.far.number) == 0)
        #expect(cl_echo_off(terminal.far.number) == -1 && errno == EBUSY)
        #expect(cl_echo_restore() == 0)
        #expect(cl_echoes(terminal.far.number) == 1)
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
    func `the echo is back when a signal comes`(_ number: Int32) async throws {
        let terminal = try PseudoTerminal()
        // Instead of ending the tests, the signal is counted.
        let before = signal(number) { _ in signalsSeen.add(1, ordering: .relaxed) }
        defer { signal(number, before) }
        let seenBefore = signalsSeen.load(ordering: .relaxed)
        #expect(cl_echo_off(terminal.far.number) == 0)
        #expect(cl_echoes(terminal.far.number) == 0)
        await onOwnThread {
            // The runtime's threads block all signals, and this one has that from them.
            var all = sigset_t()
            sigfillset(&all)
            pthread_sigmask(SIG_UNBLOCK, &all, nil)
            raise(number)
        }
        #expect(cl_echoes(terminal.far.number) == 1)
        #expect(signalsSeen.load(ordering: .relaxed) == seenBefore + 1)
        #expect(cl_echo_restore() == 0)
    }

    @Test func `whoever is asked is not waited for once the program is to end`() throws {
        let terminal = try PseudoTerminal()
        #expect(!Poll.waitForLine(on: terminal.far.number, unless: { true }))
        #expect(throws: InputError.interrupted) {
            _ = try Terminal.readLine(from: terminal.far, limit: 8, isStopping: { true })
        }
        #expect(cl_echoes(terminal.far.number) == 1)
    }

    @Test func `what is no terminal is not asked`() throws {
        var pipe = try Pipe()
        let near = pipe.takeReadEnd()
        #expect(throws: InputError.noTerminal) {
            _ = try Terminal.readLine(from: near, limit: 8)
        }
    }

    @Test func `all of an input is read up to its limit`() throws {
        for (text, limit) in [("", 4), ("abcd", 4), ("abcde", 4)] {
            var pipe = try Pipe()
            let near = pipe.takeReadEnd()
            try pipe.takeWriteEnd().write(Array(text.utf8).span)
            if text.utf8.count <= limit {
                let all = try StandardInput.readAll(from: near, limit: limit)
                #expect(all.count == text.utf8.count)
            } else {
                #expect(throws: InputError.tooLong(limit: limit)) {
                    _ = try StandardInput.readAll(from: near, limit: limit)
                }
            }
        }
    }

    @Test func `a line ends at its end and leaves the rest`() throws {
        var pipe = try Pipe()
        let near = pipe.takeReadEnd()
        try pipe.takeWriteEnd().write(Array("first\nsecond".utf8).span)
        #expect(try StandardInput.readLine(from: near, limit: 16).count == 5)
        #expect(try StandardInput.readLine(from: near, limit: 16).count == 6)
        #expect(throws: InputError.ended) { _ = try StandardInput.readLine(from: near, limit: 16) }
    }
}

private let signalsSeen = Atomic(0)
