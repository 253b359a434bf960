import OpenSSL
import Secrets

/// A header that is no secret.
package struct Header: Hashable, Sendable {
    let name: String
    let value: String

    /// A header of that name and value. They are checked when a request is made of them.
    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// The header that opens a door, kept on the secure heap.
package struct Authorization: ~Copyable, Sendable {
    let prefix: String
    let credential: SecretBytes

    private init(
        prefix: String, copying credential: borrowing SecretBytes
    ) throws(RequestError) {
        let bytes = credential.bytes
        guard !bytes.isEmpty else { throw .credentialInvalid }
        for index in bytes.indices where !(0x21...0x7E).contains(bytes[index]) {
            throw .credentialInvalid
        }
        let copy: SecretBytes
        do {
            copy = try credential.copy()
        } catch {
            throw .noSecureMemory
        }
        self.prefix = prefix
        self.credential = copy
    }

    /// `Authorization: Bearer …`.
    package static func bearer(
        _ token: borrowing SecretBytes
    ) throws(RequestError) -> Authorization {
        try Authorization(prefix: "Authorization: Bearer ", copying: token)
    }

    /// `Api-Key: …`, or another header that is nothing but the key.
    package static func key(
        _ key: borrowing SecretBytes, header name: String = "Api-Key"
    ) throws(RequestError) -> Authorization {
        guard HeaderLines.isName(name) else { throw .headerInvalid(name: name) }
        return try Authorization(prefix: name + ": ", copying: key)
    }
}

/// Header lines as the Curl room takes them: `Name: value`, each ended by a NUL, in one secret.
enum HeaderLines {
    static func written(
        _ headers: [Header], _ authorization: borrowing Authorization?
    ) throws(RequestError) -> SecretBytes {
        for header in headers where !isName(header.name) || !isValue(header.value) {
            throw .headerInvalid(name: header.name)
        }
        let plain = headers.map { "\($0.name): \($0.value)\0" }.joined()
        let capacity = plain.utf8.count + length(authorization)
        var lines = try withSecureMemory { () throws(OpenSSLError) in
            try SecretBytes(capacity: capacity)
        }
        switch authorization {
        case .some(let authorization):
            lines.append(plain: authorization.prefix)
            lines.append(authorization.credential.bytes)
            lines.append(0)
        case nil: break
        }
        lines.append(plain: plain)
        return lines
    }

    private static func length(_ authorization: borrowing Authorization?) -> Int {
        switch authorization {
        case .some(let it): it.prefix.utf8.count + it.credential.count + 1
        case nil: 0
        }
    }

    /// RFC 9110, 5.6.2: a token.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy {
                $0.isLetter || $0.isDigit || "!#$%&'*+-.^_`|~".utf8.contains($0)
            }
    }

    /// Printable ASCII that is not blank; libcurl would take an empty value for "leave it out".
    private static func isValue(_ value: String) -> Bool {
        value.utf8.contains { $0 != 32 } && value.utf8.allSatisfy { (32...126).contains($0) }
    }
}
