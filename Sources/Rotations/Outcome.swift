/// What became of an effect. There is no fourth.
package enum Outcome<Value: ~Copyable>: ~Copyable {
    case done(Value)
    /// It did not happen, and the other side, or the network, says so.
    case refused(Refusal)
    /// It may have happened. Evidence must settle it, never a blind retry.
    case unsettled(Cause)
}

extension Outcome where Value: ~Copyable {
    /// The same outcome with another value.
    package consuming func map<New>(_ body: (consuming Value) -> New) -> Outcome<New> {
        switch consume self {
        case .done(let value): .done(body(value))
        case .refused(let refusal): .refused(refusal)
        case .unsettled(let cause): .unsettled(cause)
        }
    }

    /// What comes of going on with the value; nothing is begun without one.
    package consuming func then<New>(
        _ body: (consuming Value) async -> Outcome<New>
    ) async -> Outcome<New> {
        switch consume self {
        case .done(let value): await body(value)
        case .refused(let refusal): .refused(refusal)
        case .unsettled(let cause): .unsettled(cause)
        }
    }
}

extension Outcome: Sendable where Value: Sendable & ~Copyable {}

/// Why an effect did not happen.
package struct Refusal: Error, Hashable, Sendable {
    package let cause: Cause
    /// The HTTP status, where there was one.
    package let status: Int?
    /// How long the other side asks to wait.
    package let retryAfter: Interval?

    package init(_ cause: Cause, status: Int? = nil, retryAfter: Interval? = nil) {
        self.cause = cause
        self.status = status
        self.retryAfter = retryAfter
    }
}
