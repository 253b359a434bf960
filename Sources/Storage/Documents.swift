import FoundationEssentials
import OpenSSL
import Rotations

/// Values as they stand in columns: JSON with sorted keys.
enum Documents {
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<T: Decodable>(_ type: T.Type, _ text: String) throws -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw StorageError.damaged("a row does not hold what its column promises")
        }
    }

    /// SHA-256 of a document: what the trail says of a policy.
    static func digest(_ document: String) -> [UInt8] { SHA256.hash(Array(document.utf8)) }
}
