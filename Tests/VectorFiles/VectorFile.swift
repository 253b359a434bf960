import FoundationEssentials

/// The published test vectors under `Tests/Vectors`, each folder with its origin in SOURCE.md.
///
/// They are read where they lie, next to this file, so a test runs on the machine that built it.
package enum VectorFile {
    /// What a file holds, for example `rekor-v2/real_log_entries.json`.
    package static func bytes(_ name: String) throws -> [UInt8] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return Array(try Data(contentsOf: tests.appending(path: "Vectors/\(name)")))
    }

    /// What a file of UTF-8 holds.
    package static func text(_ name: String) throws -> String {
        guard let text = String(validating: try bytes(name), as: UTF8.self) else {
            throw VectorError(text: "\(name) is not UTF-8")
        }
        return text
    }

    /// What a JSON file holds.
    package static func json<Value: Decodable>(
        _ name: String, as type: Value.Type = Value.self
    ) throws -> Value {
        try JSONDecoder().decode(type, from: Data(try bytes(name)))
    }

    /// The records of a file in the form that NIST's `.rsp` files have: lines `KEY = VALUE`, and
    /// lines that are a word alone, which becomes a key without a value. A record ends at an empty
    /// line; sections and comments are left out.
    package static func records(_ name: String) throws -> [VectorRecord] {
        var records: [VectorRecord] = []
        var record: [String: String] = [:]
        for line in try text(name).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        {
            if line.isEmpty {
                if !record.isEmpty { records.append(VectorRecord(fields: record)) }
                record = [:]
            } else if !line.hasPrefix("#"), !line.hasPrefix("[") {
                let parts = line.split(separator: "=", maxSplits: 1)
                    .map { $0.split(separator: " ").joined(separator: " ") }
                record[parts[0]] = parts.count > 1 ? parts[1] : ""
            }
        }
        if !record.isEmpty { records.append(VectorRecord(fields: record)) }
        return records
    }
}

/// A record of a `.rsp` file.
package struct VectorRecord: Sendable {
    let fields: [String: String]

    /// Whether the word stands in the record.
    package func has(_ key: String) -> Bool { fields[key] != nil }

    /// The text of a field.
    package func text(_ key: String) throws -> String {
        guard let text = fields[key] else { throw VectorError(text: "no \(key) in \(fields)") }
        return text
    }

    /// The number that a field writes in decimal digits.
    package func number(_ key: String) throws -> Int {
        guard let number = Int(try text(key)) else {
            throw VectorError(text: "\(key) is no number in \(fields)")
        }
        return number
    }

    /// The bytes that a field writes in hexadecimal digits.
    package func bytes(_ key: String) throws -> [UInt8] { try Hex(try text(key)).bytes }
}

/// Bytes that a vector writes in hexadecimal digits.
package struct Hex: Decodable, Hashable, Sendable {
    package let bytes: [UInt8]

    /// Reads digits in pairs.
    package init(_ text: String) throws {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == text.count, digits.count.isMultiple(of: 2) else {
            throw VectorError(text: "not hexadecimal: \(text)")
        }
        bytes = stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }

    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }
}

/// Bytes that a vector writes in base64.
package struct Base64: Decodable, Hashable, Sendable {
    package let bytes: [UInt8]

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let data = Data(base64Encoded: text) else {
            throw VectorError(text: "not base64: \(text)")
        }
        bytes = Array(data)
    }
}

/// A vector file that is not what it should be.
package struct VectorError: Error {
    package let text: String
}

/// A file of Project Wycheproof: groups of tests.
package struct Wycheproof<Group: Decodable>: Decodable {
    package let numberOfTests: Int
    package let testGroups: [Group]
}

/// What Wycheproof says must come of a test.
package enum WycheproofResult: String, Decodable, Sendable {
    case valid
    case invalid
}

/// A copy of the bytes that a span lends.
package func array(_ span: Span<UInt8>) -> [UInt8] { span.indices.map { span[$0] } }
