import HTTP
import LoopbackServer
import Testing

@Suite struct `Nothing was sent` {
    @Test func `when the connection is refused`() async throws {
        let closed = try ClosedPort()
        let endpoint = try Endpoint("http://127.0.0.1:\(closed.port)")
        let outcome = try await testTransport().outcome(.post, endpoint, .once)
        #expect(outcome == .failure(.unreachable(.connectionRefused)))
    }

    @Test func `when the proxy says nothing until the limit to connect`() async throws {
        let proxy = try LoopbackServer { _ in .hang }
        defer { proxy.stop() }
        let transport = testTransport(
            connectTimeout: .milliseconds(300), proxy: .at("http://127.0.0.1:\(proxy.port)"))
        let outcome = try await transport.outcome(.post, Endpoint("https://keyturn.test"), .once)
        #expect(outcome == .failure(.unreachable(.connectTimedOut)))
    }

    @Test func `when the host does not speak TLS`() async throws {
        let server = try LoopbackServer { _ in .answer(httpAnswer(200)) }
        defer { server.stop() }
        let endpoint = try Endpoint("https://127.0.0.1:\(server.port)")
        let transport = testTransport(connectTimeout: .milliseconds(500))
        let outcome = try await transport.outcome(.post, endpoint, .once)
        // The server waits for the end of a request that is none; nobody speaks until the limit.
        #expect(outcome == .failure(.unreachable(.connectTimedOut)))
        #expect(server.requests.isEmpty)
    }

    @Test func `when the file of authorities is not there`() async throws {
        let server = try LoopbackServer { _ in .answer(httpAnswer(200)) }
        defer { server.stop() }
        let endpoint = try Endpoint("https://127.0.0.1:\(server.port)")
        let transport = testTransport(authorities: "/nowhere/ca.pem")
        let outcome = try await transport.outcome(.get, endpoint)
        #expect(outcome == .failure(.unreachable(.authoritiesUnreadable)))
        #expect(server.requests.isEmpty)
    }

    @Test func `when the transport was closed, before or after its first request`() async throws {
        let server = try LoopbackServer { _ in .answer(httpAnswer(200)) }
        defer { server.stop() }
        for before in [0, 1] {
            let transport = testTransport()
            for _ in 0..<before { _ = try await transport.outcome(.get, server.endpoint()) }
            transport.close()
            let outcome = try await transport.outcome(.get, server.endpoint())
            #expect(outcome == .failure(.unreachable(.transportClosed)))
        }
        #expect(server.requests.count == 1)
    }
}
