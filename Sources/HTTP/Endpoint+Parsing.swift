/// Why a text is no address that we would send credentials to. The text itself is not repeated.
package enum EndpointError: Error, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// It begins with neither `https://` nor `http://`.
    case schemeUnknown
    /// It is `http://` to another machine.
    case notEncrypted
    /// It holds a user name or a password.
    case namesUser
    /// The host is missing, or has a character that hosts do not have.
    case hostInvalid
    /// The port is not a number from 1 to 65535.
    case portInvalid
    /// The path holds a character that must be percent-encoded, or a `.` or `..` segment.
    case pathInvalid
    /// It has a query or a fragment.
    case hasQuery
    /// It is longer than 2,048 bytes.
    case tooLong

    /// One sentence, for a message.
    package var description: String {
        switch self {
        case .schemeUnknown: "the address must begin with https://"
        case .notEncrypted:
            "http:// is accepted to 127.0.0.0/8, [::1] and localhost only; use https://"
        case .namesUser: "the address must not hold a user name or a password"
        case .hostInvalid: "the address has no valid host"
        case .portInvalid: "the port must be a number from 1 to 65535"
        case .pathInvalid: "the path has a character or a segment that is not allowed"
        case .hasQuery: "the address must not have a query or a fragment"
        case .tooLong: "the address is longer than 2048 bytes"
        }
    }
}

extension Endpoint {
    /// Reads an address. A slash at its end is dropped, so that paths can be appended.
    package init(_ text: String) throws(EndpointError) {
        guard text.utf8.count <= 2048 else { throw .tooLong }
        let (scheme, rest) = try Self.split(text)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let (authority, tail) = (rest[..<end], rest[end...])
        guard !authority.contains("@") else { throw .namesUser }
        guard !tail.contains(where: { $0 == "?" || $0 == "#" }) else { throw .hasQuery }
        let (host, port) = try Self.splitPort(authority)
        guard scheme == .https || Loopback.contains(host) else { throw .notEncrypted }
        self.init(scheme: scheme, host: host, port: port, path: try Self.checkedPath(tail))
    }

    private static func split(_ text: String) throws(EndpointError) -> (Scheme, Substring) {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://"),
            let scheme = Scheme(rawValue: text[..<colon].lowercased())
        else { throw .schemeUnknown }
        return (scheme, text[colon...].dropFirst(3))
    }

    private static func splitPort(
        _ authority: Substring
    ) throws(EndpointError) -> (String, UInt16?) {
        let isBracketed = authority.hasPrefix("[")
        let bracket = authority.firstIndex(of: "]")
        if isBracketed, bracket == nil { throw .hostInvalid }
        let after = isBracketed ? authority[(bracket ?? authority.startIndex)...] : authority
        let colon = after.firstIndex(of: ":") ?? authority.endIndex
        let host = authority[..<colon]
        guard isBracketed ? isIPv6(host) : isName(host) else { throw .hostInvalid }
        guard colon < authority.endIndex else { return (host.lowercased(), nil) }
        let digits = authority[colon...].dropFirst()
        guard digits.utf8.allSatisfy(\.isDigit), let port = UInt16(digits), port > 0
        else { throw .portInvalid }
        return (host.lowercased(), port)
    }

    /// Labels of letters, digits and hyphens. Names in other scripts are written in Punycode.
    private static func isName(_ host: Substring) -> Bool {
        guard host.utf8.count <= 253 else { return false }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == 0x2D }
        }
    }

    /// Its shape only: whether it is an address, libcurl decides.
    private static func isIPv6(_ host: Substring) -> Bool {
        guard host.hasPrefix("["), host.hasSuffix("]") else { return false }
        let inside = host.dropFirst().dropLast().utf8
        return (2...45).contains(inside.count)
            && inside.allSatisfy { $0.isHexDigit || $0 == 0x3A || $0 == 0x2E }
    }

    private static func checkedPath(_ path: Substring) throws(EndpointError) -> String {
        var trimmed = path
        while trimmed.hasSuffix("/") { trimmed.removeLast() }
        let segments = trimmed.split(separator: "/", omittingEmptySubsequences: false)
        guard !segments.contains("."), !segments.contains("..") else { throw .pathInvalid }
        var escaped = 0
        for byte in trimmed.utf8 {
            if escaped > 0 {
                guard byte.isHexDigit else { throw .pathInvalid }
                escaped -= 1
            } else if byte == 0x25 {
                escaped = 2
            } else {
                guard byte.isUnreserved || "/:@!$&'()*+,;=".utf8.contains(byte)
                else { throw .pathInvalid }
            }
        }
        guard escaped == 0 else { throw .pathInvalid }
        return String(trimmed)
    }
}
