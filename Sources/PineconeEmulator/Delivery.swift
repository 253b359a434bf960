/// An answer and what becomes of it on its way.
struct Delivery: Sendable, Hashable {
    var response: Response
    var manner: Manner
    /// Real milliseconds to wait before it goes out.
    var delayMs: Int64 = 0

    /// How much of the answer reaches the client.
    enum Manner: Sendable, Hashable {
        case whole
        /// Nothing; the connection is closed.
        case closeBeforeHeaders
        /// The headers and half the body; the connection is closed.
        case closeInBody
        /// Nothing; the connection stays until the client closes it.
        case hang
    }

    /// The whole answer.
    init(_ response: Response, _ manner: Manner = .whole) {
        self.response = response
        self.manner = manner
    }

    /// The answer after `loss`.
    func suffering(_ loss: Fault.Loss) -> Delivery {
        var delivery = self
        switch loss {
        case .status(let status): delivery.response = Self.failure(status)
        case .closeBeforeHeaders: delivery.manner = .closeBeforeHeaders
        case .closeInBody: delivery.manner = .closeInBody
        case .hang: delivery.manner = .hang
        case .truncatedBody:
            delivery.response.body = Array(response.body.prefix(response.body.count / 2))
        case .emptyBody: delivery.response.body = []
        case .delay(let ms): delivery.delayMs += ms
        }
        return delivery
    }

    /// What a fault with this status answers: gateways speak plain text.
    static func failure(_ status: Int, retryAfterSeconds: Int? = nil) -> Response {
        var response: Response
        switch status {
        case 401: response = Refusal.response(401, "UNAUTHENTICATED", "Invalid or expired token")
        case 429: response = Refusal.response(429, "RESOURCE_EXHAUSTED", "Too many requests")
        case 500: response = Refusal.response(500, "UNKNOWN", "Internal server error")
        case 503: response = Refusal.response(503, "UNAVAILABLE", "Service unavailable")
        case 502, 504: response = .text(status, "upstream error")
        default: response = Refusal.response(status, "UNKNOWN", "Fault")
        }
        if let seconds = retryAfterSeconds {
            response.headers.append(Response.Header("Retry-After", String(seconds)))
        }
        return response
    }
}
