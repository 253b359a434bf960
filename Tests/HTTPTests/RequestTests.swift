import OpenSSL
import Secrets
import Testing

@testable import HTTP

@Suite struct `A request` {
    private func make(
        _ headers: [Header], capacity: Int = 16
    ) throws(RequestError) -> Request {
        guard let endpoint = try? Endpoint("https://host") else { preconditionFailure() }
        return try Request(
            .get, endpoint, headers: headers, repeatable: .freely, responseCapacity: capacity)
    }

    @Test(arguments: [
        ("", "x"), ("a b", "x"), ("a:", "x"), ("a\r\nb", "x"), ("ä", "x"), ("a", ""), ("a", " "),
        ("a", "x\r\nb: c"), ("a", "x\0"), ("a", "ä"),
    ])
    func `is not made of a header that would break out`(_ name: String, _ value: String) {
        #expect(throws: RequestError.headerInvalid(name: name)) {
            _ = try make([Header(name, value)])
        }
    }

    @Test(arguments: ["", "a b", "a\r\nX: y", "a\0", "ä"])
    func `is not made with a credential that would break out`(_ text: String) throws {
        let credential = try secret(text)
        #expect(throws: RequestError.credentialInvalid) {
            _ = try Authorization.bearer(credential)
        }
    }

    @Test func `holds its header lines, the credential first`() throws {
        let request = try Request(
            .post, Endpoint("https://host"), headers: [Header("A", "b")],
            authorization: .key(secret("pcsk_1")),
            body: Body(secret("{}")), repeatable: .once, responseCapacity: 10)
        let lines = text(request.lines)
        #expect(lines == "Api-Key: pcsk_1\0A: b\0Content-Type: application/json\0")
        #expect(request.answer.capacity == 10)
    }

    @Test func `is not made when there is no room for its answer`() {
        #expect(throws: RequestError.noSecureMemory) { _ = try make([], capacity: 1 << 46) }
    }
}
