import HTTP
import LoopbackServer
import Testing

@Suite struct `A request that mints` {
    /// Answers the first request of each connection and hangs up on all that follow.
    private func fickleServer() throws -> LoopbackServer {
        try LoopbackServer { request in
            request.number == 1 ? .answer(httpAnswer(200)) : .close
        }
    }

    @Test func `goes over a connection of its own, where nothing is repeated`() async throws {
        let server = try fickleServer()
        defer { server.stop() }
        let transport = testTransport()
        for _ in 1...3 {
            let outcome = try await transport.outcome(.post, server.endpoint(), body: "m", .once)
            #expect(try outcome.get().status == 200)
        }
        #expect(server.requests.count == 3)
        #expect(server.connectionCount == 3)
    }

    /// The danger that the tests here are about: libcurl repeats by itself.
    @Test func `is not one that may be repeated: that is sent again`() async throws {
        let server = try fickleServer()
        defer { server.stop() }
        let transport = testTransport()
        _ = try await transport.outcome(.post, server.endpoint(), body: "m", .freely)
        let second = try await transport.outcome(.post, server.endpoint(), body: "m", .freely)
        #expect(try second.get().status == 200)
        #expect(server.requests.count == 3)
    }

    @Test(arguments: [LoopbackServer.Reaction.close, .reset])
    func `is sent once when the connection ends, and is unsettled`(
        _ end: LoopbackServer.Reaction
    ) async throws {
        let server = try LoopbackServer { _ in end }
        defer { server.stop() }
        let outcome = try await testTransport().outcome(.post, server.endpoint(), body: "m", .once)
        #expect(outcome == .failure(.unsettled(.closed)))
        #expect(server.requests.count == 1)
    }

    @Test func `is sent once when connections to its host lie open`() async throws {
        let server = try LoopbackServer { request in
            request.head.hasPrefix("GET") ? .answer(httpAnswer(200)) : .close
        }
        defer { server.stop() }
        let transport = testTransport()
        _ = try await transport.outcome(.get, server.endpoint())
        let outcome = try await transport.outcome(.post, server.endpoint(), body: "m", .once)
        #expect(outcome == .failure(.unsettled(.closed)))
        #expect(server.requests.map(\.connection) == [1, 2])
    }

    @Test func `leaves its connection to those that may be repeated`() async throws {
        let server = try LoopbackServer { _ in .answer(httpAnswer(200)) }
        defer { server.stop() }
        let transport = testTransport()
        _ = try await transport.outcome(.post, server.endpoint(), body: "m", .once)
        _ = try await transport.outcome(.get, server.endpoint())
        #expect(server.connectionCount == 1)
    }

    @Test func `is unsettled when no answer comes in time`() async throws {
        let server = try LoopbackServer { _ in .hang }
        defer { server.stop() }
        let transport = testTransport(timeout: .milliseconds(300))
        let outcome = try await transport.outcome(.post, server.endpoint(), body: "m", .once)
        #expect(outcome == .failure(.unsettled(.timedOut)))
        #expect(server.requests.count == 1)
    }

    @Test(arguments: [
        "ICY 200 OK\r\n\r\n", "garbage", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nDate: Sun",
    ])
    func `is unsettled when what comes is not the head of an answer`(_ answer: String) async throws
    {
        let server = try LoopbackServer { _ in .answerAndClose(answer) }
        defer { server.stop() }
        let outcome = try await testTransport().outcome(.post, server.endpoint(), .once)
        #expect(outcome == .failure(.unsettled(.brokenAnswer)))
    }
}
