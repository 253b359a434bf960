import FoundationEssentials

/// An answer before it is written.
struct Response: Sendable, Hashable {
    var status: Int
    /// In the order of writing; without those that the connection adds.
    var headers: [Header]
    var body: [UInt8]

    /// A response header.
    struct Header: Sendable, Hashable {
        let name: String
        let value: String

        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// An answer with a JSON body.
    static func json(_ status: Int, _ body: JSON) -> Response {
        Response(
            status: status, headers: [Header("Content-Type", "application/json")],
            body: Array(body.text.utf8))
    }

    /// An answer with a plain text body.
    static func text(_ status: Int, _ body: String) -> Response {
        Response(
            status: status, headers: [Header("Content-Type", "text/plain; charset=utf-8")],
            body: Array(body.utf8))
    }

    /// An answer without a body.
    static func empty(_ status: Int) -> Response {
        Response(status: status, headers: [], body: [])
    }

    /// Whether the request was carried out.
    var isSuccess: Bool {
        (200..<300).contains(status)
    }

    /// The head as it goes over the wire. `length` is what `Content-Length` claims.
    func head(length: Int, closes: Bool) -> [UInt8] {
        var text = "HTTP/1.1 \(status) \(Self.phrase(status))\r\n"
        for header in headers { text += "\(header.name): \(header.value)\r\n" }
        text += "Content-Length: \(length)\r\n"
        text += closes ? "Connection: close\r\n\r\n" : "\r\n"
        return Array(text.utf8)
    }

    private static func phrase(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 409: "Conflict"
        case 411: "Length Required"
        case 413: "Content Too Large"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Status"
        }
    }
}
