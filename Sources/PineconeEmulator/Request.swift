/// A parsed HTTP request.
struct Request: Sendable, Hashable {
    let method: String
    /// The decoded path, without the query.
    let path: String
    let query: [QueryItem]
    /// Names in lower case; a repeated header's last value.
    let headers: [String: String]
    let body: [UInt8]

    /// One `name=value` of a query or a form, decoded.
    struct QueryItem: Sendable, Hashable {
        let name: String
        let value: String
    }

    /// A request whose target is a path with an optional query.
    init(method: String, target: String, headers: [String: String], body: [UInt8] = []) {
        self.method = method
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = Self.decoded(String(parts.first ?? ""))
        query = parts.count > 1 ? Self.items(String(parts[1])) : []
        self.headers = headers
        self.body = body
    }

    /// The value of a query item; nil if absent.
    func query(_ name: String) -> String? {
        query.last { $0.name == name }?.value
    }

    /// The version header, if it names one that knows service accounts.
    var knownVersion: String? {
        headers["x-pinecone-api-version"].flatMap {
            ["2026-04", "2026-07"].contains($0) ? $0 : nil
        }
    }

    /// The bearer token; nil without one.
    var bearerToken: String? {
        guard let value = headers["authorization"], value.lowercased().hasPrefix("bearer ") else {
            return nil
        }
        return String(value.dropFirst(7))
    }

    /// Whether the client wants the connection kept open afterwards.
    var keepsAlive: Bool {
        headers["connection"]?.lowercased() != "close"
    }

    /// The fields of a body that is a form or a JSON object of strings; nil for anything else.
    var fields: [String: String]? {
        if headers["content-type"]?.hasPrefix("application/x-www-form-urlencoded") == true {
            let items = Self.items(String(decoding: body, as: UTF8.self))
            return Dictionary(items.map { ($0.name, $0.value) }) { $1 }
        }
        guard case .object(let members)? = try? JSON(reading: body) else {  // not JSON: no fields
            return nil
        }
        let strings = members.compactMap { member in
            member.value.string.map { (member.name, $0) }
        }
        return Dictionary(strings) { $1 }
    }

    private static func items(_ text: String) -> [QueryItem] {
        text.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return QueryItem(
                name: decoded(String(parts[0]).replacing("+", with: " ")),
                value: parts.count > 1 ? decoded(String(parts[1]).replacing("+", with: " ")) : "")
        }
    }

    private static func decoded(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), digits.utf8.count == 2,
                let decoded = UInt8(digits, radix: 16)
            {
                bytes.append(decoded)
                rest.removeFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
