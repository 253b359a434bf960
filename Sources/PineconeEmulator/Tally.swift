/// What was asked and what was carried out.
package struct Tally: Sendable {
    /// Requests that arrived, by operation, faults included.
    package private(set) var received: [Operation: Int] = [:]
    /// Requests that were carried out with success, whatever became of their answers.
    package private(set) var committed: [Operation: Int] = [:]
    /// Committed rotations, by account id.
    package private(set) var rotations: [String: Int] = [:]
    /// Every request in order of arrival, those without an operation and without an answer too.
    package private(set) var log: [LogEntry] = []

    /// One request: never a body, never a header that holds a credential.
    package struct LogEntry: Sendable, Hashable {
        /// Nil where no such path is known.
        package let operation: Operation?
        /// As it was sent.
        package let method: String
        /// Without the query.
        package let path: String
        /// The emulator's clock at arrival.
        package let at: Timestamp
        /// As it was sent.
        package let userAgent: String?
        /// The version header as it was sent.
        package let version: String?
        /// The status that went out; nil if none did, or not yet.
        package internal(set) var status: Int?
        /// Whether it was carried out with success.
        package internal(set) var isCommitted = false
    }

    /// Writes an arrival down and says under which number.
    mutating func arrived(_ request: Request, _ operation: Operation?, at now: Timestamp) -> Int {
        if let operation { received[operation, default: 0] += 1 }
        log.append(
            LogEntry(
                operation: operation, method: request.method, path: request.path, at: now,
                userAgent: request.headers["user-agent"],
                version: request.headers["x-pinecone-api-version"]))
        return log.count - 1
    }

    /// Notes that the request was carried out.
    mutating func commits(_ number: Int, _ route: Route) {
        log[number].isCommitted = true
        committed[route.operation, default: 0] += 1
        if route.operation == .rotateSecret, let id = route.id?.lowercased() {
            rotations[id, default: 0] += 1
        }
    }

    /// Notes what is about to go out.
    mutating func answers(_ number: Int, status: Int?) {
        log[number].status = status
    }
}
