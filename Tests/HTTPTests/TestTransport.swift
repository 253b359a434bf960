import HTTP
import LoopbackServer
import Secrets

/// A response that can be compared and printed, for there is no secret in a test.
struct Seen: Hashable {
    var status: Int
    var body: String
    var isBodyComplete: Bool
    var date: Int64?
    var retryAfter: Int?
    var requestID: String?
}

extension Transport {
    /// Sends a request and looks at everything that came of it.
    func outcome(
        _ method: Method, _ endpoint: Endpoint, headers: [Header] = [], token: String? = nil,
        body: String? = nil, _ repeatability: Repeatability = .freely, capacity: Int = 4096
    ) async throws -> Result<Seen, TransportError> {
        var payload: Body?
        if let body { payload = try Body(plain: Array(body.utf8)) }
        var authorization: Authorization?
        if let token { authorization = try .bearer(secret(token)) }
        let request = try Request(
            method, endpoint, headers: headers, authorization: authorization, body: payload,
            repeatable: repeatability, responseCapacity: capacity)
        switch await send(request) {
        case .failed(let error): return .failure(error)
        case .response(let response):
            return .success(
                Seen(
                    status: response.status, body: text(response.body),
                    isBodyComplete: response.isBodyComplete, date: response.date,
                    retryAfter: response.retryAfter, requestID: response.requestID))
        }
    }
}

/// A transport with limits that no test reaches unless it means to.
func testTransport(
    connectTimeout: Duration = .seconds(20), timeout: Duration = .seconds(40),
    requestsPerHost: Int = 32, authorities: String? = nil, proxy: Transport.Proxy = .none
) -> Transport {
    Transport(
        Transport.Options(
            userAgent: "keyturn/0.0.0 (+linux)", authorities: authorities,
            connectTimeout: connectTimeout, timeout: timeout,
            requestsPerHost: requestsPerHost, proxy: proxy))
}

extension LoopbackServer {
    /// The endpoint of this server.
    func endpoint() throws -> Endpoint { try Endpoint("http://127.0.0.1:\(port)") }
}

func secret(_ text: String) throws -> SecretBytes {
    try SecretBytes(copying: Array(text.utf8).span)
}

func text(_ secret: borrowing SecretBytes) -> String {
    let bytes = secret.bytes
    return String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
}
