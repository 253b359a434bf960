import HTTP
import Rotations
import YAML

/// Reads a connection of the configuration.
enum ConnectionReader {
    private static let keys = ["kind", "api", "login", "ca-file", "admins"]

    /// The connection under a key of `connections`; nil, and what is wrong is added, where it is
    /// wrong.
    static func read(
        _ key: Scalar, _ node: Node, _ problems: inout [Problem]
    ) -> Connection? {
        var unknown: [Problem] = []
        let connection = problems.attempt { () throws(Problem) in
            guard Names.isName(key.text) else {
                throw Problem(
                    key.mark, "`\(key.text)` is no name for a connection", hint: Names.hint)
            }
            return try read(
                key.text,
                try Fields(node, "a connection", keys: keys, problems: &unknown))
        }
        problems += unknown
        return unknown.isEmpty ? connection : nil
    }

    private static func read(_ name: String, _ fields: Fields) throws(Problem) -> Connection {
        _ = try fields.word("kind", as: Kind.self)
        let caFile = try fields.text("ca-file")
        if let caFile, !caFile.hasPrefix("/") {
            throw Problem(
                try fields.required("ca-file").mark,
                "`ca-file` must be an absolute path, and this is `\(caFile)`")
        }
        var admins: [String] = []
        for item in try fields.list("admins") {
            let name = try Fields.text(item, "an admin")
            guard Names.isName(name) else {
                throw Problem(item.mark, "`\(name)` is no name for an admin", hint: Names.hint)
            }
            guard !admins.contains(name) else {
                throw Problem(item.mark, "the admin `\(name)` is named twice")
            }
            admins.append(name)
        }
        guard !admins.isEmpty else {
            throw Problem(
                fields.mark, "a connection needs the key `admins`",
                hint: "name at least one, such as admins: [ops-a, ops-b]; two can rotate each other"
            )
        }
        return Connection(
            name: name,
            api: try endpoint("api", in: fields) ?? "https://api.pinecone.io",
            login: try endpoint("login", in: fields)
                ?? "https://login.pinecone.io/oauth/token", caFile: caFile, admins: admins)
    }

    private enum Kind: String, CaseIterable { case pinecone }

    private static func endpoint(_ key: String, in fields: Fields) throws(Problem) -> String? {
        guard let text = try fields.text(key) else { return nil }
        do throws(EndpointError) {
            _ = try Endpoint(text)
            return text
        } catch {
            throw Problem(try fields.required(key).mark, "`\(key)`: \(error)")
        }
    }
}

/// The names that people give to things.
enum Names {
    static let hint =
        "a name begins with a small letter and goes on with small letters, digits, `.`, `_`, `-`"

    /// `[a-z][a-z0-9._-]{0,62}`
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, (1...63).contains(text.utf8.count) else { return false }
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        return letters.contains(first)
            && text.utf8.allSatisfy {
                letters.contains($0) || digits.contains($0) || "._-".utf8.contains($0)
            }
    }

    /// The form of a UUID, which all ids of Pinecone have.
    static func isUUID(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.map(\.utf8.count) == [8, 4, 4, 4, 12]
            && text.allSatisfy { $0 == "-" || $0.isASCII && $0.isHexDigit }
    }
}
