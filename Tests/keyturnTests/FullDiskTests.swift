import Glibc
import PineconeEmulator
import Rotations
import Synchronization
import Testing

@testable import keyturn

/// Whether this process may mount a small file system, which only root outside a container may.
private let canMount: Bool = {
    var template = Array("/tmp/keyturn-mount-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { return false }
    defer { rmdir(template) }
    guard mount("none", template, "tmpfs", 0, "size=64k") == 0 else { return false }
    return umount(template) == 0
}()

/// A disk that is full in the moment in which a secret arrives (P9, P14).
@Suite(.enabled(if: canMount), .timeLimit(.minutes(60))) struct FullDiskTests {
    /// A small disk, which goes with the test however that ends.
    private final class SmallDisk {
        private let path: String

        init(at path: String) throws {
            self.path = path
            try #require(mount("none", path, "tmpfs", 0, "size=6m,mode=0700") == 0)
        }

        deinit { umount2(path, Int32(MNT_DETACH)) }
    }

    /// A program whose state has a small disk of its own, and a due account.
    private func program() async throws -> (TestProgram, SmallDisk, ServiceAccount) {
        let program = try await TestProgram()
        let disk = try SmallDisk(at: try program.directory.makeDirectory("state"))
        return (program, disk, try await program.dueAccount(held: true))
    }

    /// Writes until nothing more goes.
    private static func fill(_ path: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(file) }
        let chunk = [UInt8](repeating: 1, count: 4096)
        while write(file, chunk, chunk.count) > 0 {}
    }

    @Test func `the ballast makes room for the answer`() async throws {
        let (program, disk, account) = try await program()
        defer { withExtendedLifetime(disk) {} }
        let filler = program.directory.file("state/filler")
        program.follow(StopPlan { if $0 == "keep" { Self.fill(filler) } })

        let run = await program.keyturn("run")
        #expect(run.status == 0)
        #expect(program.directory.text("state/ballast") == nil)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(program.emulator.rotations(of: account.id) == 2)
        unlink(filler)
        #expect(await program.isTrailIntact())
    }

    @Test func `with no room at all it is printed sealed, and can be recovered`() async throws {
        let (program, disk, account) = try await program()
        defer { withExtendedLifetime(disk) {} }
        let filler = program.directory.file("state/filler")
        let ballast = program.directory.file("state/ballast")
        program.follow(
            StopPlan {
                guard $0 == "keep" else { return }
                unlink(ballast)
                Self.fill(filler)
            })

        let run = await program.keyturn("run")
        #expect(run.status == 4)
        #expect(run.conversation.contains("BEGIN KEYTURN SEALED ANSWER"))
        unlink(filler)
        #expect(await program.keyturn("recover", input: run.conversation).status == 0)
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(await program.isTrailIntact())
    }

    @Test func `without room in reserve nothing is minted`() async throws {
        let (program, disk, account) = try await program()
        defer { withExtendedLifetime(disk) {} }
        let filler = program.directory.file("state/filler")
        program.follow(StopPlan { if $0 == "ready" { Self.fill(filler) } })

        #expect(await program.keyturn("run").status != 0)
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(program.isDeliveredAccepted("ci", account))
        unlink(filler)
        program.follow(StopPlan())
        program.advance(.hours(1))
        #expect(await program.keyturn("run").status == 0)
        #expect(program.emulator.rotations(of: account.id) == 2)
        #expect(await program.isTrailIntact())
    }
}
