/// Where a request goes: `https://host[:port]/path`, or `http://` to this machine. Checked once.
///
///     let api = try Endpoint("https://api.pinecone.io")
///     let key = api.appending("admin", "api-keys", id).asking("limit", "100")
package struct Endpoint: Hashable, Sendable {
    /// How the connection is made.
    package enum Scheme: String, Hashable, Sendable {
        /// Over TLS.
        case https
        /// In the clear, which never leaves this machine.
        case http
    }

    /// How the connection is made.
    package let scheme: Scheme
    /// The host's name or address in lower case; an IPv6 address in its brackets.
    package let host: String
    /// The port, if one is named.
    package let port: UInt16?
    /// The path, percent-encoded: empty, or it begins with a slash.
    package private(set) var path: String
    private var query = ""

    init(scheme: Scheme, host: String, port: UInt16?, path: String) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
    }

    /// The same, with one segment of path after another. Whatever a segment holds, it stays one.
    package func appending(_ segments: String...) -> Endpoint {
        var longer = self
        for segment in segments {
            longer.path += "/"
            longer.path +=
                segment == "." || segment == ".."
                ? String(repeating: "%2E", count: segment.utf8.count) : Self.encoded(segment)
        }
        return longer
    }

    /// The same, with one more item in its query.
    package func asking(_ name: String, _ value: String) -> Endpoint {
        var longer = self
        longer.query += query.isEmpty ? "?" : "&"
        longer.query += Self.encoded(name) + "=" + Self.encoded(value)
        return longer
    }

    /// The scheme, host and port: what may be said in a message.
    package var origin: String {
        let port = port.map { ":\($0)" } ?? ""
        return "\(scheme.rawValue)://\(host)\(port)"
    }

    /// The whole URL, query included. Not for messages.
    package var url: String {
        origin + (path.isEmpty ? "/" : path) + query
    }

    /// Whether the host is this machine: 127.0.0.0/8, `[::1]` or `localhost`.
    package var isLoopback: Bool { Loopback.contains(host) }

    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            if byte.isUnreserved {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.utf8.count == 1 ? "%0" + digits : "%" + digits
            }
        }
        return encoded
    }
}

extension Endpoint: CustomStringConvertible {
    /// The origin alone, for a query or a path may say too much.
    package var description: String { origin }
}

/// Which hosts are this machine.
enum Loopback {
    static func contains(_ host: String) -> Bool {
        host == "localhost" || host == "[::1]" || isLoopbackIPv4(host)
    }

    /// Four plain decimal numbers, the first of them 127. Nothing that only begins like that.
    private static func isLoopbackIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "127" else { return false }
        return parts.allSatisfy { part in
            guard part.utf8.count <= 3, part.utf8.allSatisfy(\.isDigit) else { return false }
            return UInt8(part) != nil && (part == "0" || !part.hasPrefix("0"))
        }
    }
}

extension UInt8 {
    var isDigit: Bool { (48...57).contains(self) }
    var isLetter: Bool { (65...90).contains(self) || (97...122).contains(self) }
    var isHexDigit: Bool { isDigit || (65...70).contains(self) || (97...102).contains(self) }

    /// RFC 3986, 2.3: what never needs encoding.
    var isUnreserved: Bool {
        isLetter || isDigit || [0x2D, 0x2E, 0x5F, 0x7E].contains(self)
    }
}
