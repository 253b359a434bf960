import Curl
import LoopbackServer
import Secrets
import Testing

@Suite struct `Transfers of libcurl` {
    private func request(
        _ server: LoopbackServer, mayReuseConnection: Bool, mayBeResent: Bool
    ) throws -> CurlRequest {
        CurlRequest(
            url: "http://127.0.0.1:\(server.port)/", host: "here", isLoopback: true,
            method: "POST", lines: try SecretBytes(capacity: 0), body: try SecretBytes.random(8),
            answer: try SecretBytes(capacity: 100), keptHeaders: [],
            mayReuseConnection: mayReuseConnection, mayBeResent: mayBeResent)
    }

    private func multi(proxy: CurlSettings.Proxy = .none) -> CurlMulti {
        CurlMulti(
            CurlSettings(
                authorities: nil, proxy: proxy, connectLimit: .seconds(20), limit: .seconds(40),
                userAgent: "test", transfersPerHost: 4))
    }

    /// Even on a connection that lies open: the second lock, without the first.
    @Test func `are not sent a second time when that is forbidden`() async throws {
        let server = try LoopbackServer { request in
            request.number == 1 ? .answer(httpAnswer(200)) : .close
        }
        defer { server.stop() }
        let multi = multi()
        defer { multi.close() }
        let first = await multi.perform(
            try request(server, mayReuseConnection: true, mayBeResent: true))
        #expect(first.head?.status == 200)
        let second = await multi.perform(
            try request(server, mayReuseConnection: true, mayBeResent: false))
        #expect(second.failure == .connectionClosed)
        #expect(second.wasSent == true)
        #expect(server.requests.map(\.connection) == [1, 1])
    }

    @Test func `to this machine ask no proxy`() async throws {
        let proxy = try LoopbackServer { _ in .close }
        let server = try LoopbackServer { _ in .answer(httpAnswer(200)) }
        defer {
            proxy.stop()
            server.stop()
        }
        let multi = multi(proxy: .at("http://127.0.0.1:\(proxy.port)"))
        defer { multi.close() }
        let answer = await multi.perform(
            try request(server, mayReuseConnection: true, mayBeResent: true))
        #expect(answer.head?.status == 200)
        #expect(proxy.connectionCount == 0)
    }

    @Test func `in flight are seen to their ends when the rest is closed`() async throws {
        let multi = multi()
        let server = try LoopbackServer { _ in
            multi.close()
            return .answer(httpAnswer(200))
        }
        defer { server.stop() }
        let answer = await multi.perform(
            try request(server, mayReuseConnection: false, mayBeResent: false))
        #expect(answer.head?.status == 200)
        #expect(answer.failure == nil)
        let late = await multi.perform(
            try request(server, mayReuseConnection: false, mayBeResent: false))
        #expect(late.failure == .multiClosed)
        #expect(late.wasSent == false)
    }

    @Test func `in the clear to another machine are refused, unsent`() async throws {
        let server = try LoopbackServer { _ in .answer(httpAnswer(200)) }
        defer { server.stop() }
        let multi = multi()
        defer { multi.close() }
        var request = try request(server, mayReuseConnection: true, mayBeResent: true)
        request.isLoopback = false
        let answer = await multi.perform(request)
        #expect(answer.failure == .addressRefused)
        #expect(answer.wasSent == false)
        #expect(server.connectionCount == 0)
    }
}
