/// What became of an effect. There is no fourth.
package enum Outcome<Value: ~Copyable>: ~Copyable {
    case done(Value)
    /// It did not happen, and the other side, or the network, says so.
    case refused(Refusal)
    /// It may have happened. Evidence must settle it, never a blind retry.
    case unsettled(Cause)
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
