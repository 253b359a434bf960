/// A value that is bound to a statement.
package enum Value: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    /// NULL for nil.
    package init(_ value: Int64?) { self = value.map(Value.integer) ?? .null }
    /// NULL for nil.
    package init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }
    /// NULL for nil.
    package init(_ value: String?) { self = value.map(Value.text) ?? .null }
    /// NULL for nil.
    package init(_ value: [UInt8]?) { self = value.map(Value.blob) ?? .null }
    /// 1 or 0.
    package init(_ value: Bool) { self = .integer(value ? 1 : 0) }
}

extension Value: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByNilLiteral {
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(stringLiteral value: String) { self = .text(value) }
    package init(nilLiteral: ()) { self = .null }
}
