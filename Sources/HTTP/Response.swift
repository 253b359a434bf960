import Curl
import Secrets

/// What a host answered. It answered, whatever its status says of it.
package struct Response: ~Copyable, Sendable {
    /// The status, 200 or more.
    package let status: Int
    /// What the host's clock said, in milliseconds since 1970.
    package let date: Int64?
    /// How many seconds the host asks us to wait.
    package let retryAfter: Int?
    /// The host's name for the request: up to 128 characters of printable ASCII.
    package let requestID: String?
    /// The body as far as it was read and fitted.
    package let body: SecretBytes
    /// Whether the body is all there. False when it was cut off, came too slowly, or was larger
    /// than its buffer. An answer with no length, ended by the end of the connection, counts as
    /// whole, for nobody can tell.
    package let isBodyComplete: Bool

    /// The headers that are read.
    static let keptHeaders = ["date", "retry-after", "x-pinecone-request-id"]

    init(_ head: CurlHead, body: consuming SecretBytes, isBodyComplete: Bool) {
        status = head.status
        date = head.headers["date"].flatMap(HTTPDate.milliseconds)
        retryAfter = head.headers["retry-after"].flatMap { [date] in
            HTTPDate.secondsToWait($0, since: date)
        }
        requestID = head.headers["x-pinecone-request-id"].flatMap { name in
            name.isEmpty ? nil : String(name.prefix(128))
        }
        self.body = body
        self.isBodyComplete = isBodyComplete
    }

    /// Gives up everything but the body.
    package consuming func takeBody() -> SecretBytes { body }
}

/// What came of a request.
package enum Answer: ~Copyable, Sendable {
    /// The host has answered.
    case response(Response)
    /// It has not.
    case failed(TransportError)

    /// The response, or the error thrown.
    package consuming func get() throws(TransportError) -> Response {
        switch consume self {
        case .response(let response): return response
        case .failed(let error): throw error
        }
    }
}
