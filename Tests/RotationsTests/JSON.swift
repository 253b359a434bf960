import FoundationEssentials

/// A value's JSON with sorted keys.
func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// The value that JSON holds.
func value<Value: Decodable>(_ type: Value.Type = Value.self, json: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(json.utf8))
}
