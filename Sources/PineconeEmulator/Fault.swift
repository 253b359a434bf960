/// Something that goes wrong with requests of one kind, before or after they are carried out.
package struct Fault: Sendable, Hashable {
    /// Which requests; nil is every request but those under `/_emulator`.
    package let operation: Operation?
    /// Only requests for this object: the id in the path (for key creation, the project's), or
    /// the client id of a token exchange. Nil is all.
    package let target: String?
    /// What goes wrong.
    package let effect: Effect
    /// How many requests it strikes; nil is without end.
    package internal(set) var times: Int?
    /// How many fitting requests pass unharmed first.
    package internal(set) var skip: Int
    /// Of the fitting requests after those, it strikes every n-th.
    package let every: Int
    private var fitting = 0

    /// On which side of the commit it strikes.
    package enum Effect: Sendable, Hashable {
        /// The request is not carried out.
        case before(Prevention)
        /// The request was carried out with success, and its answer suffers. Requests that are
        /// refused anyway neither meet the fault nor use it up.
        case after(Loss)
    }

    /// What happens instead of carrying a request out.
    package enum Prevention: Sendable, Hashable {
        /// A refusal with this status: 401, 429, 500, 503, …
        case status(Int, retryAfterSeconds: Int? = nil)
        /// The connection is closed without an answer.
        case close
        /// No answer until the client gives up.
        case hang
        /// The request **is** carried out, but only after these real milliseconds, even if the
        /// client has given up meanwhile.
        case delay(ms: Int64)
    }

    /// What becomes of the answer to a request that was carried out.
    package enum Loss: Sendable, Hashable {
        /// An error with this status instead: 500, 502, 504, …
        case status(Int)
        /// The connection is closed without an answer.
        case closeBeforeHeaders
        /// Headers and half the body, then the connection is closed.
        case closeInBody
        /// No answer until the client gives up.
        case hang
        /// The same 2xx with half the body, well-formed HTTP.
        case truncatedBody
        /// The same 2xx without a body, well-formed HTTP.
        case emptyBody
        /// The true answer, but these real milliseconds later.
        case delay(ms: Int64)
    }

    /// By default it strikes the next fitting request and no other.
    package init(
        operation: Operation? = nil, target: String? = nil, effect: Effect, times: Int? = 1,
        skip: Int = 0, every: Int = 1
    ) {
        precondition(every > 0 && skip >= 0)
        self.operation = operation
        self.target = target
        self.effect = effect
        self.times = times
        self.skip = skip
        self.every = every
    }

    /// Whether the request is one it may strike.
    func fits(_ operation: Operation, target: String?) -> Bool {
        times != 0 && (self.operation == nil || self.operation == operation)
            && (self.target == nil || self.target == target)
    }

    /// Counts a fitting request and says whether it strikes this one.
    mutating func strikes() -> Bool {
        if skip > 0 {
            skip -= 1
            return false
        }
        fitting += 1
        guard fitting.isMultiple(of: every) else { return false }
        times = times.map { $0 - 1 }
        return true
    }
}

/// Faults in the order they were injected; of those that fit, the first strikes.
package struct FaultQueue: Sendable {
    /// Those not used up.
    package private(set) var faults: [Fault] = []

    /// Adds one at the end.
    mutating func append(_ fault: Fault) {
        faults.append(fault)
    }

    /// What prevents this request, if anything; uses it up.
    mutating func prevention(of operation: Operation, target: String?) -> Fault.Prevention? {
        for index in faults.indices where faults[index].fits(operation, target: target) {
            guard case .before(let prevention) = faults[index].effect else { continue }
            guard faults[index].strikes() else { continue }
            dropSpent()
            return prevention
        }
        return nil
    }

    /// What its answer suffers, if anything; uses it up.
    mutating func loss(of operation: Operation, target: String?) -> Fault.Loss? {
        for index in faults.indices where faults[index].fits(operation, target: target) {
            guard case .after(let loss) = faults[index].effect else { continue }
            guard faults[index].strikes() else { continue }
            dropSpent()
            return loss
        }
        return nil
    }

    private mutating func dropSpent() {
        faults.removeAll { $0.times == 0 }
    }
}
