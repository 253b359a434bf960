import FoundationEssentials

/// Cuts a listing into pages: in order of id, which is arbitrary but stable.
enum Page {
    /// The page the request asks for. `filters` tells queries apart, for a token belongs to one.
    static func answer<Item>(
        _ call: Call, items: [Item], id: KeyPath<Item, String>, filters: String,
        json: (Item) -> JSON
    ) throws(Refusal) -> Response {
        let limit = try limit(call)
        let query = "\(call.route.operation.rawValue)|\(limit)|\(filters)"
        let after = try lastID(call, query: query)
        let rest = items.filter { item in after.map { item[keyPath: id] > $0 } ?? true }
            .sorted { $0[keyPath: id] < $1[keyPath: id] }
        let page = rest.prefix(min(limit, call.settings.pageSizeCap))
        var members = [JSON.Member(name: "data", value: .array(page.map(json)))]
        if page.count < rest.count, let last = page.last {
            let token = Data("\(query)|\(last[keyPath: id])".utf8).base64EncodedString()
            members.append(JSON.Member(name: "pagination", value: ["next": .string(token)]))
        } else if call.settings.lastPage == .null {
            members.append(JSON.Member(name: "pagination", value: .null))
        }
        return .json(200, .object(members))
    }

    private static func limit(_ call: Call) throws(Refusal) -> Int {
        guard let text = call.request.query("limit") else { return 100 }
        guard let limit = Int(text), (1...100).contains(limit) else {
            throw .outOfRange("limit must be 1 to 100")
        }
        return limit
    }

    private static func lastID(_ call: Call, query: String) throws(Refusal) -> String? {
        guard let token = call.request.query("paginationToken") else { return nil }
        guard let data = Data(base64Encoded: token) else {
            throw .invalidArgument("paginationToken is invalid")
        }
        let text = String(decoding: data, as: UTF8.self)
        guard text.hasPrefix(query + "|") else {
            throw .invalidArgument("paginationToken belongs to another query")
        }
        return String(text.dropFirst(query.count + 1))
    }
}
