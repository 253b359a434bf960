import FlyingSocks
import FoundationEssentials
import Glibc
import Testing

@testable import PineconeEmulator

/// What only shows on a real connection.
@Suite(.timeLimit(.minutes(10)))
struct WireTests {
    private func rotate(_ account: ServiceAccount) -> String {
        "/admin/service-accounts/\(account.id)/rotate-secret"
    }

    @Test func `a connection is kept alive and closed when asked`() async throws {
        try await Emulator.withRunning { emulator in
            let owner = emulator.addOwner()
            let wire = try await Wire(to: emulator)
            let token = try await wire.token(owner)
            for _ in 0..<3 {
                let answer = try await wire.ask("GET", "/admin/projects", token: token)
                #expect(answer.status == 200)
                #expect(answer.isWhole)
            }
            let last = try await wire.ask(
                "GET", "/admin/projects", token: token, headers: ["Connection": "close"])
            #expect(last.head.contains("Connection: close"))
            try await wire.send("GET", "/admin/projects", token: token)
            #expect(try await wire.receive().status == nil)
        }
    }

    @Test func `requests may be sent in pieces, and several at once`() async throws {
        try await Emulator.withRunning { emulator in
            let wire = try await Wire(to: emulator)
            try await wire.sendRaw("GET /indexes HT")
            try await wire.sendRaw("TP/1.1\r\nApi-Key: x\r\n\r")
            try await wire.sendRaw("\n")
            #expect(try await wire.receive().status == 401)
            try await wire.sendRaw(String(repeating: "GET /a HTTP/1.1\r\n\r\n", count: 2))
            await emulator.until { $0.log.count == 3 }
            #expect(emulator.tally.log.map(\.path) == ["/indexes", "/a", "/a"])
        }
    }

    @Test(arguments: [
        ("nonsense\r\n\r\n", 400), ("GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        ("POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    ])
    func `what is no request is refused`(_ text: String, _ status: Int) async throws {
        try await Emulator.withRunning { emulator in
            let wire = try await Wire(to: emulator)
            try await wire.sendRaw(text)
            #expect(try await wire.receive().status == status)
        }
    }

    @Test(arguments: FaultTests.losses)
    func `an answer is lost on the wire as the fault says`(_ loss: Fault.Loss) async throws {
        try await Emulator.withRunning { emulator in
            let owner = emulator.addOwner()
            let account = emulator.addServiceAccount(name: "deploys")
            let wire = try await Wire(to: emulator)
            let token = try await wire.token(owner)
            let milliseconds: Fault.Loss = loss == .delay(ms: 1000) ? .delay(ms: 1) : loss
            emulator.inject(Fault(operation: .rotateSecret, effect: .after(milliseconds)))
            try await wire.send("POST", rotate(account), token: token)
            await emulator.untilCommitted(.rotateSecret)
            #expect(
                !emulator.accepts(clientID: account.clientID, clientSecret: account.clientSecret))
            if loss == .hang {
                try wire.close()
            } else {
                let answer = try await wire.receive()
                switch loss {
                case .status(let status): #expect(answer.status == status)
                case .closeBeforeHeaders: #expect(answer.status == nil)
                case .closeInBody:
                    #expect(answer.status == 200)
                    #expect(!answer.isWhole)
                    #expect(!answer.body.isEmpty)
                case .truncatedBody:
                    #expect(answer.isWhole)
                    #expect(answer.json == nil)
                case .emptyBody:
                    #expect(answer.status == 200)
                    #expect(answer.body.isEmpty)
                case .delay:
                    #expect(answer.json?["client_secret"] != nil)
                case .hang: break
                }
            }
            let next = try await Wire(to: emulator).ask("POST", rotate(account), token: token)
            #expect(next.status == 200)
            #expect(emulator.rotations(of: account.id) == 2)
        }
    }

    @Test(arguments: [.close, .hang, .status(500), .delay(ms: 1)] as [Fault.Prevention])
    func `before the commit nothing is changed on the wire either`(
        _ prevention: Fault.Prevention
    ) async throws {
        try await Emulator.withRunning { emulator in
            let owner = emulator.addOwner()
            let account = emulator.addServiceAccount(name: "deploys")
            let wire = try await Wire(to: emulator)
            let token = try await wire.token(owner)
            emulator.inject(Fault(operation: .rotateSecret, effect: .before(prevention)))
            try await wire.send("POST", rotate(account), token: token)
            await emulator.untilReceived(.rotateSecret)
            switch prevention {
            case .close: #expect(try await wire.receive().status == nil)
            case .hang: try wire.close()
            case .status(let status, _): #expect(try await wire.receive().status == status)
            case .delay:
                // The client gives up, and the request is carried out all the same.
                try wire.close()
                await emulator.untilCommitted(.rotateSecret)
            }
            let isDelay = prevention == .delay(ms: 1)
            #expect(emulator.rotations(of: account.id) == (isDelay ? 1 : 0))
        }
    }

    @Test func `a deletion without a body breaks off in mid-body too`() async throws {
        try await Emulator.withRunning { emulator in
            let owner = emulator.addOwner()
            let key = emulator.addAPIKey(
                project: emulator.addProject(name: "search"), name: "web")
            let wire = try await Wire(to: emulator)
            let token = try await wire.token(owner)
            emulator.inject(Fault(operation: .deleteAPIKey, effect: .after(.closeInBody)))
            let answer = try await wire.ask("DELETE", "/admin/api-keys/\(key.id)", token: token)
            #expect(answer.status == 202)
            #expect(!answer.isWhole)
            #expect(!emulator.accepts(apiKey: key.value))
        }
    }

    @Test func `many connections at a time are all served`() async throws {
        try await Emulator.withRunning { emulator in
            let owner = emulator.addOwner()
            let accounts = (0..<16).map { emulator.addServiceAccount(name: "account \($0)") }
            let token = try await Wire(to: emulator).token(owner)
            try await withThrowingTaskGroup { group in
                for account in accounts {
                    group.addTask {
                        let wire = try await Wire(to: emulator)
                        for _ in 0..<20 {
                            let path = "/admin/service-accounts/\(account.id)/rotate-secret"
                            let answer = try await wire.ask("POST", path, token: token)
                            #expect(answer.json?["client_secret"] != nil)
                        }
                        try wire.close()
                    }
                }
                try await group.waitForAll()
            }
            #expect(emulator.committed(.rotateSecret) == 320)
            #expect(accounts.allSatisfy { emulator.rotations(of: $0.id) == 20 })
        }
    }

    @Test func `clients that block Swift's threads are served all the same`() async throws {
        try await Emulator.withRunning { emulator in
            let port = try #require(emulator.port)
            try await withThrowingTaskGroup { group in
                for _ in 0..<9 {
                    group.addTask {
                        let socket = try Socket(domain: AF_INET)
                        try socket.connect(to: .inet(ip4: "127.0.0.1", port: port))
                        _ = try socket.write(Data("GET /indexes HTTP/1.1\r\n\r\n".utf8))
                        let answer = try socket.read(atMost: 4096)
                        #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 401"))
                        try socket.close()
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: 0..<12)
    func `emulators of one process do not see each other`(_ number: Int) async throws {
        try await Emulator.withRunning { emulator in
            let owner = emulator.addOwner(name: "owner \(number)")
            let token = try await Wire(to: emulator).token(owner)
            let answer = try await Wire(to: emulator).ask(
                "GET", "/admin/service-accounts", token: token)
            let names = answer.json?["data"]?.elements?.compactMap { $0["name"]?.string }
            #expect(names == ["owner \(number)"])
        }
    }

    @Test func `a stopped emulator breaks connections and may come back`() async throws {
        let emulator = Emulator()
        let owner = emulator.addOwner()
        try await emulator.start()
        let port = try #require(emulator.port)
        let wire = try await Wire(to: emulator)
        let token = try await wire.token(owner)
        emulator.stop()
        #expect(try await wire.receive().status == nil)
        try await emulator.start(port: port)
        defer { emulator.stop() }
        let answer = try await Wire(to: emulator).ask("GET", "/admin/projects", token: token)
        #expect(answer.status == 200)
    }
}
