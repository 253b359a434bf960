import HTTP
import LoopbackServer
import Secrets
import TestSupport
import Testing

/// Each looks through the memory of a process of its own, which knows the secrets in disguise only.
@Suite struct `Memory, after a request,` {
    @Test func `holds neither the credential nor the answer`() async throws {
        let server = try LoopbackServer { request in
            let token =
                request.head.split(separator: "\r\n")
                .first { $0.hasPrefix("Authorization: Bearer ") }?.dropFirst(22) ?? ""
            return .answer(httpAnswer(200, body: String(token.reversed())))
        }
        defer { server.stop() }
        await #expect(processExitsWith: .success) { [port = server.port as UInt16] in
            try await sendAndScan(
                testTransport(), Endpoint("http://127.0.0.1:\(port)"), offset: 0)
        }
        #expect(server.requests.count == 1)
    }

    @Test func `holds neither of them when it went over TLS`() async throws {
        let authority = try PrivateAuthority()
        let server = try TLSServer(authority)
        defer { server.stop() }
        await #expect(processExitsWith: .success) {
            [port = server.port as UInt16, authorities = authority.path("ca.pem") as String] in
            // From here on the page lists what the server can do, in a form of its own.
            try await sendAndScan(
                testTransport(authorities: authorities), Endpoint("https://localhost:\(port)"),
                offset: 400)
        }
    }
}

/// Sends a request with a credential, reads the answer, and finds both while they are held, and
/// neither afterwards.
private func sendAndScan(
    _ transport: Transport, _ endpoint: Endpoint, offset: Int
) async throws {
    let (token, answer) = try await scans(transport, endpoint, offset: offset)
    // The transport's thread lets go of its part when it comes to it, a moment later.
    for _ in 0..<100 where try token.hits() + answer.hits() > 0 { await Task.yield() }
    try #require(try token.hits() == 0)
    try #require(try answer.hits() == 0)
}

private func scans(
    _ transport: Transport, _ endpoint: Endpoint, offset: Int
) async throws -> (token: MemoryScan, answer: MemoryScan) {
    let random = try SecretBytes.random(40)
    var token = try SecretBytes(capacity: 40)
    for index in 0..<40 { token.append(0x41 + random.bytes[index] % 26) }
    let request = try Request(
        .get, endpoint, authorization: .bearer(token), repeatable: .once, responseCapacity: 65_536)
    let response = try await transport.send(request).get()
    let inToken = MemoryScan(for: token.bytes, count: 40)
    let inAnswer = MemoryScan(for: response.body.bytes, offset: offset, count: 40)
    // That they are found now shows that the scan can find them.
    try #require(try inToken.hits() > 0)
    try #require(try inAnswer.hits() > 0)
    return (inToken, inAnswer)
}
