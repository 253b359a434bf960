/// A request that found its operation, and what it is decided by.
struct Call: Sendable {
    let request: Request
    let route: Route
    let settings: Settings
    let now: Timestamp

    init(request: Request, route: Route, settings: Settings, now: Timestamp) {
        self.request = request
        self.route = route
        self.settings = settings
        self.now = now
    }

    /// The id in the path, if it is a UUID; in lower case.
    func identifier() throws(Refusal) -> String {
        try Self.uuid(route.id ?? "", of: "id")
    }

    /// The body as a JSON object.
    func object() throws(Refusal) -> JSON {
        guard let body = try? JSON(reading: request.body), case .object = body else {
            throw .invalidArgument("The body is not a JSON object")
        }
        return body
    }

    /// The name in `body`, 1 to 80 bytes of UTF-8; nil if there is none.
    func name(in body: JSON) throws(Refusal) -> String? {
        guard let value = body["name"], value != .null else { return nil }
        guard let name = value.string, (1...80).contains(name.utf8.count) else {
            throw .invalidArgument("name must have 1 to 80 characters")
        }
        return name
    }

    /// The same, where it is required.
    func requiredName(in body: JSON) throws(Refusal) -> String {
        guard let name = try name(in: body) else { throw .invalidArgument("name is required") }
        return name
    }

    /// A UUID in lower case; a malformed one is 400.
    static func uuid(_ text: String, of field: String) throws(Refusal) -> String {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.count) == [8, 4, 4, 4, 12],
            text.allSatisfy({ $0.isASCII && ($0.isHexDigit || $0 == "-") })
        else { throw .invalidArgument("\(field) is not a UUID") }
        return text.lowercased()
    }
}
