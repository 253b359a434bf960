import Glibc
import Linux
import OpenSSL
import Processes
import Secrets
import Synchronization
import TestSupport
import Testing

struct CommandTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// A shell script, which may take this long.
    private func shell(
        _ script: String, timeout: Duration = .seconds(60), grace: Duration = .milliseconds(200),
        environment: [String: String] = [:], user: Command.User? = nil
    ) -> Command {
        Command(
            program: "/bin/sh", arguments: ["-c", script, "hook", directory.path],
            environment: environment, timeout: timeout, grace: grace, user: user)
    }

    @Test func `the exit status and the signal are reported`() async {
        #expect(await shell("exit 0").run().isSuccess)
        #expect(await shell("exit 7").run().result == .exited(code: 7))
        #expect(await shell("kill -9 $$").run().result == .signaled(number: SIGKILL))
    }

    @Test func `a program that cannot be started is told from one that failed`() async throws {
        func result(_ program: String) async -> Ended.Result {
            await Command(program: program, timeout: .seconds(60)).run().result
        }
        #expect(await result(directory.file("none")) == .notStarted(.programNotFound))
        let plain = try directory.make("plain", "#!/bin/sh\n")
        #expect(await result(plain) == .notStarted(.permissionDenied))
        #expect(await result("bin/sh") == .notStarted(.invalid))
        #expect(await shell("exit\u{0} 0").run().result == .notStarted(.invalid))
        #expect(
            await shell("", environment: ["A=B": "c"]).run().result == .notStarted(.invalid))
        let secret = try secret("canary")
        let none = Command(program: directory.file("none"), timeout: .seconds(60))
        #expect(await none.run(input: secret).result == .notStarted(.programNotFound))
    }

    @Test func `the environment is exactly the list`() async throws {
        setenv("KEYTURN_TEST_LEAK", "canary", 1)
        let command = Command(
            program: "/usr/bin/env", environment: ["KEYTURN_NAME": "db"], timeout: .seconds(60))
        let lines = try await output(of: command).split(separator: "\n").sorted()
        #expect(
            lines == ["KEYTURN_NAME=db", "LANG=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"])
    }

    /// runc CVE-2024-21626.
    @Test func `no descriptor of ours reaches the child`() async throws {
        // Without close-on-exec, as a careless library would open it.
        let open = Glibc.open("/etc/passwd", O_RDONLY)
        defer { close(open) }
        let secret = try secret("canary")
        let command = shell("ls /proc/self/fd > $1/fds")
        #expect(await command.run(input: secret).isSuccess)
        // The last is the listing's own.
        #expect(directory.text("fds") == "0\n1\n2\n3\n")
    }

    /// Ansible CVE-2020-1739, CVE-2020-1753, CVE-2018-16837.
    @Test func `the secret is on standard input and nowhere else`() async throws {
        let secret = try secret("canary")
        let command = shell(
            """
            cat /proc/$$/cmdline /proc/$$/environ > $1/seen
            cat > $1/read
            cat /dev/stdin > $1/again
            """)
        #expect(await command.run(input: secret).isSuccess)
        #expect(directory.text("read") == "canary")
        #expect(directory.text("again") == "canary")
        let seen = try #require(directory.text("seen"))
        #expect(seen.contains("LANG=C.UTF-8"))
        #expect(!seen.contains("canary"))
    }

    @Test func `the child cannot change what it is given`() async throws {
        let secret = try secret("canary")
        let command = shell("echo x >&0 && exit 9; readlink /proc/$$/fd/0 > $1/link; cat > $1/read")
        #expect(await command.run(input: secret).isSuccess)
        #expect(directory.text("read") == "canary")
        #expect(directory.text("link")?.hasPrefix("/memfd:keyturn") == true)
    }

    @Test func `a child that reads nothing, or closes its input, is no failure`() async throws {
        let secret = try SecretBytes(copying: [UInt8](repeating: 65, count: 200_000).span)
        #expect(await shell("exit 0").run(input: secret).isSuccess)
        #expect(await shell("exec 0<&-; exit 0").run(input: secret).isSuccess)
        #expect(await shell("cat > $1/read").run(input: secret).isSuccess)
        #expect(directory.text("read")?.utf8.count == 200_000)
    }

    @Test func `without a secret there is nothing to read`() async {
        #expect(await shell("cat > $1/read").run().isSuccess)
        #expect(directory.text("read") == "")
    }

    @Test func `it runs in the root directory and a session of its own`() async throws {
        let started = Mutex<ProcessIdentity?>(nil)
        let command = shell("pwd > $1/cwd; cat /proc/$$/stat > $1/stat")
        #expect(await command.run { identity in started.withLock { $0 = identity } }.isSuccess)
        #expect(directory.text("cwd") == "/\n")
        let stat = try #require(directory.text("stat")?.split(separator: " "))
        let identity = try #require(started.withLock { $0 })
        #expect(stat[0] == "\(identity.pid)")
        // Group, session, and no terminal.
        #expect(stat[4] == stat[0] && stat[5] == stat[0] && stat[6] == "0")
        #expect(stat[21] == "\(identity.startTime)")
    }

    @Test(.enabled(if: isRoot)) func `it runs as another user with that user's groups alone`()
        async throws
    {
        let user = Command.User(userID: 65_534, groupID: 65_534, supplementaryGroupIDs: [4, 7])
        let command = Command(
            program: "/bin/sh", arguments: ["-c", "id -u; id -g; id -G; ulimit -c >&2"],
            timeout: .seconds(60), user: user)
        #expect(try await output(of: command) == "65534\n65534\n65534 4 7\n")
        // The input can be opened again by that user too.
        let secret = try secret("canary")
        let reading = Command(
            program: "/bin/sh", arguments: ["-c", "test \"$(cat /dev/stdin)\" = canary"],
            timeout: .seconds(60), user: user)
        #expect(await reading.run(input: secret).isSuccess)
    }

    @Test func `output is measured and not kept`() async {
        let ended = await shell("printf abc; printf de >&2").run()
        #expect(ended.standardOutput.byteCount == 3)
        #expect(
            ended.standardOutput.sha256
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(ended.standardError.byteCount == 2)
        #expect(!ended.standardOutput.isTruncated)
    }

    @Test func `output beyond 64 KiB is drained and counted`() async {
        let ended = await shell("head -c 1000000 /dev/zero; head -c 70000 /dev/zero >&2").run()
        #expect(ended.isSuccess)
        #expect(ended.standardOutput.byteCount == 1_000_000)
        #expect(ended.standardError.byteCount == 70_000)
        #expect(ended.standardOutput.isTruncated)
        let hash = SHA256.hash([UInt8](repeating: 0, count: 65_536))
        let digits = hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        #expect(ended.standardOutput.sha256 == digits)
        #expect(ended.standardError.sha256 == digits)
    }

    @Test func `a flood is ended by the time limit`() async {
        let ended = await shell("exec yes", timeout: .milliseconds(300)).run()
        #expect(ended.result == .timedOut)
        #expect(ended.standardOutput.isTruncated)
    }

    @Test func `many commands run at once`() async {
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<24 {
                group.addTask {
                    let script = "head -c 100000 /dev/zero; exit \(number)"
                    return await shell(script).run().result == .exited(code: Int32(number))
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }

    @Test func `what a program writes can be had as a secret`() async throws {
        #expect(try await output(of: shell("printf key")) == "key")
        let long = shell("printf 12345")
        #expect(await failure { _ = try await long.runForOutput(limit: 4) } == .tooLong(limit: 4))
        #expect(try await long.runForOutput(limit: 5).count == 5)
        let broken = shell("printf k; exit 3")
        let failing = await failure { _ = try await broken.runForOutput(limit: 9) }
        guard case .failed(let ended) = failing else {
            Issue.record("it should fail")
            return
        }
        #expect(ended.result == .exited(code: 3))
    }

    private func output(of command: Command) async throws -> String {
        let secret = try await command.runForOutput(limit: 4096)
        return String(decoding: (0..<secret.count).map { secret.bytes[$0] }, as: UTF8.self)
    }

    private func failure(_ body: () async throws -> Void) async -> CommandError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? CommandError
        }
    }
}

/// A secret that holds a text.
func secret(_ text: String) throws -> SecretBytes {
    var secret = try SecretBytes(capacity: text.utf8.count)
    secret.append(plain: text)
    return secret
}
