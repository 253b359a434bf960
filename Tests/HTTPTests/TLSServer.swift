import Foundation
import Synchronization

/// A host that speaks TLS, with a certificate of a private authority: `openssl s_server -www`,
/// which answers each GET with a page about the connection.
final class TLSServer: Sendable {
    /// Where it listens on 127.0.0.1.
    let port: UInt16
    private let process: Process

    init(_ authority: PrivateAuthority) throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = [
            "s_server", "-accept", "127.0.0.1:0", "-www",
            "-cert", authority.path("host.pem"), "-key", authority.path("host.key"),
        ]
        let output = Pipe()
        process.standardInput = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // "ACCEPT 127.0.0.1:37037"
        var text = ""
        while !text.hasSuffix("\n") || !text.contains("ACCEPT") {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Trouble.noServer }
            text += String(decoding: more, as: UTF8.self)
        }
        let digits = text.split(separator: ":").last.map { $0.filter(\.isNumber) }
        guard let port = digits.flatMap({ UInt16($0) }) else { throw Trouble.noServer }
        self.port = port
    }

    /// Not `terminate()`: the threads of the pool have SIGTERM blocked, and a child inherits that.
    func stop() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

/// A private authority and a certificate of its making for `localhost` and `keyturn.test`, in files.
final class PrivateAuthority: Sendable {
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("keyturn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        try openssl(
            ["req", "-x509", "-days", "2", "-subj", "/CN=Private authority"] + key
                + ["-keyout", path("ca.key"), "-out", path("ca.pem")])
        try openssl(
            [
                "req", "-subj", "/CN=host", "-addext",
                "subjectAltName=DNS:localhost,DNS:keyturn.test",
            ]
                + key + ["-keyout", path("host.key"), "-out", path("host.csr")])
        try openssl([
            "x509", "-req", "-days", "2", "-in", path("host.csr"), "-copy_extensions", "copy",
            "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-out", path("host.pem"),
        ])
    }

    deinit {
        // What is left of it in the temporary directory harms nothing.
        try? FileManager.default.removeItem(at: directory)
    }

    func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Trouble.noCertificate }
    }
}

enum Trouble: Error {
    case noServer
    case noCertificate
}
