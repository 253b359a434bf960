import FoundationEssentials

extension JSON: Decodable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) {
            self.stringValue = stringValue
        }

        init?(intValue: Int) {
            nil
        }
    }

    /// Reads any JSON value; object members come in order of their names.
    ///
    /// Strings are tried first: they are the most, and a kind that does not fit is an error thrown.
    package init(from decoder: any Decoder) throws {
        let scalar = try decoder.singleValueContainer()
        if let value = try? scalar.decode(String.self) {  // not a string: go on
            self = .string(value)
            return
        }
        if let container = try? decoder.container(keyedBy: Name.self) {  // not an object: go on
            self = .object(
                try container.allKeys.sorted { $0.stringValue < $1.stringValue }.map {
                    Member(
                        name: $0.stringValue, value: try container.decode(JSON.self, forKey: $0))
                })
            return
        }
        if var container = try? decoder.unkeyedContainer() {  // not an array: a scalar
            var values: [JSON] = []
            while !container.isAtEnd { values.append(try container.decode(JSON.self)) }
            self = .array(values)
            return
        }
        if scalar.decodeNil() {
            self = .null
        } else if let value = try? scalar.decode(Bool.self) {  // tried in turn: only one fits
            self = .bool(value)
        } else if let value = try? scalar.decode(Int64.self) {
            self = .int(value)
        } else {
            self = .number(try scalar.decode(Double.self))
        }
    }

    /// Reads a text; throws if it is not one JSON value.
    package init(reading bytes: [UInt8]) throws {
        self = try JSONDecoder().decode(JSON.self, from: Data(bytes))
    }

    /// The text of a string value.
    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The value of an integer.
    package var integer: Int64? {
        if case .int(let value) = self { value } else { nil }
    }

    /// The values of an array.
    package var elements: [JSON]? {
        if case .array(let values) = self { values } else { nil }
    }
}
