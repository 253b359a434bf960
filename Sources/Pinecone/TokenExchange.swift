import HTTP
import OpenSSL
import Rotations
import Secrets

/// `POST /oauth/token`: a client secret for an access token.
struct TokenExchange: Sendable {
    let endpoint: Endpoint
    let transport: Transport

    /// What an exchange came to.
    enum Result: ~Copyable {
        /// The token and how many seconds it lives; the date is the host's clock.
        case accepted(SecretBytes, lifetime: Int, date: Int64?)
        /// 401 or 403: evidence only beside a control (P20).
        case refused(date: Int64?)
        case noVerdict(Refusal, date: Int64?)
    }

    /// Sends the exchange; it may be repeated, since nothing is changed by it.
    func send(
        clientID: String, secret: borrowing SecretBytes
    ) async -> Result {
        guard let request = request(clientID: clientID, secret: secret) else {
            return .noVerdict(Refusal(.vaultFailed), date: nil)
        }
        switch await transport.send(request) {
        case .failed(let error): return .noVerdict(Reply.refusal(error), date: nil)
        case .response(let response):
            let date = response.date
            switch response.status {
            case 200..<300:
                let body = response.takeBody()
                guard let token = SecretJSON.secret(["access_token"], in: body.bytes),
                    !token.isEmpty
                else { return .noVerdict(Refusal(.noAnswer), date: date) }
                // Published examples differ; only the answer counts, and 1800 where it says none.
                let lifetime = SecretJSON.number(["expires_in"], in: body.bytes) ?? 1800
                return .accepted(token, lifetime: lifetime, date: date)
            case 401, 403: return .refused(date: date)
            // No credential stands in the path: it is the address that is unknown there.
            case 404:
                return .noVerdict(Refusal(.refusedByProvider, status: 404), date: date)
            default: return .noVerdict(Reply.refusal(response), date: date)
            }
        }
    }

    private func request(clientID: String, secret: borrowing SecretBytes) -> Request? {
        // Six bytes for each that may need an escape, and room for the names. Out of memory means
        // that nothing is sent.
        let capacity = 6 * (secret.count + clientID.utf8.count) + 256
        guard var body = try? SecretBytes(capacity: capacity) else { return nil }
        body.append(plain: #"{"grant_type":"client_credentials","client_id":""#)
        body.append(jsonEscaped: clientID.utf8Span.span)
        body.append(plain: #"","client_secret":""#)
        body.append(jsonEscaped: secret.bytes)
        body.append(plain: #"","audience":"https://api.pinecone.io/"}"#)
        // As above.
        return try? Request(
            .post, endpoint, headers: [AdminClient.versionHeader], body: Body(body),
            repeatable: .freely, responseCapacity: 16 << 10)
    }
}
