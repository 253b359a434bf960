import HTTP
import LoopbackServer
import Rotations
import Secrets
import Synchronization
import Testing

@testable import Pinecone

/// Answers that nobody would send: cut, mutated, huge, deeply nested. None of them ends the program,
/// and no refusal says anything that stood in one.
@Suite struct FuzzedAnswersTests {
    private static let marker = "MARKER-5d1c"
    private static let seeds: Range<UInt64> = 0..<400

    private static let account =
        #"{"id":"3f0c","name":"\#(marker)","client_id":"c","created_at":"2026-05-04T09:30:00Z"}"#
    private static let key =
        #"{"id":"c5b1","name":"\#(marker)","project_id":"p","roles":["ProjectEditor"]}"#
    private static let binding =
        #"{"id":"b7e4","principal_type":"service_account","principal_id":"3f0c","resource_type":"project","resource_id":"\#(marker)","role":"ProjectEditor"}"#

    private static func page(_ item: String) -> String {
        #"{"data":[\#(item),\#(item)],"pagination":{"next":null}}"#
    }

    /// A body that is not what it should be.
    private static func mutated(_ text: String, _ seed: UInt64) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        var bytes = Array(text.utf8)
        switch random(8) {
        case 0: bytes.removeLast(random(bytes.count))
        case 1: bytes.removeFirst(random(bytes.count))
        case 2: for _ in 0...random(8) { bytes[random(bytes.count)] = UInt8(random(256)) }
        case 3:
            let place = random(bytes.count)
            bytes.insert(contentsOf: Array("{}[],:\"\\u0000null-1e999".utf8), at: place)
        case 4: bytes = Array(repeating: UInt8(ascii: "["), count: 1 + random(100_000)) + bytes
        case 5: bytes = Array(repeating: UInt8(ascii: "{"), count: 1 + random(100_000))
        case 6: bytes += Array(repeating: bytes[random(bytes.count)], count: random(400_000))
        default:
            let start = random(bytes.count)
            bytes.replaceSubrange(start..<min(start + random(40), bytes.count), with: [])
        }
        return bytes
    }

    // MARK: Answers that hold a secret

    @Test func `an answer that holds a secret is read whole, or not at all`() throws {
        let client = try client(at: 9)
        let order = Order(
            strategy: .inPlace,
            credential: CredentialReference(
                kind: .serviceAccount, providerID: "3f0c", name: nil, clientID: nil, project: "p"),
            attemptName: nil)
        let keyOrder = Order(
            strategy: .overlap,
            credential: CredentialReference(
                kind: .apiKey, providerID: "old", name: nil, clientID: nil, project: "p"),
            attemptName: Self.marker)
        let rotated =
            #"{"service_account":\#(Self.account),"client_secret":"s3cret-\#(Self.marker)"}"#
        let created = #"{"key":\#(Self.key),"value":"pcsk_\#(Self.marker)"}"#
        for seed in 0..<20_000 as Range<UInt64> {
            for (text, provider, order) in [
                (rotated, ServiceAccounts(client) as any Provider, order),
                (created, APIKeys(client), keyOrder),
            ] {
                let bytes = Self.mutated(text, seed)
                guard bytes.count <= 16 << 10 else { continue }
                let answer = try SecretBytes(copying: bytes.span)
                do throws(UndecodableAnswer) {
                    let issued = try provider.read(answer, of: order)
                    let isEmpty = issued.credential.value.isEmpty
                    #expect(!isEmpty)
                } catch {
                    #expect(!"\(error)".contains(Self.marker))
                }
            }
        }
    }

    // MARK: Other answers

    @Test(arguments: [200, 401, 403, 404, 500])
    func `an answer that is none is refused with a cause, and none of its words`(
        _ status: Int
    ) async throws {
        let body = Body()
        let server = try LoopbackServer { request in
            let isToken = request.head.hasPrefix("POST /oauth/token")
            let text =
                isToken
                ? #"{"access_token":"t","token_type":"Bearer","expires_in":1800}"#
                : body.text.withLock { $0 }
            let line = isToken ? "200 OK" : "\(status) Whatever"
            return .answer(
                "HTTP/1.1 \(line)\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
        }
        defer { server.stop() }
        let client = try client(at: server.port)
        for seed in Self.seeds {
            let bytes = Self.mutated(Self.page(Self.account), seed)
            body.set(bytes)
            check(await client.allAccounts().map { _ in () })
            body.set(Self.mutated(Self.account, seed))
            check(await client.account("3f0c").map { _ in () })
            body.set(Self.mutated(Self.page(Self.binding), seed))
            check(await client.allRights().map { _ in () })
            body.set(Self.mutated(#"{"data":[\#(Self.key)]}"#, seed))
            check(await client.keys(ofProject: "p").map { _ in () })
            body.set(Self.mutated(#"{"data":[{"id":"p","name":"\#(Self.marker)"}]}"#, seed))
            check(await client.allProjects().map { _ in () })
        }
    }

    private func check(_ outcome: consuming Outcome<Void>) {
        switch outcome {
        case .done: break
        case .refused(let refusal): #expect(!"\(refusal)".contains(Self.marker))
        case .unsettled(let cause): #expect(!"\(cause)".contains(Self.marker))
        }
    }

    private final class Body: Sendable {
        let text = Mutex("")

        func set(_ bytes: [UInt8]) {
            text.withLock { $0 = String(decoding: bytes, as: UTF8.self) }
        }
    }

    private func client(at port: UInt16) throws -> AdminClient {
        let account = AdminAccount(name: "ops", id: "ops", clientID: "c", version: 1)
        return try AdminClient(
            connection: Connection(
                name: "c", api: "http://127.0.0.1:\(port)",
                login: "http://127.0.0.1:\(port)/oauth/token", caFile: nil, admins: ["ops"]),
            transport: Transport(Transport.Options(userAgent: "test")),
            access: AdminAccess(
                accounts: { [account] },
                secret: { _ in try? SecretBytes(copying: Array("s".utf8).span) }),
            clock: WallClock(now: { Timestamp(milliseconds: 0) }, wait: { _ in }))
    }
}
