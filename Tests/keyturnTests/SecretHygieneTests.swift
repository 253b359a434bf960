import FoundationEssentials
import Glibc
@testable import PineconeEmulator
import Rotations
import TestSupport
import Testing

@testable import keyturn

/// Where plaintext may not be, after all kinds of trouble (invariant 9).
@Suite struct SecretHygieneTests {
    @Test func `no secret is anywhere but where it was to go`() async throws {
        let program = try await TestProgram()
        let account = program.emulator.addServiceAccount(name: "deploys")
        let key = program.emulator.addAPIKey(project: program.project, name: "search")
        let seen = program.directory.file("seen")
        let hook = try program.hook(
            "cat /proc/self/cmdline /proc/self/environ /proc/$PPID/cmdline >> \(seen)\nexit 1")
        let command = hook.yaml
        var said = ""
        var secrets: Set<String> = []
        func keyturn(_ arguments: String..., input: String? = nil) async {
            let outcome = await program.keyturn(arguments, input: input)
            said += outcome.output + outcome.conversation
            // The emulator forgets what is long dead.
            secrets.formUnion(program.emulator.everySecret)
        }
        try await program.setUp(
            program.policy("ci", account: account, more: command)
                + program.policy("search", key: key, more: command))

        let faults: [Fault.Loss?] = [
            nil, .truncatedBody, .closeInBody, .status(500), .emptyBody, nil,
        ]
        for fault in faults {
            if let fault {
                program.emulator.inject(Fault(operation: .rotateSecret, effect: .after(fault)))
                program.emulator.inject(Fault(operation: .createAPIKey, effect: .after(fault)))
                program.emulator.inject(Fault(operation: .token, effect: .after(fault)))
            }
            await keyturn("run")
            await keyturn("run", "--json")
            await keyturn("deliver", "ci")
            program.advance(.hours(25))
            await keyturn("run")
            await keyturn("rotate", "search", "--compromised", "--reason", "x", "--confirm", "1")
            program.advance(.days(31))
        }
        try program.execute(
            """
            CREATE TRIGGER harm BEFORE INSERT ON sealed WHEN NEW.purpose = 'answer'
            BEGIN SELECT RAISE(ABORT, 'harm'); END
            """)
        await keyturn("rotate", "ci", "--reason", "x", "--confirm", "ci")
        #expect(program.spooled.count == 1)
        for command in [
            ["status"], ["check"], ["plan"], ["secret", "show", "ci"], ["audit", "list"],
        ] {
            let outcome = await program.keyturn(command + ["--json"])
            said += outcome.output + outcome.conversation
        }
        said += await program.keyturn("audit", "list", "--limit", "10000", "--json").output

        #expect(secrets.count > 20)
        let hookSaw = try #require(program.directory.text("seen"))
        #expect(hookSaw.contains("KEYTURN_VERSION"))
        var places = [("said", Array(said.utf8)), ("hook", Array(hookSaw.utf8))]
        for path in Self.files(program.directory.file("state")) {
            places.append((path, Self.bytes(path)))
        }
        #expect(places.count > 6)
        for secret in secrets {
            for form in Self.forms(of: secret) {
                for (name, bytes) in places where Self.contains(bytes, form) {
                    Issue.record("a secret is in \(name)")
                }
            }
        }
        // The search finds what is there.
        #expect(
            secrets.contains { secret in
                Self.contains(Self.bytes(program.directory.file("out/ci.env")), Array(secret.utf8))
            })
    }

    /// Raw, hexadecimal, and base64 wherever it begins in a longer text.
    private static func forms(of secret: String) -> [[UInt8]] {
        let bytes = Array(secret.utf8)
        let digits = Array("0123456789abcdef".utf8)
        let hex = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        let base64 = (0..<3).map { offset in
            let whole = Data(bytes.dropFirst(offset)).base64EncodedString()
            return Array(whole.utf8.prefix(32))
        }
        return [bytes, hex, hex.map { $0 >= 0x61 ? $0 - 0x20 : $0 }] + base64
    }

    private static func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            guard var place = bytes.baseAddress else { return false }
            let end = place + bytes.count
            while let found = memchr(place, Int32(part[0]), end - place),
                end - UnsafeRawPointer(found) >= part.count
            {
                if memcmp(found, part, part.count) == 0 { return true }
                place = UnsafeRawPointer(found) + 1
            }
            return false
        }
    }

    private static func bytes(_ path: String) -> [UInt8] {
        // A socket or a directory holds nothing.
        (try? Array(Data(contentsOf: URL(fileURLWithPath: path)))) ?? []
    }

    /// All files below a directory.
    private static func files(_ path: String) -> [String] {
        let names = TemporaryDirectory.names(in: path)
        guard !names.isEmpty else { return [path] }
        return names.flatMap { files("\(path)/\($0)") }
    }
}

extension Emulator {
    /// Every secret, key value and token that was ever given out.
    fileprivate var everySecret: Set<String> {
        withService { service, _ in
            var all = Set(service.world.tokens.keys)
            for account in service.world.accounts.values {
                all.formUnion(account.secrets.map(\.value))
            }
            all.formUnion(service.world.keys.values.map(\.value))
            return all
        }
    }
}
