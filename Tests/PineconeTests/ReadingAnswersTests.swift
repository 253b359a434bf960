import HTTP
import Rotations
import Secrets
import Testing

@testable import Pinecone

/// What an answer to a minting call is taken for.
@Suite struct ReadingAnswersTests {
    private let order = Order(
        strategy: .inPlace,
        credential: CredentialReference(
            kind: .serviceAccount, providerID: "3f0c", name: "deploys", clientID: nil,
            project: nil), attemptName: nil)
    private let keyOrder = Order(
        strategy: .overlap,
        credential: CredentialReference(
            kind: .apiKey, providerID: "old", name: "search", clientID: nil, project: "p"),
        attemptName: "search~01ARZ3NDEKTSV4RRFFQ69G5FAV")

    private func client() throws -> AdminClient {
        try AdminClient(
            connection: Connection(
                name: "c", api: "http://127.0.0.1:9", login: "http://127.0.0.1:9/oauth/token",
                caFile: nil, admins: []),
            transport: Transport(Transport.Options(userAgent: "test")),
            access: AdminAccess(accounts: { [] }, secret: { _ in nil }),
            clock: WallClock(now: { Timestamp(milliseconds: 0) }, wait: { _ in }))
    }

    private func cause(
        _ text: String, _ provider: any Provider, _ order: Order
    ) throws -> Cause? {
        let answer = try SecretBytes(copying: Array(text.utf8).span)
        do throws(UndecodableAnswer) {
            _ = try provider.read(answer, of: order)
            return nil
        } catch {
            return error.cause
        }
    }

    @Test func `a rotated secret is for the account that was asked for`() throws {
        let accounts = ServiceAccounts(try client())
        func answer(_ id: String) -> String {
            #"{"service_account":{"id":"\#(id)","client_id":"c","name":"n"},"client_secret":"s"}"#
        }
        #expect(try cause(answer("3f0c"), accounts, order) == nil)
        #expect(try cause(answer("other"), accounts, order) == .answerForAnother)
        #expect(try cause("{}", accounts, order) == .answerUndecodable)
        #expect(
            try cause(
                #"{"service_account":{"id":"3f0c","client_id":"c"},"client_secret":""}"#, accounts,
                order) == .answerUndecodable)
    }

    @Test func `a sibling bears the attempt's name, and is not the old account`() throws {
        let siblings = SiblingAccounts(try client())
        let name = "deploys~01ARZ3NDEKTSV4RRFFQ69G5FAV"
        let order = Order(
            strategy: .overlap, credential: self.order.credential, attemptName: name)
        func answer(_ id: String, _ name: String) -> String {
            #"{"service_account":{"id":"\#(id)","client_id":"c","name":"\#(name)"},"client_secret":"s"}"#
        }
        let nameless = #"{"service_account":{"id":"new","client_id":"c"},"client_secret":"s"}"#
        #expect(try cause(answer("new", name), siblings, order) == nil)
        #expect(try cause(answer("new", "deploys"), siblings, order) == .answerForAnother)
        #expect(try cause(answer("3f0c", name), siblings, order) == .answerForAnother)
        #expect(try cause(nameless, siblings, order) == .answerForAnother)
        #expect(
            try cause(nameless.replacing("client_id", with: "client"), siblings, order)
                == .answerUndecodable)
    }

    @Test func `a right is asked for as it is listed, without the organization's own id`() throws {
        func right(_ type: String) -> Right {
            Wire.RoleBinding(
                id: nil, principalID: nil, role: "R", resourceType: type,
                resourceID: "id"
            ).right
        }
        #expect(
            right("project").fields == [
                "role": "R", "resource_type": "project", "resource_id": "id",
            ])
        #expect(right("organization").fields == ["role": "R", "resource_type": "organization"])
    }

    @Test func `a created key bears the attempt's name, and is not the old one`() throws {
        let keys = APIKeys(try client())
        func answer(_ id: String, _ name: String) -> String {
            #"{"key":{"id":"\#(id)","name":"\#(name)"},"value":"pcsk_1"}"#
        }
        let name = try #require(keyOrder.attemptName)
        #expect(try cause(answer("new", name), keys, keyOrder) == nil)
        #expect(try cause(answer("new", "search"), keys, keyOrder) == .answerForAnother)
        #expect(try cause(answer("old", name), keys, keyOrder) == .answerForAnother)
        #expect(try cause(#"{"key":{"id":"new"}}"#, keys, keyOrder) == .answerUndecodable)
    }

    @Test(arguments: [
        (TransportError.unreachable(.connectionRefused), Cause.unreachable),
        (.unreachable(.certificateRefused), .unreachable),
    ])
    func `what was not sent is refused`(_ error: TransportError, _ cause: Cause) {
        guard case .refused(let refusal) = Reply.minting(.failed(error)) else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.cause == cause)
    }

    @Test(arguments: TransportError.Unsettled.allCases)
    func `what was sent and not answered is unsettled`(_ error: TransportError.Unsettled) {
        guard case .unsettled = Reply.minting(.failed(.unsettled(error))) else {
            Issue.record("not unsettled")
            return
        }
    }
}
