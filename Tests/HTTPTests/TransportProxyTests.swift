import Glibc
import HTTP
import LoopbackServer
import Testing

@Suite struct `A proxy` {
    @Test(arguments: [403, 407, 502])
    func `that says no means that nothing was sent`(_ status: Int) async throws {
        let proxy = try LoopbackServer { _ in .answerAndClose(httpAnswer(status)) }
        defer { proxy.stop() }
        let transport = testTransport(proxy: .at("http://127.0.0.1:\(proxy.port)"))
        let outcome = try await transport.outcome(
            .post, Endpoint("https://keyturn.test"), token: "hidden", body: "m", .once)
        #expect(outcome == .failure(.unreachable(.proxyFailed)))
        #expect(proxy.requests.map { $0.head.hasPrefix("CONNECT") } == [true])
        #expect(proxy.requests.allSatisfy { $0.body.isEmpty && !$0.head.contains("hidden") })
    }

    @Test func `that hangs up means that nothing was sent`() async throws {
        let proxy = try LoopbackServer { _ in .close }
        defer { proxy.stop() }
        let transport = testTransport(proxy: .at("http://127.0.0.1:\(proxy.port)"))
        let outcome = try await transport.outcome(.post, Endpoint("https://keyturn.test"), .once)
        guard case .failure(.unreachable) = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test func `is not asked for this machine`() async throws {
        let proxy = try LoopbackServer { _ in .close }
        let server = try LoopbackServer { _ in .answer(httpAnswer(200)) }
        defer {
            proxy.stop()
            server.stop()
        }
        let transport = testTransport(proxy: .at("http://127.0.0.1:\(proxy.port)"))
        let seen = try await transport.outcome(.get, server.endpoint()).get()
        #expect(seen.status == 200)
        #expect(proxy.connectionCount == 0)
    }

    // The environment belongs to the whole process, so these run in one of their own.

    @Test func `is taken from the environment`() async throws {
        let proxy = try LoopbackServer { _ in .answerAndClose(httpAnswer(403)) }
        defer { proxy.stop() }
        await #expect(processExitsWith: .success) { [port = proxy.port as UInt16] in
            setenv("HTTPS_PROXY", "http://127.0.0.1:\(port)", 1)
            let outcome = try await testTransport(proxy: .environment)
                .outcome(.post, Endpoint("https://keyturn.test"), .once)
            try #require(outcome == .failure(.unreachable(.proxyFailed)))
        }
        #expect(proxy.requests.map { $0.head.hasPrefix("CONNECT keyturn.test:443") } == [true])
    }

    @Test func `from the environment is not asked where that says so, or for this machine`()
        async throws
    {
        let proxy = try LoopbackServer { _ in .answerAndClose(httpAnswer(403)) }
        let server = try LoopbackServer { _ in .answer(httpAnswer(200)) }
        defer {
            proxy.stop()
            server.stop()
        }
        await #expect(processExitsWith: .success) {
            [proxy = proxy.port as UInt16, server = server.port as UInt16] in
            for name in ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"] {
                setenv(name, "http://127.0.0.1:\(proxy)", 1)
            }
            // An address of this machine that does not look like one.
            setenv("NO_PROXY", "0.0.0.0", 1)
            let transport = testTransport(proxy: .environment)
            let here = try Endpoint("http://127.0.0.1:\(server)")
            try #require(try await transport.outcome(.get, here).get().status == 200)
            let closed = try ClosedPort()
            let exempt = try Endpoint("https://0.0.0.0:\(closed.port)")
            let outcome = try await transport.outcome(.get, exempt)
            try #require(outcome == .failure(.unreachable(.connectionRefused)))
        }
        #expect(proxy.connectionCount == 0)
    }
}
