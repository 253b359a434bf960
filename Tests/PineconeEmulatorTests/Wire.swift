import FlyingSocks
import FoundationEssentials
import Glibc

@testable import PineconeEmulator

/// A client that shows what really went over the connection. Runs on the emulators' own lane, see
/// `EventLoop.Lane`.
final class Wire: Sendable {
    private let socket: AsyncSocket

    /// What came back until the answer was whole or the connection ended.
    struct Answer: Sendable {
        let status: Int?
        let head: String
        let body: [UInt8]
        /// As many bytes came as the head had promised.
        let isWhole: Bool

        var json: JSON? {
            try? JSON(reading: body)  // nil if it is not JSON
        }
    }

    init(to emulator: Emulator) async throws {
        let pool = try await EventLoop.pool.value
        let socket = try Socket(domain: AF_INET)
        try socket.connect(to: .inet(ip4: "127.0.0.1", port: emulator.port ?? 0))
        self.socket = try AsyncSocket(socket: socket, pool: pool)
    }

    func close() throws {
        try socket.close()
    }

    func send(
        _ method: String, _ target: String, token: String? = nil, headers: [String: String] = [:],
        body: String = ""
    ) async throws {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        text += "X-Pinecone-Api-Version: 2026-07\r\nContent-Length: \(body.utf8.count)\r\n"
        if let token { text += "Authorization: Bearer \(token)\r\n" }
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        try await sendRaw(text + "\r\n" + body)
    }

    func sendRaw(_ text: String) async throws {
        try await onLane { try await self.socket.write(Data(text.utf8)) }
    }

    func receive() async throws -> Answer {
        try await onLane {
            var bytes: [UInt8] = []
            while true {
                if let answer = Self.answer(bytes), answer.isWhole { return answer }
                do {
                    bytes += try await self.socket.read(atMost: 4096)
                } catch {
                    return Self.answer(bytes)
                        ?? Answer(status: nil, head: "", body: bytes, isWhole: false)
                }
            }
        }
    }

    func ask(
        _ method: String, _ target: String, token: String? = nil, headers: [String: String] = [:],
        body: String = ""
    ) async throws -> Answer {
        try await send(method, target, token: token, headers: headers, body: body)
        return try await receive()
    }

    func token(_ account: ServiceAccount, secret: String? = nil) async throws -> String? {
        let form =
            "grant_type=client_credentials&client_id=\(account.clientID)"
            + "&client_secret=\(secret ?? account.clientSecret)"
            + "&audience=https://api.pinecone.io/"
        let type = ["Content-Type": "application/x-www-form-urlencoded"]
        return try await ask("POST", "/oauth/token", headers: type, body: form)
            .json?["access_token"]?.string
    }

    private func onLane<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await Task(executorPreference: EventLoop.lane) { try await body() }.value
    }

    private static func answer(_ bytes: [UInt8]) -> Answer? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let head = String(text[..<end.lowerBound])
        let body = Array(text[end.upperBound...].utf8)
        let status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        let length = head.split(separator: "\r\n").first {
            $0.lowercased().hasPrefix("content-length:")
        }
        let promised = length.flatMap { Int($0.dropFirst(16)) } ?? 0
        return Answer(status: status, head: head, body: body, isWhole: body.count == promised)
    }
}
