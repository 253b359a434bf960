import Foundation
import PineconeEmulator
import Rotations
import TestSupport
import Testing

@testable import keyturn

/// Delivered files that somebody changed: noticed, and repaired only with what is proved alive (P21).
@Suite struct DriftTests {
    private func delivered() async throws -> (TestProgram, ServiceAccount, path: String) {
        let program = try await TestProgram()
        let account = try await program.dueAccount()
        try await program.require(program.keyturn("run"))
        return (program, account, program.directory.file("out/ci.env"))
    }

    private func drift(_ program: TestProgram) async -> (status: Int32, text: String) {
        let check = await program.keyturn("check", "--drift")
        let lines = check.output.split(separator: "\n").filter { $0.contains(" drift ") }
        return (check.status, lines.joined(separator: "\n"))
    }

    enum Change: CaseIterable { case contents, gone, mode, link }

    private func make(_ change: Change, _ path: String) throws {
        switch change {
        case .contents:
            try Data("PINECONE_CLIENT_SECRET=mine\n".utf8).write(to: URL(filePath: path))
        case .gone: try FileManager.default.removeItem(atPath: path)
        case .mode: try #require(chmod(path, 0o644) == 0)
        case .link:
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createSymbolicLink(
                atPath: path, withDestinationPath: "/etc/hostname")
        }
    }

    @Test(arguments: Change.allCases)
    func `it is noticed`(_ change: Change) async throws {
        let (program, _, path) = try await delivered()
        var (status, text) = await drift(program)
        #expect(status == 0)
        #expect(text.contains("OK drift ci: its files are as delivered"))
        try make(change, path)

        (status, text) = await drift(program)

        #expect(status == 7 || change == .link)
        #expect(text.contains("ATTENTION drift ci: file:\(path) "))
        let words =
            switch change {
            case .contents: "holds something else than was delivered"
            case .gone: "is gone"
            case .mode: "has the mode 0644, not 0600"
            case .link: "cannot be looked at: "
            }
        #expect(text.contains(words), "\(text)")
        // Without the option nobody looks into files.
        let plain = await program.keyturn("check")
        #expect(!plain.output.contains("drift"))
    }

    @Test(arguments: [Change.contents, .gone, .mode])
    func `the first run of a day repairs it`(_ change: Change) async throws {
        let (program, account, path) = try await delivered()
        try make(change, path)
        #expect(await program.keyturn("run").output == "")
        program.advance(.hours(25))

        let run = await program.keyturn("run")

        #expect(run.status == 0, "\(run)")
        #expect(run.conversation.contains("file:\(path) "))
        #expect(program.isDeliveredAccepted("ci", account))
        #expect(
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                == 0o600)
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(await drift(program).status == 0)
        #expect(await program.isTrailIntact())
    }

    @Test func `what somebody put there by hand is not overwritten with a dead value`() async throws
    {
        let (program, account, path) = try await delivered()
        let theirs = program.emulator.rotateElsewhere(account: account.id)
        try Data("PINECONE_CLIENT_SECRET=\(theirs ?? "")\n".utf8).write(to: URL(filePath: path))
        program.advance(.hours(25))

        let run = await program.keyturn("run")

        #expect(run.status == 7, "\(run)")
        #expect(TemporaryDirectory.text(at: path)?.contains(theirs ?? "-") == true)
        #expect(program.emulator.rotations(of: account.id) == 1)
        #expect(await program.isTrailIntact())
    }
}
