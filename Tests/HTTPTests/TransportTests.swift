import Glibc
import HTTP
import LoopbackServer
import Secrets
import Testing

@Suite struct `A transport` {
    @Test func `sends what it was given and reads what came back`() async throws {
        let server = try LoopbackServer { _ in
            .answer(
                httpAnswer(
                    201,
                    [
                        "Date: Sun, 06 Nov 1994 08:49:37 GMT", "Retry-After: 120",
                        "X-Pinecone-Request-Id: 7f3a", "Set-Cookie: a=b",
                    ], body: #"{"value":"secret"}"#))
        }
        defer { server.stop() }
        let endpoint = try server.endpoint().appending("admin", "a/b").asking("limit", "1 0")
        let outcome = try await testTransport().outcome(
            .post, endpoint, headers: [Header("X-Pinecone-Api-Version", "2026-07")],
            token: "abc.def", body: #"{"name":"x"}"#)
        #expect(
            try outcome.get()
                == Seen(
                    status: 201, body: #"{"value":"secret"}"#, isBodyComplete: true,
                    date: 784_111_777_000, retryAfter: 120, requestID: "7f3a"))
        let request = try #require(server.requests.first)
        #expect(server.requests.count == 1)
        #expect(request.head.hasPrefix("POST /admin/a%2Fb?limit=1%200 HTTP/1.1\r\n"))
        #expect(request.has("Host: 127.0.0.1:\(server.port)"))
        #expect(request.has("Authorization: Bearer abc.def"))
        #expect(request.has("X-Pinecone-Api-Version: 2026-07"))
        #expect(request.has("Content-Type: application/json"))
        #expect(request.has("User-Agent: keyturn/0.0.0 (+linux)"))
        #expect(request.body == Array(#"{"name":"x"}"#.utf8))
    }

    @Test(arguments: Method.allCases)
    func `sends each method, and no body where there is none`(_ method: HTTP.Method) async throws {
        let server = try LoopbackServer { _ in .answer(httpAnswer(200)) }
        defer { server.stop() }
        let outcome = try await testTransport().outcome(method, server.endpoint())
        #expect(try outcome.get().status == 200)
        let request = try #require(server.requests.first)
        #expect(request.head.hasPrefix("\(method.rawValue) / HTTP/1.1\r\n"))
        #expect(request.body.isEmpty)
        #expect(!request.head.contains("Content-Type"))
    }

    @Test(arguments: [HTTP.Method.patch, .put, .delete])
    func `sends a body with each method`(_ method: HTTP.Method) async throws {
        let server = try LoopbackServer { _ in .answer(httpAnswer(200)) }
        defer { server.stop() }
        _ = try await testTransport().outcome(method, server.endpoint(), body: "{}")
        #expect(server.requests.first?.head.hasPrefix("\(method.rawValue) /") == true)
        #expect(server.requests.first?.body == Array("{}".utf8))
    }

    @Test func `sends a large body at once, without asking whether it may`() async throws {
        let server = try LoopbackServer { _ in .answer(httpAnswer(200)) }
        defer { server.stop() }
        let body = String(repeating: "x", count: 200_000)
        _ = try await testTransport().outcome(.post, server.endpoint(), body: body)
        #expect(server.requests.first?.body.count == 200_000)
        #expect(server.requests.first?.head.contains("Expect") == false)
    }

    @Test func `reads a chunked answer`() async throws {
        let server = try LoopbackServer { _ in
            .answer(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "3\r\nabc\r\n2\r\nde\r\n0\r\nRetry-After: 9\r\n\r\n")
        }
        defer { server.stop() }
        let seen = try await testTransport().outcome(.get, server.endpoint()).get()
        #expect(seen == Seen(status: 200, body: "abcde", isBodyComplete: true))
    }

    @Test func `skips an interim answer`() async throws {
        let server = try LoopbackServer { _ in
            .answer(
                "HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n" + httpAnswer(200, body: "x"))
        }
        defer { server.stop() }
        let seen = try await testTransport().outcome(.get, server.endpoint()).get()
        #expect(seen == Seen(status: 200, body: "x", isBodyComplete: true))
    }

    @Test func `takes 204 for a whole answer`() async throws {
        let server = try LoopbackServer { _ in .answer("HTTP/1.1 204 No Content\r\n\r\n") }
        defer { server.stop() }
        let seen = try await testTransport().outcome(.delete, server.endpoint()).get()
        #expect(seen == Seen(status: 204, body: "", isBodyComplete: true))
    }

    @Test func `does not follow a redirect`() async throws {
        let server = try LoopbackServer { request in
            .answer(httpAnswer(request.number == 1 ? 307 : 200, ["Location: /elsewhere"]))
        }
        defer { server.stop() }
        let seen = try await testTransport().outcome(.get, server.endpoint(), token: "t").get()
        #expect(seen.status == 307)
        #expect(server.requests.count == 1)
    }

    @Test func `keeps a body that was cut off as far as it came`() async throws {
        let server = try LoopbackServer { _ in
            .answerAndClose("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nhalf of")
        }
        defer { server.stop() }
        let seen = try await testTransport().outcome(.post, server.endpoint(), .once).get()
        #expect(seen == Seen(status: 201, body: "half of", isBodyComplete: false))
    }

    @Test func `keeps a chunked body that was cut off or broken`() async throws {
        let endings = ["", "zz\r\n"]
        for ending in endings {
            let server = try LoopbackServer { _ in
                .answerAndClose(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" + ending)
            }
            defer { server.stop() }
            let seen = try await testTransport().outcome(.get, server.endpoint()).get()
            #expect(seen == Seen(status: 200, body: "abc", isBodyComplete: false))
        }
    }

    @Test func `keeps as much of an answer as its buffer holds`() async throws {
        let server = try LoopbackServer { _ in .answer(httpAnswer(200, body: "0123456789")) }
        defer { server.stop() }
        let transport = testTransport()
        let small = try await transport.outcome(.get, server.endpoint(), capacity: 4).get()
        #expect(small == Seen(status: 200, body: "0123", isBodyComplete: false))
        let exact = try await transport.outcome(.get, server.endpoint(), capacity: 10).get()
        #expect(exact == Seen(status: 200, body: "0123456789", isBodyComplete: true))
    }

    @Test func `keeps what came of a body before the time limit`() async throws {
        let server = try LoopbackServer { request in
            .answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nslow")
        }
        defer { server.stop() }
        let transport = testTransport(timeout: .milliseconds(300))
        let seen = try await transport.outcome(.post, server.endpoint(), .once).get()
        #expect(seen == Seen(status: 200, body: "slow", isBodyComplete: false))
    }

    @Test func `keeps no more than 128 characters of the host's name for the request`() async throws
    {
        let long = String(repeating: "a", count: 500)
        let server = try LoopbackServer { _ in
            .answer(httpAnswer(200, ["x-pinecone-request-id: \u{1B}" + long]))
        }
        defer { server.stop() }
        let seen = try await testTransport().outcome(.get, server.endpoint()).get()
        #expect(seen.requestID == String(long.prefix(128)))
    }

    @Test func `loads libcurl with its first request`() async throws {
        let server = try LoopbackServer { _ in .answer(httpAnswer(200)) }
        defer { server.stop() }
        await #expect(processExitsWith: .success) { [port = server.port as UInt16] in
            func isLoaded() -> Bool { dlopen("libcurl.so.4", RTLD_NOLOAD | RTLD_LAZY) != nil }
            let transport = testTransport()
            try #require(!isLoaded())
            _ = try await transport.outcome(.get, Endpoint("http://127.0.0.1:\(port)"))
            try #require(isLoaded())
        }
    }

    @Test func `uses one connection for requests that follow each other`() async throws {
        let server = try LoopbackServer { _ in .answer(httpAnswer(200)) }
        defer { server.stop() }
        let transport = testTransport()
        for _ in 1...5 { _ = try await transport.outcome(.get, server.endpoint()) }
        #expect(server.requests.count == 5)
        #expect(server.connectionCount == 1)
    }

    @Test func `runs 64 requests side by side, within its bound`() async throws {
        let server = try LoopbackServer { request in
            .answer(httpAnswer(200, body: String(decoding: request.body, as: UTF8.self)))
        }
        defer { server.stop() }
        let transport = testTransport(requestsPerHost: 8)
        let endpoint = try server.endpoint()
        let bodies = try await withThrowingTaskGroup(of: String.self) { group in
            for index in 0..<64 {
                group.addTask {
                    try await transport.outcome(.post, endpoint, body: "\(index)", .once)
                        .get().body
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(bodies == Set((0..<64).map(String.init)))
        #expect(server.requests.count == 64)
        #expect(server.mostAtOnce <= 8)
    }

    @Test func `sees a request to its end when its task is cancelled`() async throws {
        let server = try LoopbackServer { _ in .answer(httpAnswer(200, body: "done")) }
        defer { server.stop() }
        let endpoint = try server.endpoint()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await testTransport().outcome(.post, endpoint, .once)
        }
        #expect(try await task.value.get().body == "done")
    }
}
