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
    package init(from decoder: any Decoder) throws {
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
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {  // tried in turn: only one fits
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .int(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            self = .string(try container.decode(String.self))
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
