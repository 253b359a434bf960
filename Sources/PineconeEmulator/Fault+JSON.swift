extension Fault {
    /// Why a fault was not understood.
    package enum ReadingError: Error, Hashable {
        /// There is no such operation.
        case operation
        /// `before` or `after` is missing, or is not one of the effects.
        case effect
        /// `times`, `skip` or `every` is out of range.
        case count
    }

    /// Reads `{"operation": "rotate_secret", "after": "hang", "times": 1, "skip": 0}`.
    ///
    /// - `operation`: an `Operation`; absent is all. `target`: an id. `every`: default 1.
    /// - `times`: default 1; null is without end. `skip`: default 0.
    /// - `before`: `"close"`, `"hang"`, `{"status": 429, "retry_after_seconds": 2}` or
    ///   `{"delay_ms": 500}`; or
    /// - `after`: `"close_before_headers"`, `"close_in_body"`, `"hang"`, `"truncated_body"`,
    ///   `"empty_body"`, `{"status": 502}` or `{"delay_ms": 500}`.
    package init(_ json: JSON) throws(ReadingError) {
        var operation: Operation?
        if let name = json["operation"], name != .null {
            guard let known = name.string.flatMap(Operation.init) else { throw .operation }
            operation = known
        }
        let times: Int? =
            switch json["times"] {
            case nil: 1
            case .null?: nil
            case let value?: Int(value.integer ?? -1)
            }
        let skip = json["skip"].map { $0.integer ?? -1 } ?? 0
        let every = json["every"].map { $0.integer ?? -1 } ?? 1
        guard (times ?? 1) > 0, skip >= 0, every > 0 else { throw .count }
        self.init(
            operation: operation, target: json["target"]?.string, effect: try Self.effect(json),
            times: times, skip: Int(skip), every: Int(every))
    }

    /// The same form, for showing.
    package var json: JSON {
        let effect: JSON.Member
        switch self.effect {
        case .before(let prevention):
            effect = JSON.Member(name: "before", value: prevention.json)
        case .after(let loss): effect = JSON.Member(name: "after", value: loss.json)
        }
        return .object([
            JSON.Member(name: "operation", value: operation.map { .string($0.rawValue) } ?? .null),
            JSON.Member(name: "target", value: target.map { .string($0) } ?? .null), effect,
            JSON.Member(name: "times", value: times.map { .int(Int64($0)) } ?? .null),
            JSON.Member(name: "skip", value: .int(Int64(skip))),
            JSON.Member(name: "every", value: .int(Int64(every))),
        ])
    }

    private static func effect(_ json: JSON) throws(ReadingError) -> Effect {
        switch (json["before"], json["after"]) {
        case (let value?, nil):
            guard let prevention = Prevention(value) else { throw .effect }
            return .before(prevention)
        case (nil, let value?):
            guard let loss = Loss(value) else { throw .effect }
            return .after(loss)
        default: throw .effect
        }
    }
}

extension Fault.Prevention {
    fileprivate init?(_ json: JSON) {
        switch json {
        case "close": self = .close
        case "hang": self = .hang
        default:
            if let status = json["status"]?.integer {
                let seconds = json["retry_after_seconds"]?.integer.map { Int($0) }
                self = .status(Int(status), retryAfterSeconds: seconds)
            } else if let ms = json["delay_ms"]?.integer {
                self = .delay(ms: ms)
            } else {
                return nil
            }
        }
    }

    fileprivate var json: JSON {
        switch self {
        case .status(let status, let seconds):
            [
                "status": .int(Int64(status)),
                "retry_after_seconds": seconds.map { .int(Int64($0)) } ?? .null,
            ]
        case .close: "close"
        case .hang: "hang"
        case .delay(let ms): ["delay_ms": .int(ms)]
        }
    }
}

extension Fault.Loss {
    fileprivate init?(_ json: JSON) {
        switch json {
        case "close_before_headers": self = .closeBeforeHeaders
        case "close_in_body": self = .closeInBody
        case "hang": self = .hang
        case "truncated_body": self = .truncatedBody
        case "empty_body": self = .emptyBody
        default:
            if let status = json["status"]?.integer {
                self = .status(Int(status))
            } else if let ms = json["delay_ms"]?.integer {
                self = .delay(ms: ms)
            } else {
                return nil
            }
        }
    }

    fileprivate var json: JSON {
        switch self {
        case .status(let status): ["status": .int(Int64(status))]
        case .closeBeforeHeaders: "close_before_headers"
        case .closeInBody: "close_in_body"
        case .hang: "hang"
        case .truncatedBody: "truncated_body"
        case .emptyBody: "empty_body"
        case .delay(let ms): ["delay_ms": .int(ms)]
        }
    }
}
