import Foundation
import HTTP
import LoopbackServer
import Testing

@Suite struct `Over TLS` {
    private let authority: PrivateAuthority
    private let server: TLSServer

    init() throws {
        authority = try PrivateAuthority()
        server = try TLSServer(authority)
    }

    @Test(arguments: [Repeatability.once, .freely])
    func `a host is trusted when the given authority vouches for it`(
        _ repeatability: Repeatability
    ) async throws {
        defer { server.stop() }
        let transport = testTransport(authorities: authority.path("ca.pem"))
        let endpoint = try Endpoint("https://localhost:\(server.port)")
        let seen = try await transport.outcome(.get, endpoint, repeatability, capacity: 65_536)
            .get()
        #expect(seen.status == 200)
        #expect(seen.body.contains("TLSv1.3"))
    }

    @Test func `a host is refused when another authority vouches for it`() async throws {
        defer { server.stop() }
        let other = try PrivateAuthority()
        let endpoint = try Endpoint("https://localhost:\(server.port)")
        for authorities in [nil, other.path("ca.pem")] {
            let outcome = try await testTransport(authorities: authorities).outcome(.get, endpoint)
            #expect(outcome == .failure(.unreachable(.certificateRefused)))
        }
    }

    @Test func `a host is refused when its certificate bears another name`() async throws {
        defer { server.stop() }
        let transport = testTransport(authorities: authority.path("ca.pem"))
        let endpoint = try Endpoint("https://127.0.0.1:\(server.port)")
        let outcome = try await transport.outcome(.post, endpoint, .once)
        #expect(outcome == .failure(.unreachable(.certificateRefused)))
    }

    @Test func `no session key is written to the file that the environment names`() async throws {
        defer { server.stop() }
        let path = authority.path("sessions.log")
        await #expect(processExitsWith: .success) {
            [
                port = server.port as UInt16, path = path as String,
                authorities = authority.path("ca.pem") as String
            ] in
            setenv("SSLKEYLOGFILE", path, 1)
            let seen = try await testTransport(authorities: authorities)
                .outcome(.get, Endpoint("https://localhost:\(port)")).get()
            try #require(seen.status == 200)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `a host is reached through a proxy, which sees no credential`() async throws {
        let port = server.port
        let proxy = try LoopbackServer { _ in
            .tunnel("HTTP/1.1 200 Connected\r\nRetry-After: 5\r\n\r\n", port: port)
        }
        defer {
            proxy.stop()
            server.stop()
        }
        let transport = testTransport(
            authorities: authority.path("ca.pem"), proxy: .at("http://127.0.0.1:\(proxy.port)"))
        let seen = try await transport.outcome(
            .get, Endpoint("https://keyturn.test"), headers: [Header("X-Private", "y")],
            token: "hidden", capacity: 65_536
        ).get()
        #expect(seen.status == 200)
        #expect(seen.retryAfter == nil)
        let request = try #require(proxy.requests.first)
        #expect(request.head.hasPrefix("CONNECT keyturn.test:443 "))
        #expect(!request.head.contains("hidden"))
        #expect(!request.head.contains("X-Private"))
    }
}
